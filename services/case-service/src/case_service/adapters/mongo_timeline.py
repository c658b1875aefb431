"""The timeline in MongoDB. An append is one document, and its insertion is the commit (there is an ADR on that)."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from itertools import chain

from cachetools import LRUCache
from omnifil_contracts.commands import CommandResult
from omnifil_contracts.dossier import CustomerErased, MessageLinked, ReplyLinked, ReplyRequested, TimelineEntry
from omnifil_mongostore import (
    BulkWriteError,
    Document,
    Duplicate,
    DuplicateKeyError,
    Mongo,
    Session,
    duplicates,
    translate,
)

from case_service.adapters.documents import (
    DATABASE,
    DOSSIERS,
    TIMELINE,
    append_document,
    append_id,
    append_of,
    dossier_of,
    entries_of,
)
from case_service.adapters.lookups import LOOKED_UP, asked_for, found_in
from case_service.domain.contacts import Said, is_contact, takes_away
from case_service.domain.decisions import Append, Group
from case_service.domain.dossier import Dossier, evolve
from case_service.domain.lookups import Found, Lookup
from case_service.domain.references import DEFAULT_PATTERNS, Patterns
from case_service.ports import NEWEST_DOSSIERS, Lost

_DOCUMENT_CHARS = 3_000_000
"""At four bytes a character well below MongoDB's 16 MB; what is longer is divided into several documents."""
_RANGES = 100
_AT_ONCE = 1_000
"""Documents in the first answer; by itself MongoDB gives 101, and has to be asked again for the rest."""
_CACHED_DOSSIERS = 5_000
_CACHED_CLAIMS = 20_000


class MongoTimeline:
    """Implements `Timeline`. `load` takes what is cached as a starting point: what came after it is read each time."""

    def __init__(self, mongo: Mongo, *, patterns: Patterns = DEFAULT_PATTERNS) -> None:
        self._mongo = mongo
        database = mongo.database(DATABASE)
        self._timeline = database[TIMELINE]
        self._dossiers = database[DOSSIERS]
        self._patterns = patterns
        self._cache: LRUCache[str, Dossier] = LRUCache(_CACHED_DOSSIERS)
        self._claimed: LRUCache[str, str] = LRUCache(_CACHED_CLAIMS)

    async def look_up(self, lookup: Lookup, *, newest: int | None = NEWEST_DOSSIERS) -> Found:
        """In one question: what a message opened, claimed and made known stands in one document, and to ask costs more
        than to answer."""
        wanted = asked_for(lookup)
        if not wanted:
            return Found()
        with translate():
            documents = await self._timeline.find({"$or": wanted}, LOOKED_UP, batch_size=_AT_ONCE).to_list(None)
        found = found_in(documents, lookup, newest)
        self._claimed.update(found.claims)  # for good: a claim is never given up, what moves is said by the dossiers
        return found

    async def load(self, dossier_ids: Sequence[str]) -> dict[str, Dossier]:
        found = {each: self._cache[each] for each in dossier_ids if each in self._cache}
        missing = [each for each in dossier_ids if each not in found]
        if missing:
            with translate():
                documents = await self._dossiers.find(
                    {"_id": {"$in": missing}}, {"view": True, "memory": True}, batch_size=_AT_ONCE
                ).to_list(None)
            found |= {document["_id"]: dossier_of(document) for document in documents}
        erased: set[str] = set()
        for document in await self._after({each: found[each].seq if each in found else 0 for each in dossier_ids}):
            dossier = found.get(document["dossier_id"])
            entries = entries_of(document)
            if any(isinstance(entry.event, CustomerErased) for entry in entries):
                erased.add(document["dossier_id"])
            for entry in entries:
                dossier = evolve(document["dossier_id"], dossier, entry, self._patterns)
            if dossier is not None:
                found[dossier.id] = dossier
        for dossier_id in erased:
            # What is remembered of it was emptied in the timeline.
            found[dossier_id] = await self._folded(dossier_id)
        self._cache.update(found)
        return found

    async def _folded(self, dossier_id: str) -> Dossier:
        dossier: Dossier | None = None
        for entry in await self.history(dossier_id):
            dossier = evolve(dossier_id, dossier, entry, self._patterns)
        assert dossier is not None  # noqa: S101 it has entries
        return dossier

    def recall(self, conversation_id: str) -> Dossier | None:
        dossier = self._cache.get(self._claimed.get(conversation_id, ""))
        return dossier if dossier is not None and dossier.has_conversation(conversation_id) else None

    async def append(self, groups: Sequence[Group]) -> dict[int, Lost]:
        single: list[tuple[int, Document]] = []
        lost: dict[int, Lost] = {}
        for index, group in enumerate(groups):
            documents = [document for append in group.appends for document in _divided(append)]
            if len(documents) == 1:
                single.append((index, documents[0]))
            elif (refused := await self._insert_together(documents)) is not None:
                lost[index] = refused
        if single:
            lost |= await self._insert_each(single)
        for index, group in enumerate(groups):
            for append in group.appends:
                if index in lost:
                    self._cache.pop(append.dossier_id, None)
                elif append.dossier is not None:
                    self._cache[append.dossier_id] = append.dossier
                    for claimed in append.claims:
                        self._claimed[claimed] = append.dossier_id
        return lost

    async def history(self, dossier_id: str) -> list[TimelineEntry]:
        return await self.entries(dossier_id, limit=0)

    async def entries(
        self, dossier_id: str, *, after_seq: int = 0, before_seq: int | None = None, limit: int
    ) -> list[TimelineEntry]:
        """`limit` 0: all."""
        forward = limit == 0 or (after_seq > 0 and before_seq is None)
        # An append that begins before `after_seq` may reach beyond it.
        bounds = {"$gt": f"{dossier_id}:", "$lt": append_id(dossier_id, before_seq) if before_seq else f"{dossier_id};"}
        wanted = {"_id": bounds, "last_seq": {"$gt": after_seq}}
        cursor = self._timeline.find(wanted).sort("_id", 1 if forward else -1)
        parts: list[list[TimelineEntry]] = []
        count = 0
        with translate():
            async for document in cursor:
                entries = [
                    each
                    for each in entries_of(document)
                    if each.seq > after_seq and (before_seq is None or each.seq < before_seq)
                ]
                parts.append(entries)
                count += len(entries)
                if limit and count >= limit:
                    break
        found = list(chain.from_iterable(parts if forward else reversed(parts)))
        if not limit:
            return found
        return found[:limit] if forward else found[-limit:]

    async def said(self, dossier_ids: Sequence[str], before: datetime | None, limit: int) -> Said:
        newest, over_time, taken_away, same_time = self.said_in(list(dossier_ids), before)
        with translate():
            found = await self._timeline.find(newest).sort("said_at", -1).limit(limit).to_list(None)
            complete_from: datetime | None = found[-1]["said_at"] if len(found) == limit else None
            others = await asyncio.gather(
                self._timeline.find(over_time).to_list(None) if before is not None else _nothing(),
                self._timeline.find(taken_away).to_list(None),
                # Others may have been said in the same millisecond as the last of these.
                self._timeline.find({**same_time, "said_at": complete_from}).to_list(None)
                if complete_from is not None
                else _nothing(),
            )
        documents = {document["_id"]: document for part in (found, *others) for document in part}
        entries: dict[str, list[TimelineEntry]] = {}
        for _, document in sorted(documents.items()):
            entries.setdefault(document["dossier_id"], []).extend(
                entry for entry in entries_of(document) if is_contact(entry) or takes_away(entry)
            )
        return Said(entries, complete_from)

    @staticmethod
    def said_in(dossier_ids: list[str], before: datetime | None) -> tuple[Document, Document, Document, Document]:
        """The filters: what was said before; what was said partly before and partly later; what takes something away;
        what was said at one instant. Each has an index of its own."""
        of_these: Document = {"dossier_id": {"$in": dossier_ids}}
        bound: Document = {"$exists": True} if before is None else {"$lt": before, "$exists": True}
        over_time = {**of_these, "said_from": {"$lt": before, "$exists": True}, "said_at": {"$gte": before}}
        return {**of_these, "said_at": bound}, over_time, {**of_these, "takes_away": {"$exists": True}}, of_these

    async def answer_to(self, command_id: str) -> CommandResult | None:
        with translate():
            document = await self._timeline.find_one({"effects": f"cmd:{command_id}:0"}, {"answer": True})
        if document is None:
            return None
        return CommandResult.model_validate(document["answer"])

    async def all_appends(self) -> AsyncIterator[Append]:
        with translate():
            async for document in self._timeline.find({}).sort("_id", 1).batch_size(500):
                yield append_of(document)

    async def count(self) -> int:
        """How many appends there are, about."""
        with translate():
            return int(await self._timeline.estimated_document_count())

    async def _after(self, seqs: dict[str, int]) -> list[Document]:
        """The appends of these dossiers that begin after these seqs, in order."""
        ranges = [
            {"_id": {"$gt": append_id(dossier_id, seq), "$lt": f"{dossier_id};"}} for dossier_id, seq in seqs.items()
        ]
        chunks = [ranges[start : start + _RANGES] for start in range(0, len(ranges), _RANGES)]
        with translate():
            found = await asyncio.gather(
                *(
                    self._timeline.find({"$or": chunk}, batch_size=_AT_ONCE).sort("_id", 1).to_list(None)
                    for chunk in chunks
                )
            )
        return [document for documents in found for document in documents]

    async def _insert_each(self, documents: Sequence[tuple[int, Document]]) -> dict[int, Lost]:
        try:
            with translate():
                await self._timeline.insert_many([document for _, document in documents], ordered=False)
        except BulkWriteError as error:
            return {documents[refused.index][0]: _lost(refused) for refused in duplicates(error)}
        return {}

    async def _insert_together(self, documents: list[Document]) -> Lost | None:
        async def insert(session: Session) -> None:
            await self._timeline.insert_many(documents, ordered=True, session=session)

        try:
            await self._mongo.transaction(insert)
        except (BulkWriteError, DuplicateKeyError) as error:
            return _lost(duplicates(error)[0])
        return None


async def _nothing() -> list[Document]:
    return []


def _lost(refused: Duplicate) -> Lost:
    return Lost(refused.key_value.get("effects"))


def _divided(append: Append) -> Iterable[Document]:
    part: list[TimelineEntry] = []
    size = 0
    for entry in append.entries:
        chars = _chars(entry)
        if part and size + chars > _DOCUMENT_CHARS:
            yield append_document(append, part)
            part, size = [], 0
        part.append(entry)
        size += chars
    if part:
        yield append_document(append, part)


def _chars(entry: TimelineEntry) -> int:
    """About how long the entry is; the envelope and all that is bounded by the contract is in the constant."""
    event = entry.event
    if isinstance(event, MessageLinked):
        return 6_000 + len(event.message.text) + len(event.message.html or "")
    if isinstance(event, ReplyRequested):
        return 6_000 + len(event.text)
    if isinstance(event, ReplyLinked):
        return 6_000 + len(event.reply.text)
    return 2_000
