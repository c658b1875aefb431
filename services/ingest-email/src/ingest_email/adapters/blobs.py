"""The port `Blobs`: on the blob store, in a folder, or nowhere."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

from omnifil_mongostore import BlobCorrupt, BlobMissing, BlobStore

from ingest_email.ports import ContentMissing, Stored

_LIMIT_BYTES = 1024 * 1024 * 1024  # of what an IMAP server holds; a limit on what is read is another


class StoredBlobs:
    """In MongoDB, where the other services read them."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store

    async def put(self, content: bytes | AsyncIterator[bytes], media_type: str) -> Stored:
        blob = await self._store.put(content, media_type, limit_bytes=_LIMIT_BYTES)
        return Stored(blob.sha256, blob.size_bytes)

    async def get(self, sha256: str) -> bytes:
        try:
            return await self._store.get(sha256)
        except (BlobMissing, BlobCorrupt) as error:
            raise ContentMissing(str(error)) from error


class HashedOnly:
    """Keeps nothing; the record shows what would be stored."""

    async def put(self, content: bytes | AsyncIterator[bytes], media_type: str) -> Stored:
        whole = await _whole(content)
        return Stored(hashlib.sha256(whole).hexdigest(), len(whole))

    async def get(self, sha256: str) -> bytes:
        raise ContentMissing(f"No content is stored under {sha256}.")


class FolderBlobs:
    """Files named by their hash, for a look at what a mail holds."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, content: bytes | AsyncIterator[bytes], media_type: str) -> Stored:
        whole = await _whole(content)
        sha256 = hashlib.sha256(whole).hexdigest()
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / sha256).write_bytes(whole)
        return Stored(sha256, len(whole))

    async def get(self, sha256: str) -> bytes:
        try:
            return (self._folder / sha256).read_bytes()
        except FileNotFoundError as error:
            raise ContentMissing(f"No content is stored under {sha256}.") from error


async def _whole(content: bytes | AsyncIterator[bytes]) -> bytes:
    return content if isinstance(content, bytes) else b"".join([piece async for piece in content])
