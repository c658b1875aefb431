"""How far the consumer groups are behind, as Kafka knows it: also while a consumer is down and has no metrics."""

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


async def _ends(settings: KafkaSettings, partitions: set[TopicPartition]) -> dict[TopicPartition, int]:
    if not partitions:
        return {}
    consumer = AIOKafkaConsumer(**settings.connection(), group_id=None, enable_auto_commit=False)
    try:
        await consumer.start()
        return dict(await consumer.end_offsets(list(partitions)))
    except KafkaError as error:
        raise Transient(f"Kafka at {settings.bootstrap} does not answer ({type(error).__name__}).") from error
    finally:
        await consumer.stop()
