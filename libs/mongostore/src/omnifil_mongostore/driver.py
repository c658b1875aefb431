"""The driver's types under our own names, so that adapters can annotate and nobody else imports motor.

Everything here has a counterpart in PyMongo's own async API: moving there changes this file, and what awaits
differently in the others.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from bson import Binary, ObjectId
from bson.codec_options import CodecOptions
from motor.motor_asyncio import (
    AsyncIOMotorClient,
    AsyncIOMotorClientSession,
    AsyncIOMotorCollection,
    AsyncIOMotorDatabase,
    AsyncIOMotorGridFSBucket,
)
from pymongo import ASCENDING, DESCENDING, DeleteMany, DeleteOne, InsertOne, ReplaceOne, ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure, PyMongoError

Document: TypeAlias = dict[str, Any]
Filter: TypeAlias = Mapping[str, Any]
ResumeToken: TypeAlias = dict[str, Any]
"""Opaque; `{"_data": "82…"}`, so it survives JSON."""

Client: TypeAlias = "AsyncIOMotorClient[Document]"
Database: TypeAlias = "AsyncIOMotorDatabase[Document]"
Collection: TypeAlias = "AsyncIOMotorCollection[Document]"
Session: TypeAlias = AsyncIOMotorClientSession

__all__ = [
    "ASCENDING",
    "DESCENDING",
    "AsyncIOMotorClient",
    "AsyncIOMotorGridFSBucket",
    "Binary",
    "BulkWriteError",
    "Client",
    "CodecOptions",
    "Collection",
    "Database",
    "DeleteMany",
    "DeleteOne",
    "Document",
    "DuplicateKeyError",
    "Filter",
    "InsertOne",
    "ObjectId",
    "OperationFailure",
    "PyMongoError",
    "ReplaceOne",
    "ResumeToken",
    "ReturnDocument",
    "Session",
    "UpdateOne",
]
