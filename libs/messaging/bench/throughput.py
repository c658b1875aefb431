"""How fast records are published and consumed: `python throughput.py [--records N] [--kafka host:port]`.

Ends with one line of JSON. `by_hand` is aiokafka's `getmany` with the same decoding and nothing else: the ceiling.
"""

import argparse
import asyncio
import json
import os
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from omnifil_contracts.record import Record
from omnifil_contracts.topics import Topic
from omnifil_messaging import BatchConsumer, KafkaSettings, Outgoing, Producer, Received, ensure_topics

NAME = "bench.v1"
PACED = "paced.v1"
SLICE = 2000


class Sample(Record):
    """A record of about 500 bytes."""

    ce_type: ClassVar[str] = "omnifil.bench.v1"
    number: int
    key: str
    text: str
    at: datetime
    tags: tuple[str, ...]


def sample(number: int, topic: str = NAME) -> Outgoing:
    now = datetime.now(UTC)
    record = Sample(number=number, key=f"k{number % 1000}", text="x" * 370, at=now, tags=("one", "two"))
    return Outgoing(topic, record.key, record, f"e{number}", "/omnifil/bench", None, now)


async def publish(producer: Producer, count: int) -> float:
    batches = [[sample(n) for n in range(first, min(first + SLICE, count))] for first in range(0, count, SLICE)]
    began = time.perf_counter()
    for batch in batches:
        await producer.publish_all(batch)
    return count / (time.perf_counter() - began)


async def consume(settings: KafkaSettings, producer: Producer, count: int, max_records: int) -> float:
    stop, seen, began = asyncio.Event(), 0, 0.0

    async def handler(batch: Sequence[Received[Sample]]) -> None:
        nonlocal seen, began
        began = began or time.perf_counter()
        seen += len(batch)
        if seen >= count:
            stop.set()

    consumer = BatchConsumer(
        settings,
        topics=[NAME],
        group="bench",
        record_type=Sample,
        handler=handler,
        producer=producer,
        max_records=max_records,
    )
    running = asyncio.create_task(consumer.run(stop))
    await stop.wait()
    rate = seen / (time.perf_counter() - began)
    await running
    return rate


async def latency_ms(settings: KafkaSettings, producer: Producer, per_s: int, seconds: int) -> tuple[float, float]:
    """From before `publish` to the handler, one record at a time: median and 99th percentile."""
    stop, took, wanted = asyncio.Event(), list[float](), per_s * seconds
    assigned = asyncio.Event()

    async def handler(batch: Sequence[Received[Sample]]) -> None:
        now = datetime.now(UTC)
        took.extend((now - received.record.at).total_seconds() * 1000 for received in batch)
        if len(took) >= wanted:
            stop.set()

    consumer = BatchConsumer(
        settings,
        topics=[PACED],
        group="paced",
        record_type=Sample,
        handler=handler,
        producer=producer,
        on_assigned=assigned.set,
    )
    running = asyncio.create_task(consumer.run(stop))
    await assigned.wait()
    async with asyncio.TaskGroup() as publishing:
        for number in range(wanted):
            publishing.create_task(producer.publish(sample(number, PACED)))
            await asyncio.sleep(1 / per_s)
    await running
    took.sort()
    return took[len(took) // 2], took[len(took) * 99 // 100]


async def by_hand(settings: KafkaSettings, count: int) -> float:
    validate = Sample.__pydantic_validator__.validate_json
    consumer = AIOKafkaConsumer(
        settings.prefixed(NAME), bootstrap_servers=settings.bootstrap, group_id=None, auto_offset_reset="earliest"
    )
    await consumer.start()
    seen, began = 0, 0.0
    while seen < count:
        for records in (await consumer.getmany(timeout_ms=1000, max_records=500)).values():
            began = began or time.perf_counter()
            for record in records:
                validate(record.value)
            seen += len(records)
    rate = seen / (time.perf_counter() - began)
    await consumer.stop()
    return rate


async def main(kafka: str, count: int, max_records: int) -> None:
    settings = KafkaSettings(kafka, f"bench{uuid.uuid4().hex[:8]}.", "bench")
    topics = [Topic(name, "key", Sample, 6, timedelta(days=1), False, (), ()) for name in (NAME, PACED)]
    await ensure_topics(settings, topics)
    try:
        async with Producer(settings) as producer:
            published = await publish(producer, count)
            p50_ms, p99_ms = await latency_ms(settings, producer, per_s=200, seconds=5)
            consumed = await consume(settings, producer, count, max_records)
        hand = await by_hand(settings, count)
    finally:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
        await admin.start()
        ours = [name for name in await admin.list_topics() if name.startswith(settings.topic_prefix)]
        await admin.delete_topics(ours)
        await admin.close()
    size_bytes = len(sample(0).record.model_dump_json())
    print(
        json.dumps(
            {
                "records": count,
                "size_bytes": size_bytes,
                "batch": max_records,
                "published_per_s": round(published),
                "consumed_per_s": round(consumed),
                "by_hand_per_s": round(hand),
                "latency_ms_at_200_per_s": {"p50": round(p50_ms, 1), "p99": round(p99_ms, 1)},
            }
        )
    )


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kafka", default=os.environ.get("OMNIFIL_KAFKA_BOOTSTRAP", "127.0.0.1:9092"))
    options.add_argument("--records", type=int, default=100_000)
    options.add_argument("--batch", type=int, default=500)
    given = options.parse_args()
    asyncio.run(main(given.kafka, given.records, given.batch))
