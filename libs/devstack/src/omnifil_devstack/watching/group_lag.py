"""How far the consumer groups are behind, as Kafka knows it: also while a consumer is down and has no metrics."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from omnifil_messaging import KafkaSettings
from omnifil_messaging.admin import administration
from omnifil_servicekit.errors import Transient

Lag = dict[tuple[str, str], int]
"""(group, topic) → records that are not committed."""


async def group_lag(settings: KafkaSettings) -> Lag:
    """Of every group of the suite. Raises `Transient` when no broker answers."""
    lag: Lag = {}
    async with administration(settings) as admin:
        groups = [name for name, *_ in await admin.list_consumer_groups() if name.startswith(settings.topic_prefix)]
        committed = {group: await admin.list_consumer_group_offsets(group) for group in groups}
    partitions = {each for offsets in committed.values() for each in offsets}
    ends = await _ends(settings, partitions)
    for group, offsets in committed.items():
        for partition, (offset, _) in offsets.items():
            place = (settings.unprefixed(group), settings.unprefixed(partition.topic))
            lag[place] = lag.get(place, 0) + max(ends[partition] - max(offset, 0), 0)
    return lag


async def records_held(settings: KafkaSettings, topics: Sequence[str]) -> dict[str, int]:
    """Topic → offsets between its oldest and its newest record. Raises `Transient`."""
    async with _client(settings) as consumer:
        numbers = {topic: await consumer._client._wait_on_metadata(settings.prefixed(topic)) for topic in topics}
        partitions = [TopicPartition(settings.prefixed(topic), number) for topic in topics for number in numbers[topic]]
        first, end = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    held = dict.fromkeys(topics, 0)
    for each in partitions:
        held[settings.unprefixed(each.topic)] += end[each] - first[each]
    return held


async def _ends(settings: KafkaSettings, partitions: set[TopicPartition]) -> dict[TopicPartition, int]:
    if not partitions:
        return {}
    async with _client(settings) as consumer:
        return dict(await consumer.end_offsets(list(partitions)))


@asynccontextmanager
async def _client(settings: KafkaSettings) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(**settings.connection(), group_id=None, enable_auto_commit=False)
    try:
        await consumer.start()
        yield consumer
    except KafkaError as error:
        raise Transient(f"Kafka at {settings.bootstrap} does not answer ({type(error).__name__}).") from error
    finally:
        await consumer.stop()
