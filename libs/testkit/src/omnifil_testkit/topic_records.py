"""Records as the ingest services write them, and all that lie on the topics."""

from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from omnifil_contracts.message import InboundMessage
from omnifil_contracts.topics import INBOUND
from omnifil_messaging import KafkaSettings, Outgoing
from omnifil_messaging.topics import existing_topics


def as_ingested(message: InboundMessage) -> Outgoing:
    """The message on its way to `inbound.<channel>.v1`."""
    return Outgoing(
        topic=INBOUND.of(message.channel),
        key=message.sender.primary.identity.key,
        record=message,
        event_id=message.message_id,
        source="/test",
        subject=None,
        time=message.received_at,
    )


async def every_record(bootstrap: str) -> AsyncIterator[ConsumerRecord]:
    """Every record that can be read on any topic now, from the beginning, whatever the prefix; Kafka's own left out."""
    kafka = KafkaSettings(bootstrap, client_id="every-record")
    topics = [topic for topic in await existing_topics(kafka) if not topic.startswith("__")]
    consumer = AIOKafkaConsumer(**kafka.connection(), group_id=None, enable_auto_commit=False)
    await consumer.start()
    try:
        numbers = {topic: await consumer._client._wait_on_metadata(topic) for topic in topics}
        partitions = [TopicPartition(topic, number) for topic in topics for number in numbers[topic]]
        first, end = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        unread = {each for each in partitions if first[each] < end[each]}
        consumer.assign(sorted(unread))
        for each in unread:
            consumer.seek(each, first[each])
        while unread:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    yield record
            unread = {each for each in unread if await consumer.position(each) < end[each]}
    finally:
        await consumer.stop()
