"""Taking records out of topics: when all have passed them, somebody's dead letters and nobody else's."""

import asyncio
import json

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from omnifil_contracts.topics import CUSTOMER_EVENTS, DOSSIER_EVENTS, INBOUND, dead_letter_of
from omnifil_messaging import KafkaSettings, OffsetsGone, Producer, TopicTail, ensure_topics
from omnifil_messaging.dead_letter.letter import DeadLetter
from omnifil_messaging.dead_letter.shelf import Shelf
from omnifil_messaging.dead_letter.sorting_out import sort_out
from omnifil_messaging.outgoing import Wire
from omnifil_messaging.trimming import behind, ends_of, our_topics, trim

pytestmark = pytest.mark.integration

TOPIC = DOSSIER_EVENTS.name
SOURCE = INBOUND.of("email")


@pytest.fixture
async def topics(kafka_settings: KafkaSettings) -> None:
    await ensure_topics(kafka_settings, [DOSSIER_EVENTS, CUSTOMER_EVENTS, INBOUND], channels=["email"])


async def put(settings: KafkaSettings, topic: str, *values: bytes) -> None:
    async with Producer(settings) as producer:
        await producer.publish_raw([Wire(topic=topic, key=b"k", value=value, partition=0) for value in values])


async def values(settings: KafkaSettings, topic: str) -> list[bytes]:
    """What can be read of partition 0."""
    ends = await TopicTail(settings, topic).end_offsets()
    first = await TopicTail(settings, topic).beginning_offsets()
    found: list[bytes] = []
    if first[0] == ends[0]:
        return found
    stop = asyncio.Event()
    async for batch in TopicTail(settings, topic).read("beginning", stop):
        found += [received.record for received in batch if received.partition == 0]
        if any(received.partition == 0 and received.offset + 1 >= ends[0] for received in batch):
            stop.set()
    return found


@pytest.mark.usefixtures("topics")
@pytest.mark.parametrize("topic", [TOPIC, CUSTOMER_EVENTS.name])
async def test_what_was_there_is_gone_and_what_comes_is_read(kafka_settings: KafkaSettings, topic: str) -> None:
    await put(kafka_settings, topic, b"old one", b"old two")
    ends = await ends_of(kafka_settings, [topic])
    await put(kafka_settings, topic, b"new")
    assert await trim(kafka_settings, ends) == 2
    assert await values(kafka_settings, topic) == [b"new"]
    assert await trim(kafka_settings, ends) == 0


@pytest.mark.usefixtures("topics")
async def test_who_stood_before_it_is_told_that_it_is_gone(kafka_settings: KafkaSettings) -> None:
    await put(kafka_settings, TOPIC, b"old one", b"old two")
    await trim(kafka_settings, await ends_of(kafka_settings, [TOPIC]))
    with pytest.raises(OffsetsGone):
        async for _ in TopicTail(kafka_settings, TOPIC).read({0: 1}, asyncio.Event()):
            pass


@pytest.mark.usefixtures("topics")
async def test_a_group_that_has_not_read_on_is_named(kafka_settings: KafkaSettings) -> None:
    await put(kafka_settings, TOPIC, b"one", b"two")
    ends = await ends_of(kafka_settings, [TOPIC])
    name = kafka_settings.prefixed("integrator")
    place = TopicPartition(kafka_settings.prefixed(TOPIC), 0)
    consumer = AIOKafkaConsumer(**kafka_settings.connection(), group_id=name, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([place])
        await consumer.commit({place: 1})
        assert await behind(kafka_settings, ends) == ["integrator"]
        await consumer.commit({place: 2})
        assert await behind(kafka_settings, ends) == []
    finally:
        await consumer.stop()


@pytest.mark.usefixtures("topics")
async def test_only_topics_of_the_suite_are_ours(kafka_settings: KafkaSettings) -> None:
    assert set(await our_topics(kafka_settings)) == {
        TOPIC, CUSTOMER_EVENTS.name, SOURCE, *map(dead_letter_of, (TOPIC, CUSTOMER_EVENTS.name, SOURCE)),
    }  # fmt: skip
    elsewhere = KafkaSettings(
        kafka_settings.bootstrap, client_id="test", topic_prefix=f"{kafka_settings.topic_prefix}x"
    )
    assert await our_topics(elsewhere) == []


def a_letter(who: str, offset: int) -> DeadLetter:
    return DeadLetter("InvalidRecord", "", SOURCE, 0, offset, who.encode(), json.dumps({"who": who}).encode())


async def is_hers(record: ConsumerRecord) -> bool:
    return b"her" in (record.value or b"")


@pytest.mark.usefixtures("topics")
async def test_her_dead_letters_go_and_his_stay_with_what_became_of_them(kafka_settings: KafkaSettings) -> None:
    shelf = Shelf(kafka_settings)
    async with Producer(kafka_settings) as producer:
        await producer.set_aside([a_letter("her", 1), a_letter("his", 2), a_letter("his too", 3)])
        await shelf.replay(producer, SOURCE, ["0:1"])
        before = {each.source_offset: each for each in await shelf.entries(SOURCE)}
        ends = {each.partition: end for each, end in (await ends_of(kafka_settings, [dead_letter_of(SOURCE)])).items()}
        await producer.set_aside([a_letter("her", 4)])  # after the ends: she has written again
        assert await sort_out(kafka_settings, producer, SOURCE, ends, is_hers) == 1
        assert await sort_out(kafka_settings, producer, SOURCE, ends, is_hers) == 0
    after = {each.source_offset: each for each in await shelf.entries(SOURCE)}
    assert set(after) == {2, 3, 4}
    for offset in (2, 3):
        assert (after[offset].cause, after[offset].set_aside_at) == (before[offset].cause, before[offset].set_aside_at)
        assert after[offset].replayed_at == before[offset].replayed_at
    assert after[2].replayed_at is not None
    _, letter = await shelf.show(SOURCE, after[3].id)
    assert (letter.key, letter.value) == (b"his too", b'{"who": "his too"}')


@pytest.mark.usefixtures("topics")
async def test_who_dies_before_trimming_publishes_nothing_twice(
    kafka_settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(kafka_settings)

    async def dies(*_: object) -> int:
        raise ConnectionError("the process ends here")

    async with Producer(kafka_settings) as producer:
        await producer.set_aside([a_letter("her", 1), a_letter("his", 2)])
        await shelf.replay(producer, SOURCE, ["0:1"])
        ends = {each.partition: end for each, end in (await ends_of(kafka_settings, [dead_letter_of(SOURCE)])).items()}
        with monkeypatch.context() as patched:
            patched.setattr("omnifil_messaging.dead_letter.sorting_out.trim", dies)
            with pytest.raises(ConnectionError):
                await sort_out(kafka_settings, producer, SOURCE, ends, is_hers)
        assert await sort_out(kafka_settings, producer, SOURCE, ends, is_hers) == 1
    assert [(each.source_offset, each.replayed_at is not None) for each in await shelf.entries(SOURCE)] == [(2, True)]
