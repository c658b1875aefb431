"""The transcript in MongoDB: database `<prefix>_chat`.

An entry's place is its `_id` (`<conversation>:<seq>`): inserting it is the compare-and-swap, so a conversation has no
gap however many replicas append, and an entry that was inserted is never taken out.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from omnifil_contracts.message import Attachment, InboundMessage
from omnifil_mongostore import (
    DESCENDING,
    Database,
    Document,
    DuplicateKeyError,
    Index,
    Mongo,
    UpdateOne,
    duplicates,
    ensure_indexes,
    translate,
)
from omnifil_servicekit.errors import Transient

from ingest_chat.domain.entry import ConversationKey, Debt, Draft, Entry, Standing

ENTRIES = "entries"
_IN_DEBT: Document = {"owes.0": {"$exists": True}}
_FEWEST_ANSWERS = 5
_MOST_ANSWERS = 50

INDEXES = (
    Index(ENTRIES, ("conversation_id", "seq"), unique=True, name="place"),
    Index(
        ENTRIES,
        ("conversation_id", "client_message_id"),
        unique=True,
        partial={"client_message_id": {"$exists": True}},
        name="client_message",
    ),
    Index(ENTRIES, ("outbound_id",), unique=True, partial={"outbound_id": {"$exists": True}}, name="outbound"),
    Index(ENTRIES, ("touched_at", "conversation_id"), partial=_IN_DEBT, name="in_debt_since"),
    Index(ENTRIES, ("conversation_id", "seq", "owes"), partial=_IN_DEBT, name="in_debt"),
    Index(ENTRIES, ("account", ("at", DESCENDING)), partial={"waited_s": {"$exists": True}}, name="answers"),
)


def chat_database(mongo: Mongo) -> Database:
    return mongo.database("chat")


class MongoTranscript:
    """Implements `ports.Transcript`. Call `prepare` once."""

    def __init__(self, mongo: Mongo) -> None:
        self._database = chat_database(mongo)
        self._entries = self._database[ENTRIES]
        self._conversations = self._database["conversations"]

    async def prepare(self) -> None:
        """Create the indexes that are missing."""
        await ensure_indexes(self._database, INDEXES)

    async def append(self, conversation: ConversationKey, draft: Draft) -> tuple[Entry, bool]:
        while True:
            last = await self._last(conversation.conversation_id)
            seq, at = (1, draft.at) if last is None else (last["seq"] + 1, max(draft.at, last["at"]))
            entry = Entry.of(conversation, seq, replace(draft, at=_milliseconds(at)))
            document = _document(conversation, entry, datetime.now(UTC))
            if entry.author == "agent":
                document |= await self._waited(entry)
            try:
                with translate():
                    await self._entries.insert_one(document)
            except DuplicateKeyError as error:
                if duplicates(error)[0].index_name in ("client_message", "outbound"):
                    return await self._same(entry), False
                continue  # somebody else took this place: take the next one
            return entry, True

    async def after(self, conversation_id: str, seq: int, limit: int) -> list[Entry]:
        return await self._found({"conversation_id": conversation_id, "seq": {"$gt": seq}}, 1, limit)

    async def newest(self, conversation_id: str, before_seq: int | None, limit: int) -> list[Entry]:
        selected: Document = {"conversation_id": conversation_id}
        if before_seq is not None:
            selected["seq"] = {"$lt": before_seq}
        return (await self._found(selected, -1, limit))[::-1]

    async def standing(self, conversation_id: str) -> Standing:
        last = await self._last(conversation_id)
        if last is None:
            return Standing()
        with translate():
            conversation = await self._conversations.find_one({"_id": conversation_id})
            unread = await self._entries.count_documents(
                {"conversation_id": conversation_id, "author": "agent", "read_at": None}, limit=100
            )
        return Standing(last["seq"], (conversation or {}).get("agent_read_seq", 0), unread)

    async def owing(self, conversation_id: str) -> list[Entry]:
        return await self._found({"conversation_id": conversation_id, **_IN_DEBT}, 1, 1000)

    async def conversations_owing(self, untouched_since: datetime, limit: int) -> list[str]:
        with translate():
            rows = self._entries.aggregate(
                [
                    {"$match": {"touched_at": {"$lt": untouched_since}, **_IN_DEBT}},
                    {"$group": {"_id": "$conversation_id"}},
                    {"$limit": limit},
                ]
            )
            return [row["_id"] async for row in rows]

    async def settle(self, entries: Sequence[tuple[Entry, frozenset[Debt]]]) -> None:
        changes = []
        for entry, debts in entries:
            change: Document = {"$pull": {"owes": {"$in": sorted(debts)}}}
            if Debt.INBOUND in debts:
                change["$unset"] = {"inbound": ""}
            changes.append(UpdateOne({"_id": _place(entry)}, change))
        if changes:
            with translate():
                await self._entries.bulk_write(changes, ordered=False)

    async def seen(self, conversation_id: str, up_to_seq: int, at: datetime, *, read: bool) -> int:
        changed = 0
        theirs: Document = {"conversation_id": conversation_id, "author": "agent", "seq": {"$lte": up_to_seq}}
        with translate():
            for field, debt in (("delivered_at", Debt.DELIVERED), ("read_at", Debt.READ))[: 2 if read else 1]:
                result = await self._entries.update_many(
                    {**theirs, field: None},
                    {"$set": {field: at, "touched_at": at}, "$push": {"owes": debt.value}},
                )
                changed += result.modified_count
        return changed

    async def read_by_agent(self, conversation_id: str, message_id: str | None) -> int | None:
        selected: Document = {"conversation_id": conversation_id, "author": "visitor"}
        if message_id is not None:
            selected["message_id"] = message_id
        with translate():
            entry = await self._entries.find_one(selected, {"seq": 1}, sort=[("seq", DESCENDING)])
            if entry is None:
                return None
            await self._conversations.update_one(
                {"_id": conversation_id}, {"$max": {"agent_read_seq": entry["seq"]}}, upsert=True
            )
        return int(entry["seq"])

    async def answer_time(self, account: str, since: datetime) -> timedelta | None:
        with translate():
            rows = self._entries.find(
                {"account": account, "at": {"$gte": since}, "waited_s": {"$exists": True}}, {"waited_s": 1}
            ).sort("at", DESCENDING)
            waits = [row["waited_s"] async for row in rows.limit(_MOST_ANSWERS)]
        return timedelta(seconds=median(waits)) if len(waits) >= _FEWEST_ANSWERS else None

    async def _last(self, conversation_id: str) -> Document | None:
        with translate():
            return await self._entries.find_one(
                {"conversation_id": conversation_id}, {"seq": 1, "at": 1}, sort=[("seq", DESCENDING)]
            )

    async def _found(self, selected: Document, direction: int, limit: int) -> list[Entry]:
        with translate():
            # What is left of a transcript that was erased holds its place, and shows nothing.
            rows = self._entries.find({**selected, "erased": {"$exists": False}}).sort("seq", direction).limit(limit)
            return [entry_of(row) async for row in rows]

    async def _same(self, entry: Entry) -> Entry:
        selected: Document
        if entry.outbound_id is not None:
            selected = {"outbound_id": entry.outbound_id}
        else:
            selected = {"conversation_id": entry.conversation_id, "client_message_id": entry.client_message_id}
        with translate():
            document = await self._entries.find_one(selected)
        if document is None:
            raise Transient("An entry that refused another is not readable yet: try again.")
        return entry_of(document)

    async def _waited(self, answer: Entry) -> Document:
        """How long the visitor had been waiting for this answer, when it is the first after what they wrote."""
        mine: Document = {"conversation_id": answer.conversation_id}
        with translate():
            previous = await self._entries.find_one({**mine, "author": "agent"}, {"seq": 1}, sort=[("seq", DESCENDING)])
            asked = await self._entries.find_one(
                {**mine, "author": "visitor", "seq": {"$gt": previous["seq"] if previous else 0}},
                {"at": 1},
                sort=[("seq", 1)],
            )
        return {} if asked is None else {"waited_s": (answer.at - asked["at"]).total_seconds()}


def entry_of(document: Document) -> Entry:
    """An entry from its document, as the transcript or its change stream gives it."""
    inbound = document.get("inbound")
    return Entry(
        conversation_id=document["conversation_id"],
        seq=document["seq"],
        author=document["author"],
        name=document["name"],
        text=document["text"],
        attachments=tuple(Attachment.model_validate(each) for each in document["attachments"]),
        at=document["at"],
        client_message_id=document.get("client_message_id"),
        message_id=document.get("message_id"),
        inbound=InboundMessage.model_validate(inbound) if inbound else None,
        outbound_id=document.get("outbound_id"),
        dossier_id=document.get("dossier_id"),
        delivered_at=document.get("delivered_at"),
        read_at=document.get("read_at"),
        owes=frozenset(Debt(each) for each in document["owes"]),
    )


def _document(conversation: ConversationKey, entry: Entry, now: datetime) -> Document:
    """Absent rather than null for what the partial unique indexes look at."""
    optional: dict[str, Any] = {
        "client_message_id": entry.client_message_id,
        "message_id": entry.message_id,
        "outbound_id": entry.outbound_id,
        "dossier_id": entry.dossier_id,
        "inbound": entry.inbound.model_dump(mode="json") if entry.inbound else None,
    }
    return {
        "_id": _place(entry),
        "conversation_id": entry.conversation_id,
        "account": conversation.account,
        "key": conversation.key,
        "seq": entry.seq,
        "author": entry.author,
        "name": entry.name,
        "text": entry.text,
        "attachments": [each.model_dump(mode="json") for each in entry.attachments],
        "at": entry.at,
        "touched_at": now,
        "owes": sorted(entry.owes),
        **{name: value for name, value in optional.items() if value is not None},
    }


def _place(entry: Entry) -> str:
    return f"{entry.conversation_id}:{entry.seq:010d}"


def _milliseconds(at: datetime) -> datetime:
    """As MongoDB keeps it, so that what is told at once and what is read later are the same."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
