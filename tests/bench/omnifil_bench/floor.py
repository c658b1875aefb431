"""The floor: the same way, written by hand for this purpose alone, without anything that a product needs.

    python -m omnifil_bench.floor TOPIC…

One process and one loop: `getmany`, pydantic, one `insert_many` and one `bulk_write` per batch, produce. It takes the
same messages (`InboundMessage`), keeps as much (an entry per event in a timeline, a projection per dossier), publishes
the same `DossierEvent`s with `acks=all`, waits for the same write concern, and commits offsets in the background.

It has no rules, no identities, no races with a second writer, no redelivery, no dead letters, no watermark, and forgets
what it knows when it ends. Batches overlap where that costs nothing: while one is projected and published, the next is
read and appended.
"""

import asyncio
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from omnifil_contracts import ids
from omnifil_contracts.dossier import (
    ConversationLinked,
    DossierOpened,
    Event,
    MessageLinked,
    TimelineEntry,
)
from omnifil_contracts.identity import Actor, Because
from omnifil_contracts.message import InboundMessage
from omnifil_contracts.topics import DOSSIER_EVENTS
from pymongo import AsyncMongoClient, ReplaceOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.write_concern import WriteConcern

_BATCH = 500
_COMMIT_INTERVAL_S = 0.25
_DURABLE = WriteConcern(w="majority", j=True)
_THREAD = Because(rule="thread")
_NEW = Because(rule="new")

_Document = dict[str, Any]


@dataclass
class _Dossier:
    """What is remembered of a conversation."""

    dossier_id: str
    customer_id: str
    seq: int = 0


class _Written(NamedTuple):
    """An entry with its JSON, which is both stored and published."""

    dossier_id: str
    entry: TimelineEntry
    text: str

    def record(self) -> bytes:
        """The `DossierEvent`."""
        return f'{{"dossier_id":"{self.dossier_id}","entry":{self.text}}}'.encode()


class Floor:
    """`await run(topics)`: until the process is ended."""

    def __init__(self, bootstrap: str, mongo_uri: str, topic_prefix: str, mongo_prefix: str) -> None:
        self._bootstrap = bootstrap
        self._prefix = topic_prefix
        self._out = topic_prefix + DOSSIER_EVENTS.name
        database = AsyncMongoClient[_Document](mongo_uri, tz_aware=True).get_database(
            f"{mongo_prefix}_floor", write_concern=_DURABLE
        )
        self._timeline: AsyncCollection[_Document] = database["timeline"]
        self._projection: AsyncCollection[_Document] = database["dossiers"]
        self._dossiers: dict[str, _Dossier] = {}
        self._producer: Any = None

    async def run(self, topics: list[str]) -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap, enable_idempotence=True, acks="all", max_batch_size=256 * 1024
        )
        consumer = AIOKafkaConsumer(
            *(self._prefix + topic for topic in topics),
            bootstrap_servers=self._bootstrap,
            group_id=f"{self._prefix}floor",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await self._producer.start()
        await consumer.start()
        done: dict[TopicPartition, int] = {}
        committing = asyncio.create_task(_commit(consumer, done))
        finishing = asyncio.create_task(asyncio.sleep(0))
        try:
            while True:
                polled = await consumer.getmany(timeout_ms=250, max_records=_BATCH)
                if not polled:
                    continue
                values = [record.value for records in polled.values() for record in records]
                batch = [each for value in values for each in self._decided(value)]
                await self._append(batch)
                await finishing
                offsets = {partition: records[-1].offset + 1 for partition, records in polled.items()}
                finishing = asyncio.create_task(self._finish(batch, offsets, done))
        finally:
            committing.cancel()
            await consumer.stop()
            await self._producer.stop()

    def _decided(self, value: bytes) -> list[_Written]:
        message = InboundMessage.model_validate_json(value)
        conversation = message.conversation
        known = self._dossiers.get(conversation.conversation_id)
        events: list[Event] = []
        if known is None:
            customer_id = ids.customer_id(message.sender.primary.identity.key)
            known = _Dossier(ids.dossier_id(conversation.conversation_id, 1), customer_id)
            self._dossiers[conversation.conversation_id] = known
            events = [
                DossierOpened(
                    customer_id=customer_id,
                    customer_name=message.sender.display_name,
                    ordinal=1,
                    number=ids.dossier_number(known.dossier_id),
                    subject=message.subject,
                    because=_NEW,
                ),
                ConversationLinked(conversation=conversation, because=_NEW),
            ]
        because = _THREAD if known.seq else _NEW
        events.append(
            MessageLinked(
                message=message,
                conversation_id=conversation.conversation_id,
                customer_id=known.customer_id,
                assured=True,
                because=because,
            )
        )
        now, actor = datetime.now(UTC), Actor(kind="customer", id=known.customer_id)
        first, known.seq = known.seq + 1, known.seq + len(events)
        entries = [
            TimelineEntry(
                seq=seq,
                at=now,
                occurred_at=message.received_at,
                actor=actor,
                effect_id=f"msg:{message.message_id}:{seq}",
                event=event,
            )
            for seq, event in enumerate(events, first)
        ]
        return [_Written(known.dossier_id, entry, entry.model_dump_json()) for entry in entries]

    async def _append(self, batch: list[_Written]) -> None:
        """One document for what a batch adds to one dossier, as the suite keeps it."""
        by_dossier: dict[str, list[_Written]] = {}
        for each in batch:
            by_dossier.setdefault(each.dossier_id, []).append(each)
        documents = [
            {
                "_id": f"{dossier_id}:{written[0].entry.seq:010d}",
                "dossier_id": dossier_id,
                "entries": [each.text for each in written],
            }
            for dossier_id, written in by_dossier.items()
        ]
        await self._timeline.insert_many(documents, ordered=False)

    async def _finish(
        self, batch: list[_Written], offsets: dict[TopicPartition, int], done: dict[TopicPartition, int]
    ) -> None:
        await asyncio.gather(self._project(batch), self._publish(batch))
        done.update(offsets)

    async def _project(self, batch: list[_Written]) -> None:
        newest = {each.dossier_id: each.entry for each in batch}
        await self._projection.bulk_write(
            [ReplaceOne({"_id": dossier_id}, _projected(entry), upsert=True) for dossier_id, entry in newest.items()],
            ordered=False,
        )

    async def _publish(self, batch: list[_Written]) -> None:
        sent = [
            await self._producer.send(self._out, value=each.record(), key=each.dossier_id.encode()) for each in batch
        ]
        await asyncio.gather(*sent)


def _projected(entry: TimelineEntry) -> _Document:
    assert isinstance(entry.event, MessageLinked)
    message = entry.event.message
    return {
        "seq": entry.seq,
        "customer_id": entry.event.customer_id,
        "status": "open",
        "subject": message.subject,
        "last_message": message.text[:140],
        "last_entry_at": entry.at,
        "conversation": message.conversation.model_dump(),
    }


async def _commit(consumer: Any, done: dict[TopicPartition, int]) -> None:
    while True:
        await asyncio.sleep(_COMMIT_INTERVAL_S)
        if done:
            offsets = dict(done)
            done.clear()
            await consumer.commit(offsets)


if __name__ == "__main__":
    floor = Floor(
        os.environ["OMNIFIL_KAFKA_BOOTSTRAP"],
        os.environ["OMNIFIL_MONGO_URI"],
        os.environ["OMNIFIL_TOPIC_PREFIX"],
        os.environ["OMNIFIL_MONGO_PREFIX"],
    )
    uvloop.run(floor.run(sys.argv[1:]))
