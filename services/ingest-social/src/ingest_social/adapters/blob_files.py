"""Files in the blob store."""

from omnifil_contracts.message import Attachment
from omnifil_mongostore import BlobMissing, BlobStore

from ingest_social.ports import FileGone


class BlobFiles:
    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    async def put(self, content: bytes, media_type: str, filename: str) -> Attachment:
        blob = await self._blobs.put(content, media_type)
        return Attachment(
            sha256=blob.sha256, filename=filename, media_type=media_type, size_bytes=blob.size_bytes, inline=True
        )

    async def get(self, file: Attachment) -> bytes:
        try:
            return await self._blobs.get(file.sha256)
        except BlobMissing as error:
            raise FileGone(str(error)) from error
