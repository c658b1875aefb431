"""A small record, a topic of its own for each test, and consumers that end with the test."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar, cast

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition
from omnifil_contracts.record import Record
from omnifil_contracts.topics import Topic
from omnifil_messaging import (
    BatchConsumer,
    KafkaSettings,
    Outgoing,
    Producer,
    Received,
    TopicTail,
    ensure_topics,
)
from omnifil_messaging.outgoing import Wire
from omnifil_testkit.waiting import Eventually, eventually_

GROUP = "things-reader"
NAME = "things.v1"


class Thing(Record):
    """The n-th thing of its key."""

    ce_type: ClassVar[str] = "omnifil.thing.v1"
    key: str
    n: int
    padding: str = ""


def topic(name: str = NAME, partitions: int = 3) -> Topic:
    return Topic(name, "key", Thing, partitions, timedelta(days=1), False, (), ())


def thing(key: str, n: int, *, padding: str = "", to: str = NAME) -> Outgoing:
    record = Thing(key=key, n=n, padding=padding)
    return Outgoing(to, key, record, f"{key}-{n}", "/omnifil/test", None, datetime.now(UTC))


@dataclass
class Handled:
    """What a handler did, in order."""

    things: list[tuple[str, int]] = field(default_factory=list)

    async def __call__(self, batch: Sequence[Received[Thing]]) -> None:
        self.things.extend((received.record.key, received.record.n) for received in batch)

    def of(self, key: str) -> list[int]:
        return [n for each, n in self.things if each == key]


@dataclass
class Bench:
    """What a test works with: settings, a producer, and consumers that it starts."""

    settings: KafkaSettings
    producer: Producer

    @asynccontextmanager
    async def consuming(
        self, handler: Callable[[Sequence[Received[Thing]]], Awaitable[None]], **options: Any
    ) -> AsyncIterator[BatchConsumer[Thing]]:
        """A consumer that runs inside the block; at its end it is stopped as a service stops."""
        stop = asyncio.Event()
        given: dict[str, Any] = {
            "topics": [NAME],
            "group": GROUP,
            "record_type": Thing,
            "producer": self.producer,
        } | options
        consumer: BatchConsumer[Thing] = BatchConsumer(self.settings, handler=handler, **given)
        running = asyncio.create_task(consumer.run(stop))
        try:
            yield consumer
        finally:
            stop.set()
            async with asyncio.timeout(40):
                await running

    @property
    def group(self) -> str:
        """As the broker knows it."""
        return f"{self.settings.topic_prefix}{GROUP}"

    async def publish(self, *outgoings: Outgoing) -> None:
        await self.producer.publish_all(outgoings)

    async def put(
        self, value: bytes | None, *, key: bytes | None = b"a", headers: Mapping[str, bytes] | None = None
    ) -> None:
        """As an integrator with any client would."""

        await self.producer.publish_raw([Wire(NAME, key, value, list((headers or {}).items()))])

    async def committed(self, name: str = NAME) -> dict[int, int]:
        """What the group has committed, by partition."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.settings.bootstrap, group_id=self.group)
        await consumer.start()
        try:
            partitions = [TopicPartition(self.settings.prefixed(name), n) for n in range(3)]
            found = {each.partition: await consumer.committed(each) for each in partitions}
        finally:
            await consumer.stop()
        return {partition: offset for partition, offset in found.items() if offset is not None}

    async def dead_letters(self, name: str = NAME) -> list[Received[bytes]]:
        tail = TopicTail(self.settings, f"{name}.dead-letter")
        wanted = sum((await tail.end_offsets()).values())
        letters: list[Received[bytes]] = []
        async with asyncio.timeout(15):
            while len(letters) < wanted:
                async for batch in tail.read("beginning", asyncio.Event()):
                    letters.extend(batch)
                    if len(letters) >= wanted:
                        break
        return letters


@pytest_asyncio.fixture
async def bench(kafka_settings: KafkaSettings) -> AsyncIterator[Bench]:
    await ensure_topics(kafka_settings, [topic()])
    async with Producer(kafka_settings) as producer:
        yield Bench(kafka_settings, producer)


@pytest.fixture
def eventually() -> Eventually:
    """The testkit's, with more time: sessions have to end and brokers to start, also on a busy machine."""
    return cast("Eventually", partial(eventually_, timeout_s=60))
