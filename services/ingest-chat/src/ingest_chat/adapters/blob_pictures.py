"""Pictures in the suite's blob store."""

from collections.abc import AsyncIterator

from omnifil_mongostore import BlobMissing, BlobStore

from ingest_chat.ports import PictureMissing


class BlobPictures:
    """Implements `ports.Pictures`."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    async def keep(self, content: bytes, media_type: str) -> str:
        return (await self._blobs.put(content, media_type)).sha256

    async def open(self, sha256: str) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._blobs.open(sha256):
                yield chunk
        except BlobMissing as error:
            raise PictureMissing(str(error)) from error
