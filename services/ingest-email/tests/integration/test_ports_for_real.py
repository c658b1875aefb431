"""The adapters do what the fakes do."""

from typing import Any

import pytest
from email_scenes.contracts import BlobsContract, LedgerContract, MailboxesContract, PositionsContract
from ingest_email.adapters.blobs import StoredBlobs
from ingest_email.adapters.imap_mailboxes import ImapMailboxes
from ingest_email.adapters.mongo_ledger import MongoLedger
from ingest_email.adapters.mongo_positions import MongoPositions
from ingest_email.settings import ImapServer
from omnifil_mongostore import BlobStore, Mongo

pytestmark = pytest.mark.integration


class TestMongoPositions(PositionsContract):
    @pytest.fixture
    def positions(self, mongo: Mongo) -> MongoPositions:
        return MongoPositions(mongo, {"support": "INBOX", "other": "INBOX"})


class TestStoredBlobs(BlobsContract):
    @pytest.fixture
    def blobs(self, mongo: Mongo) -> StoredBlobs:
        return StoredBlobs(BlobStore(mongo))


class TestMongoLedger(LedgerContract):
    @pytest.fixture
    async def ledger(self, mongo: Mongo) -> MongoLedger:
        ledger = MongoLedger(mongo)
        await ledger.prepare()
        return ledger


class _Owner:
    def __init__(self, mailbox: Any) -> None:
        self.mailbox = mailbox

    def put(self, raw: bytes, *, seen: bool = False) -> None:
        with self.mailbox.connect() as client:
            client.append("INBOX", raw, [b"\\Seen"] if seen else [])

    def seen(self) -> list[bool]:
        return [b"\\Seen" in flags for flags in self.mailbox.flags()]


class TestImapMailboxes(MailboxesContract):
    @pytest.fixture
    async def mailbox(self, new_mailbox: Any) -> Any:
        return await new_mailbox()

    @pytest.fixture
    async def mailboxes(self, mailbox: Any) -> ImapMailboxes:
        server = ImapServer.model_validate(mailbox.account()["imap"])
        return ImapMailboxes({"support": server}, timeout_s=20, renewal_s=60, poll_interval_s=1)

    @pytest.fixture
    def owner(self, mailbox: Any) -> _Owner:
        return _Owner(mailbox)
