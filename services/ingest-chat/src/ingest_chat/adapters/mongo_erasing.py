"""Transcripts of a person who is erased."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from omnifil_contracts import ids
from omnifil_contracts.erasure import ERASED
from omnifil_mongostore import DESCENDING, Document, Mongo, translate
from omnifil_mongostore.erasures import Order

from ingest_chat.adapters.mongo_transcript import ENTRIES, chat_database
from ingest_chat.domain.visitor import CHANNEL


class ErasedTranscripts:
    """All entries of a transcript go but the last, which is emptied: a browser that is still open counts on from it."""

    def __init__(self, mongo: Mongo, accounts: Iterable[str]) -> None:
        self._entries = chat_database(mongo)[ENTRIES]
        self._accounts = tuple(accounts)

    async def erase(self, order: Order) -> Mapping[str, int]:
        """By the conversations that the dossiers know, and those of the visitor's handles: what never became a message
        is in none. Raises `Transient`."""
        person = order.person
        theirs = {
            ids.conversation_id(CHANNEL, account, visitor)
            for account in self._accounts
            for visitor in person.values("visitor")
        }
        gone = 0
        for conversation_id in sorted({*person.conversations, *theirs}):
            gone += await self._empty(conversation_id)
        return {"chat_entries": order.counts.get("chat_entries", 0) + gone}

    async def _empty(self, conversation_id: str) -> int:
        mine = {"conversation_id": conversation_id}
        with translate():
            last = await self._entries.find_one(mine, {"seq": 1}, sort=[("seq", DESCENDING)])
            if last is None:
                return 0
            now = datetime.now(UTC)
            nothing: Document = {"name": None, "text": "", "attachments": [], "key": ERASED, "owes": [], "erased": True}
            await self._entries.update_one(
                {"_id": last["_id"]},
                {"$set": {**nothing, "read_at": now}, "$unset": {"inbound": "", "client_message_id": ""}},
            )
            before = await self._entries.delete_many({**mine, "seq": {"$lt": last["seq"]}})
        return int(before.deleted_count)
