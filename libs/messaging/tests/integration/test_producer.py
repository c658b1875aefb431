"""What the producer promises, on the real broker."""

import asyncio

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from omnifil_devstack.ports import free_ports
from omnifil_messaging import DeadLetter, KafkaEnvironment, KafkaSettings, Producer, RecordTooLarge, TopicTail
from omnifil_servicekit.errors import Poison, Transient

from .conftest import NAME, Bench, thing

pytestmark = pytest.mark.integration


async def _values(bench: Bench, name: str, count: int) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    async with asyncio.timeout(15):
        async for batch in TopicTail(bench.settings, name).read("beginning", asyncio.Event()):
            found.extend((each.partition, each.offset, each.event_id) for each in batch)
            if len(found) >= count:
                break
    return found


async def test_positions_come_back_in_the_order_of_the_records(bench: Bench) -> None:
    positions = await bench.producer.publish_all([thing(f"k{n % 5}", n) for n in range(500)])
    assert sorted(positions) == sorted(set(positions))
    by_place = {(partition, offset): event_id for partition, offset, event_id in await _values(bench, NAME, 500)}
    assert [by_place[each.partition, each.offset] for each in positions] == [f"k{n % 5}-{n}" for n in range(500)]
    for partition in {each.partition for each in positions}:
        offsets = [each.offset for each in positions if each.partition == partition]
        assert offsets == sorted(offsets)
    assert {each.topic for each in positions} == {NAME}


async def test_publishing_from_many_tasks_at_once_keeps_each_ones_order(bench: Bench) -> None:
    async def one(key: str) -> list[int]:
        return [(await bench.producer.publish(thing(key, n))).offset for n in range(20)]

    for offsets in await asyncio.gather(*(one(f"k{n}") for n in range(10))):
        assert offsets == sorted(offsets)


async def test_a_record_that_is_too_large_is_refused_before_anything_is_sent(bench: Bench) -> None:
    large = thing("a", 2, padding="x" * 1_000_001)
    with pytest.raises(RecordTooLarge) as refused:
        await bench.producer.publish_all([thing("a", 1), large])
    assert isinstance(refused.value, Poison)
    assert (refused.value.index, refused.value.event_id, refused.value.topic) == (1, "a-2", NAME)
    assert "OMNIFIL_KAFKA_MAX_RECORD_BYTES" in str(refused.value)
    assert sum((await TopicTail(bench.settings, NAME).end_offsets()).values()) == 0


async def test_a_record_that_only_the_topic_refuses_is_found_among_its_neighbours(bench: Bench) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bench.settings.bootstrap)
    await admin.start()
    narrow = NewTopic(bench.settings.prefixed("narrow.v1"), 1, 1, topic_configs={"max.message.bytes": "2000"})
    await admin.create_topics([narrow])
    await admin.close()
    small = [thing("a", n, to="narrow.v1", padding="x" * 700) for n in range(6)]
    with pytest.raises(RecordTooLarge) as refused:
        await bench.producer.publish_all([*small[:3], thing("a", 99, to="narrow.v1", padding="x" * 3000), *small[3:]])
    assert (refused.value.index, refused.value.event_id) == (3, "a-99")
    # Small ones that only together were too much for the topic go through one by one.
    positions = await bench.producer.publish_all(small)
    assert [each.offset for each in positions] == sorted(each.offset for each in positions)


async def test_a_dead_letter_of_the_largest_record_fits(bench: Bench) -> None:
    largest = b"x" * (bench.settings.environment.max_record_bytes - 100)
    letter = DeadLetter("NotJson", "d" * 5000, NAME, 0, 0, b"a", largest, (("h", b"v"),))
    (position,) = await bench.producer.set_aside([letter])
    assert position.topic == f"{NAME}.dead-letter"


async def test_a_topic_that_does_not_exist_is_transient_and_hinders_no_other(bench: Bench) -> None:
    async def missing() -> None:
        with pytest.raises(Transient, match=r"nowhere\.v1"):
            await bench.producer.publish(thing("a", 1, to="nowhere.v1"))

    waiting = asyncio.create_task(missing())
    for n in range(5):
        await bench.producer.publish(thing("a", n))
    await waiting


async def test_without_a_broker_publishing_is_transient_after_its_time() -> None:
    settings = KafkaSettings(f"127.0.0.1:{free_ports(1)[0]}", environment=KafkaEnvironment(delivery_timeout_s=1.5))
    loop = asyncio.get_running_loop()
    async with Producer(settings) as producer:
        began = loop.time()
        with pytest.raises(Transient, match="did not acknowledge"):
            await producer.publish(thing("a", 1))
        assert loop.time() - began < 20
        with pytest.raises(Transient):
            await producer.ping()


async def test_ping(bench: Bench) -> None:
    await bench.producer.ping()
