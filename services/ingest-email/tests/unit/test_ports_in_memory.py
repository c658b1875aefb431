"""The fakes do what the real things do."""

from pathlib import Path

import pytest
from email_scenes.contracts import BlobsContract, LedgerContract, MailboxesContract, PositionsContract
from email_scenes.fakes import MemoryBlobs, MemoryFolder, MemoryLedger, MemoryMailboxes, MemoryPositions
from ingest_email.adapters.blobs import FolderBlobs
from ingest_email.ports import Blobs


class TestMemoryPositions(PositionsContract):
    @pytest.fixture
    def positions(self) -> MemoryPositions:
        return MemoryPositions()


class TestMemoryBlobs(BlobsContract):
    @pytest.fixture
    def blobs(self) -> Blobs:
        return MemoryBlobs()


class TestFolderBlobs(BlobsContract):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> Blobs:
        return FolderBlobs(tmp_path / "blobs")


class TestMemoryLedger(LedgerContract):
    @pytest.fixture
    def ledger(self) -> MemoryLedger:
        return MemoryLedger()


class _Owner:
    def __init__(self, folder: MemoryFolder) -> None:
        self.folder = folder

    def put(self, raw: bytes, *, seen: bool = False) -> None:
        self.folder.arrive(raw, seen=seen)

    def seen(self) -> list[bool]:
        return [uid in self.folder.seen for uid in sorted(self.folder.mails)]


class TestMemoryMailboxes(MailboxesContract):
    @pytest.fixture
    def mailboxes(self) -> MemoryMailboxes:
        return MemoryMailboxes(support=MemoryFolder())

    @pytest.fixture
    def owner(self, mailboxes: MemoryMailboxes) -> _Owner:
        return _Owner(mailboxes["support"])
