"""Attachments in the blob store."""

import re
from collections.abc import AsyncIterator

from omnifil_contracts.message import Attachment
from omnifil_mongostore.blobs import BlobMissing, BlobStore, BlobTooLarge

from agent_gateway.ports import FileMissing, FileTooLarge

_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\]")


class BlobFiles:
    def __init__(self, blobs: BlobStore, limit_bytes: int) -> None:
        self._blobs = blobs
        self._limit_bytes = limit_bytes

    async def put(self, content: AsyncIterator[bytes], filename: str, media_type: str) -> Attachment:
        try:
            blob = await self._blobs.put(content, media_type, limit_bytes=self._limit_bytes)
        except BlobTooLarge as error:
            raise FileTooLarge(error.limit_bytes) from error
        name = _UNSAFE.sub("_", filename).strip(". ")[:255] or "file"
        return Attachment(sha256=blob.sha256, filename=name, media_type=media_type[:127], size_bytes=blob.size_bytes)

    async def open(self, sha256: str) -> tuple[int, AsyncIterator[bytes]]:
        try:
            size_bytes = (await self._blobs.stat(sha256)).size_bytes
        except BlobMissing as error:
            raise FileMissing(sha256) from error
        return size_bytes, self._blobs.open(sha256)
