"""Attachments and raw mails, stored once by their content.

The layout is GridFS (any GridFS tool reads it), the `_id` of a file is the sha256 of its content in hex. Since chunk n
of a hash is the same bytes whoever writes it, chunks are simply written, what is there already is left, and the file
document, inserted last, makes the content readable. So races and crashes need no locks and no cleaning: they leave
right chunks that nobody sees, and the next put completes them.
"""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

from pymongo.errors import BulkWriteError, DuplicateKeyError

from .client import Mongo
from .driver import Binary, Document
from .failures import duplicates, translate
from .indexes import Index, ensure_indexes

CHUNK_BYTES = 255 * 1024
"""GridFS's own. Never to be changed: chunks of one hash must be the same bytes whoever writes them."""

_CHUNKS_AT_ONCE = 16
_IN_MEMORY_BYTES = 1024 * 1024
_BUCKET = "blobs"
_INDEXES = (Index("blobs.chunks", ("files_id", "n"), unique=True),)


class BlobMissing(Exception):
    """No content of this hash is stored (or not completely yet)."""


class BlobTooLarge(Exception):
    """The content is larger than the caller allows. Nothing of it was stored."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The content is larger than {limit_bytes} bytes.")
        self.limit_bytes = limit_bytes


class BlobCorrupt(Exception):
    """What is stored under this hash is not what the hash says: restore it from a backup."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A reference to content. `media_type` is what this sender called it; another reference may call it otherwise."""

    sha256: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class BlobStat:
    sha256: str
    size_bytes: int
    stored_at: datetime


class BlobStore:
    """Content-addressed store in the database `<prefix>_blobs`."""

    def __init__(self, mongo: Mongo) -> None:
        self._database = mongo.database("blobs")
        self._files = self._database[f"{_BUCKET}.files"]
        self._chunks = self._database[f"{_BUCKET}.chunks"]
        self._ready = False

    async def put(
        self,
        content: bytes | AsyncIterator[bytes],
        media_type: str,
        *,
        limit_bytes: int = 50 * 1024 * 1024,
    ) -> Blob:
        """Store `content`, once, however often and from wherever it is put. Durable when this returns.

        A stream is kept in a temporary file (in memory up to 1 MiB) until its hash is known.
        Raises `BlobTooLarge`, `Transient`.
        """
        await self._prepare()
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as spool:
            sha256, size_bytes = await _spool(content, spool, limit_bytes)
            blob = Blob(sha256, media_type, size_bytes)
            with translate():
                if await self._files.find_one({"_id": sha256}, {"_id": 1}) is None:
                    await self._write_chunks(sha256, size_bytes, spool)
                    await self._publish(blob)
        return blob

    async def get(self, sha256: str) -> bytes:
        """The whole content, checked against its hash. Raises `BlobMissing`, `BlobCorrupt`."""
        return b"".join([chunk async for chunk in self.open(sha256)])

    async def open(self, sha256: str) -> AsyncIterator[bytes]:
        """The content in chunks of 255 KiB. Raises `BlobMissing` at the first, `BlobCorrupt` after the last."""
        size_bytes = (await self.stat(sha256)).size_bytes
        digest = hashlib.sha256()
        with translate():
            chunks = self._chunks.find({"files_id": sha256}, {"data": 1}).sort("n", 1).batch_size(_CHUNKS_AT_ONCE)
            async for chunk in chunks:
                data = bytes(chunk["data"])
                digest.update(data)
                size_bytes -= len(data)
                yield data
        if size_bytes or digest.hexdigest() != sha256:
            raise BlobCorrupt(f"The content stored under {sha256} is another: restore it from a backup.")

    async def stat(self, sha256: str) -> BlobStat:
        with translate():
            found = await self._files.find_one({"_id": sha256})
        if found is None:
            raise BlobMissing(f"No content is stored under {sha256}.")
        return BlobStat(sha256, found["length"], found["uploadDate"])

    async def delete(self, sha256: str) -> bool:
        """Forget this content, for good; whether there was any. Whoever refers to it finds `BlobMissing`.

        The file goes first: from then on a put of the same content writes all of it again.
        """
        with translate():
            gone = await self._files.delete_one({"_id": sha256})
            await self._chunks.delete_many({"files_id": sha256})
        return bool(gone.deleted_count)

    async def _prepare(self) -> None:
        if not self._ready:
            await ensure_indexes(self._database, _INDEXES)
            self._ready = True

    async def _write_chunks(self, sha256: str, size_bytes: int, spool: IO[bytes]) -> None:
        spool.seek(0)
        count = -(-size_bytes // CHUNK_BYTES)
        for first in range(0, count, _CHUNKS_AT_ONCE):
            documents: list[Document] = [
                {"files_id": sha256, "n": n, "data": Binary(spool.read(CHUNK_BYTES))}
                for n in range(first, min(first + _CHUNKS_AT_ONCE, count))
            ]
            try:
                await self._chunks.insert_many(documents, ordered=False)
            except BulkWriteError as error:
                duplicates(error)  # the same bytes are there already; anything else is raised here

    async def _publish(self, blob: Blob) -> None:
        file: Document = {
            "_id": blob.sha256,
            "length": blob.size_bytes,
            "chunkSize": CHUNK_BYTES,
            "uploadDate": datetime.now(UTC),
            "filename": blob.sha256,
        }
        try:
            await self._files.insert_one(file)
        except DuplicateKeyError:
            return  # somebody else put the same content meanwhile


async def _spool(content: bytes | AsyncIterator[bytes], spool: IO[bytes], limit_bytes: int) -> tuple[str, int]:
    """Write the content to the spool; its hash and size."""
    digest = hashlib.sha256()
    size_bytes = 0
    if isinstance(content, bytes):
        content = _single(content)
    async for part in content:
        size_bytes += len(part)
        if size_bytes > limit_bytes:
            raise BlobTooLarge(limit_bytes)
        digest.update(part)
        await asyncio.to_thread(spool.write, part)
    return digest.hexdigest(), size_bytes


async def _single(content: bytes) -> AsyncIterator[bytes]:
    yield content
