"""What arrives on `dossier.events.v1`: counted without reading while it is measured, proven by reading afterwards."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from omnifil_contracts.message import InboundMessage
from omnifil_contracts.topics import DOSSIER_EVENTS
from omnifil_messaging import KafkaSettings

_LOOK_EVERY_S = 0.02
_READ_TIMEOUT_S = 30


class Stalled(Exception):
    """Nothing has arrived for too long; the message says how far it got."""


class NotProven(Exception):
    """What arrived is not what was sent, once each and in order. The message says what is off."""


@dataclass(frozen=True)
class Proof:
    """What the topic holds of the messages that were asked about."""

    messages: int
    entries: int
    dossiers: int


class Arrivals:
    """The ends of the topic, from the moment it was opened. Asking for them costs the broker next to nothing."""

    def __init__(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition], begin: dict[TopicPartition, int]):
        self._consumer = consumer
        self._partitions = partitions
        self._begin = begin

    @classmethod
    @asynccontextmanager
    async def opened(cls, kafka: KafkaSettings, topic: str = DOSSIER_EVENTS.name) -> AsyncIterator["Arrivals"]:
        """The topic must exist."""
        consumer = AIOKafkaConsumer(
            **kafka.connection(), group_id=None, enable_auto_commit=False, fetch_max_bytes=8 * 1024 * 1024
        )
        await consumer.start()
        try:
            name = kafka.prefixed(topic)
            numbers = await consumer._client._wait_on_metadata(name)
            partitions = [TopicPartition(name, number) for number in sorted(numbers)]
            yield cls(consumer, partitions, await consumer.end_offsets(partitions))
        finally:
            await consumer.stop()

    async def count(self) -> int:
        """How many entries have arrived since it was opened."""
        ends = await self._consumer.end_offsets(self._partitions)
        return sum(ends[each] - self._begin[each] for each in self._partitions)

    async def wait_for(self, count: int, *, patience_s: float = 30) -> float:
        """Until so many have arrived; when that was (perf_counter seconds).

        Raises `Stalled` when nothing has come for `patience_s`.
        """
        reached, moved_at = 0, time.perf_counter()
        while True:
            arrived, now = await self.count(), time.perf_counter()
            if arrived >= count:
                return now
            if arrived > reached:
                reached, moved_at = arrived, now
            if now - moved_at > patience_s:
                raise Stalled(f"{arrived} of {count} entries have arrived, and for {patience_s:g} s no more.")
            await asyncio.sleep(_LOOK_EVERY_S)

    async def proof(self, messages: Iterable[InboundMessage]) -> Proof:
        """Read all that has arrived, and see that each message was linked exactly once, in its conversation's order,
        and that no dossier has a gap. Raises `NotProven`."""
        links: Counter[str] = Counter()
        seqs: dict[str, list[int]] = {}
        order: dict[str, list[str]] = {}
        async for record in self.records():
            event = json.loads(record.value)
            entry, dossier_id = event["entry"], event["dossier_id"]
            seqs.setdefault(dossier_id, []).append(entry["seq"])
            if entry["event"]["type"] == "message_linked":
                links[entry["event"]["message"]["message_id"]] += 1
                order.setdefault(entry["event"]["conversation_id"], []).append(entry["event"]["message"]["message_id"])
        wanted: dict[str, list[str]] = {}
        for message in messages:
            wanted.setdefault(message.conversation.conversation_id, []).append(message.message_id)
        ids = {each for several in wanted.values() for each in several}
        lost = sum(links[each] == 0 for each in ids)
        twice = sum(links[each] > 1 for each in ids)
        gaps = sum(numbers != list(range(numbers[0], numbers[0] + len(numbers))) for numbers in seqs.values())
        disordered = sum(order.get(conversation) != sent for conversation, sent in wanted.items())
        if lost or twice or gaps or disordered:
            raise NotProven(
                f"Of {len(ids)} messages {lost} are not linked and {twice} more than once; of {len(seqs)} dossiers "
                f"{gaps} have gaps; of {len(wanted)} conversations {disordered} are in another order."
            )
        return Proof(len(ids), sum(map(len, seqs.values())), len(seqs))

    async def records(self) -> AsyncIterator[ConsumerRecord]:
        """All that has arrived since it was opened."""
        ends = await self._consumer.end_offsets(self._partitions)
        self._consumer.assign(self._partitions)
        for each in self._partitions:
            self._consumer.seek(each, self._begin[each])
        left = sum(ends[each] - self._begin[each] for each in self._partitions)
        async with asyncio.timeout(_READ_TIMEOUT_S):
            while left > 0:
                for records in (await self._consumer.getmany(timeout_ms=1000, max_records=5000)).values():
                    for record in records:
                        yield record
                    left -= len(records)
