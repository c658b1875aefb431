"""MongoDB for Omnifil: the client, indexes, change streams and the blob store; the only importer of motor."""

from .blobs import Blob, BlobCorrupt, BlobMissing, BlobStat, BlobStore, BlobTooLarge
from .changes import Change, ChangeBatch, ChangeTail, ResumeTokenGone
from .client import Mongo, NotAReplicaSet, connect
from .driver import (
    ASCENDING,
    DESCENDING,
    BulkWriteError,
    Client,
    Collection,
    Database,
    DeleteMany,
    DeleteOne,
    Document,
    DuplicateKeyError,
    InsertOne,
    ReplaceOne,
    ResumeToken,
    ReturnDocument,
    Session,
    UpdateOne,
)
from .failures import Duplicate, duplicates, translate
from .indexes import Index, IndexMismatch, IndexMissing, check_indexes, ensure_indexes
from .leases import Lease
from .positions import Fenced, Positions, StoredPosition

__all__ = [
    "ASCENDING",
    "DESCENDING",
    "Blob",
    "BlobCorrupt",
    "BlobMissing",
    "BlobStat",
    "BlobStore",
    "BlobTooLarge",
    "BulkWriteError",
    "Change",
    "ChangeBatch",
    "ChangeTail",
    "Client",
    "Collection",
    "Database",
    "DeleteMany",
    "DeleteOne",
    "Document",
    "Duplicate",
    "DuplicateKeyError",
    "Fenced",
    "Index",
    "IndexMismatch",
    "IndexMissing",
    "InsertOne",
    "Lease",
    "Mongo",
    "NotAReplicaSet",
    "Positions",
    "ReplaceOne",
    "ResumeToken",
    "ResumeTokenGone",
    "ReturnDocument",
    "Session",
    "StoredPosition",
    "UpdateOne",
    "check_indexes",
    "connect",
    "duplicates",
    "ensure_indexes",
    "translate",
]
