"""Taking records out of topics for good, once everybody who reads with a group has passed them."""

import re
from collections.abc import Iterable, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import RecordsToDelete
from aiokafka.errors import KafkaError, PolicyViolationError
from omnifil_contracts.topics import DEAD_LETTER_SUFFIX, REGISTRY
from omnifil_servicekit.errors import Transient

from omnifil_messaging.admin import administration
from omnifil_messaging.settings import KafkaSettings
from omnifil_messaging.topics import existing_topics

Ends = Mapping[TopicPartition, int]
"""Of each partition (topics named without the prefix), the offset behind the last record that is meant."""


class NotTrimmable(Exception):
    """A topic's `cleanup.policy` does not let records be taken out. Its text says what to do."""


def _is_ours(topic: str) -> bool:
    name = topic.removesuffix(DEAD_LETTER_SUFFIX)
    return any(
        re.fullmatch(re.escape(each.name).replace("<channel>", r"[a-z][a-z0-9-]{1,30}"), name) for each in REGISTRY
    )


async def our_topics(settings: KafkaSettings) -> list[str]:
    """Every topic of the registry that exists, integrators' channels and dead letters too; named without the prefix."""
    return [topic for topic in await existing_topics(settings) if _is_ours(topic)]


async def ends_of(settings: KafkaSettings, topics: Iterable[str]) -> dict[TopicPartition, int]:
    """Where each partition ends now. Raises `Transient`."""
    consumer = AIOKafkaConsumer(**settings.connection(), group_id=None, enable_auto_commit=False)
    try:
        await consumer.start()
        partitions = [
            TopicPartition(settings.prefixed(topic), number)
            for topic in topics
            for number in sorted(await consumer._client._wait_on_metadata(settings.prefixed(topic)))
        ]
        found = await consumer.end_offsets(partitions)
    except KafkaError as error:
        raise Transient(f"Kafka at {settings.bootstrap} does not answer ({error!r}): try again.") from error
    finally:
        await consumer.stop()
    return {TopicPartition(settings.unprefixed(each.topic), each.partition): end for each, end in found.items()}


async def behind(settings: KafkaSettings, ends: Ends) -> list[str]:
    """The consumer groups (without the prefix) that have not passed these ends yet. Raises `Transient`.

    A group is asked about the partitions that it has ever committed an offset of.
    """
    waiting: list[str] = []
    async with administration(settings) as admin:
        for group, *_ in await admin.list_consumer_groups():
            for place, (offset, _) in (await admin.list_consumer_group_offsets(group)).items():
                plain = TopicPartition(settings.unprefixed(place.topic), place.partition)
                if 0 <= offset < ends.get(plain, 0) and place.topic == settings.prefixed(plain.topic):
                    waiting.append(settings.unprefixed(group))
                    break
    return sorted(waiting)


async def trim(settings: KafkaSettings, ends: Ends) -> int:
    """Nobody can read what lies before these ends any more. Returns how many offsets went. Again, it does nothing.

    The broker deletes whole segments: a segment that is still written to is deleted after it is rolled, `segment.ms`
    at the latest where the topic is written to. Raises `Transient`, `NotTrimmable`.
    """
    begins = await _begins(settings, ends)
    wanted = {
        TopicPartition(settings.prefixed(each.topic), each.partition): RecordsToDelete(before_offset=end)
        for each, end in ends.items()
        if begins.get(each, end) < end
    }
    if not wanted:
        return 0
    async with administration(settings) as admin:
        try:
            await admin.delete_records(wanted)
        except PolicyViolationError as error:
            raise NotTrimmable(
                "A topic has a cleanup.policy that keeps records from being deleted: set that of "
                f"{settings.prefixed('customer.events.v1')} to compact,delete (kafka-configs --alter)."
            ) from error
    return sum(ends[each] - begins[each] for each in ends if each in begins and begins[each] < ends[each])


async def _begins(settings: KafkaSettings, ends: Ends) -> dict[TopicPartition, int]:
    consumer = AIOKafkaConsumer(**settings.connection(), group_id=None, enable_auto_commit=False)
    try:
        await consumer.start()
        found = await consumer.beginning_offsets(
            [TopicPartition(settings.prefixed(each.topic), each.partition) for each in ends]
        )
    except KafkaError as error:
        raise Transient(f"Kafka at {settings.bootstrap} does not answer ({error!r}): try again.") from error
    finally:
        await consumer.stop()
    return {TopicPartition(settings.unprefixed(each.topic), each.partition): begin for each, begin in found.items()}
