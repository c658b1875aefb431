"""What there is in the end, read where it lies: the timeline in MongoDB, `dossier.events.v1`, the dead letters."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from ingest_email.adapters.kafka_records import BLOB_CONTENT_TYPE
from omnifil_contracts.topics import DEAD_LETTER_SUFFIX
from omnifil_devstack.stack_file import Stack
from omnifil_messaging import KafkaSettings, TopicTail
from omnifil_messaging.admin import administration
from omnifil_mongostore import BlobCorrupt, BlobMissing, BlobStore, connect

Entry = dict[str, Any]
_READ_WITHIN_S = 120


@dataclass
class Evidence:
    """Entries as JSON, by dossier and `seq`."""

    stored: dict[str, dict[int, Entry]] = field(default_factory=dict)
    published: dict[str, dict[int, Entry]] = field(default_factory=dict)
    published_holes: list[str] = field(default_factory=list)
    """A `seq` that was published before the one that precedes it."""
    published_other: list[str] = field(default_factory=list)
    """A `seq` that was published twice with different content."""
    stored_twice: list[str] = field(default_factory=list)
    effects_twice: list[str] = field(default_factory=list)
    claims_twice: list[str] = field(default_factory=list)
    """A customer's ordinal, or a conversation, that two dossiers have claimed."""
    letters: list["Letter"] = field(default_factory=list)

    @classmethod
    async def gathered(cls, stack: Stack) -> "Evidence":
        """Read all of it."""
        evidence = cls()
        await evidence._read_timeline(stack)
        await evidence._read_events(stack)
        await evidence._read_letters(stack)
        await evidence._fetch_large(stack)
        return evidence

    async def _read_timeline(self, stack: Stack) -> None:
        effects, claims = set[str](), set[str]()
        async with connect(stack.mongo_uri, prefix=stack.mongo_prefix) as mongo:
            async for document in mongo.database("cases")["timeline"].find({}).sort("_id", 1):
                dossier_id = document["dossier_id"]
                timeline = self.stored.setdefault(dossier_id, {})
                opens = [f"{each['customer_id']} {each['ordinal']}" for each in document.get("opens", ())]
                claimed = [*opens, *document.get("claims", ())]
                self.claims_twice += [each for each in claimed if each in claims]
                claims |= set(claimed)
                for kept in document["entries"]:
                    entry = json.loads(kept) if isinstance(kept, str) else kept
                    if entry["seq"] in timeline:
                        self.stored_twice.append(f"{dossier_id} {entry['seq']}")
                    if entry["effect_id"] in effects:
                        self.effects_twice.append(f"{entry['effect_id']} in {dossier_id}")
                    effects.add(entry["effect_id"])
                    timeline[entry["seq"]] = entry

    async def _read_events(self, stack: Stack) -> None:
        async for _, value in _records(stack, "dossier.events.v1"):
            event = json.loads(value)
            dossier_id, entry = event["dossier_id"], event["entry"]
            timeline, seq = self.published.setdefault(dossier_id, {}), entry["seq"]
            if seq not in timeline and seq > 1 and seq - 1 not in timeline:
                self.published_holes.append(f"{dossier_id} {seq}")
            if timeline.setdefault(seq, entry) != entry:
                self.published_other.append(f"{dossier_id} {seq}")

    async def _read_letters(self, stack: Stack) -> None:
        async with administration(_settings(stack)) as admin:
            topics = sorted(name for name in await admin.list_topics() if name.endswith(DEAD_LETTER_SUFFIX))
        for topic in topics:
            async for headers, value in _records(stack, topic):
                self.letters.append(Letter(topic.removesuffix(DEAD_LETTER_SUFFIX), headers, value))

    async def _fetch_large(self, stack: Stack) -> None:
        """What was too large for a dead letter, from where it says that it lies."""
        async with connect(stack.mongo_uri, prefix=stack.mongo_prefix) as mongo:
            blobs = BlobStore(mongo)
            for at, letter in enumerate(self.letters):
                if letter.headers.get("content-type") == BLOB_CONTENT_TYPE:
                    with suppress(BlobMissing, BlobCorrupt):  # it is found to lead to no poison
                        self.letters[at] = replace(letter, value=await blobs.get(json.loads(letter.value)["sha256"]))

    def letters_by_place(self) -> dict[tuple[str, str], list["Letter"]]:
        """Dead letters of one and the same record: one, unless a crash came between the letter and the offset."""
        by_place: dict[tuple[str, str], list[Letter]] = defaultdict(list)
        for letter in self.letters:
            by_place[letter.source_topic, letter.place].append(letter)
        return dict(by_place)


@dataclass(frozen=True)
class Letter:
    """A dead letter."""

    source_topic: str
    headers: dict[str, str]
    value: bytes

    @property
    def cause(self) -> str:
        """The stable word."""
        return self.headers.get("omnifil_dl_cause", "?")

    @property
    def text(self) -> str:
        """The value, to look for marks in it."""
        return self.value.decode("utf-8", "replace")

    @property
    def place(self) -> str:
        """Partition and offset of the record; the content itself for what never was a record."""
        offset = self.headers.get("omnifil_dl_offset")
        return f"{self.headers.get('omnifil_dl_partition')}:{offset}" if offset else str(hash(self.value))


def _settings(stack: Stack) -> KafkaSettings:
    return KafkaSettings(stack.kafka, client_id="chaos-reckoning")


async def _records(stack: Stack, topic: str) -> AsyncIterator[tuple[dict[str, str], bytes]]:
    """Headers and value of every record there is now."""
    tail, stop = TopicTail(_settings(stack), topic), asyncio.Event()
    first, end = await tail.beginning_offsets(), await tail.end_offsets()
    left = {partition: last for partition, last in end.items() if last > first.get(partition, 0)}
    if not left:
        return
    async with asyncio.timeout(_READ_WITHIN_S):
        async for batch in tail.read("beginning", stop):
            for received in batch:
                if received.offset + 1 >= left.get(received.partition, 0):
                    left.pop(received.partition, None)
                yield dict(received.headers), received.record
            if not left:
                stop.set()
