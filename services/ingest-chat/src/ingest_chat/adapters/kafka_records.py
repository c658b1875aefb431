"""The chat's records on Kafka."""

from collections.abc import Sequence
from datetime import UTC, datetime

from omnifil_contracts import ids, topics
from omnifil_contracts.delivery import DeliveryReported, PresenceChanged
from omnifil_contracts.message import InboundMessage
from omnifil_messaging import Outgoing, Producer
from omnifil_messaging.context import accepting, carried
from omnifil_servicekit import metrics

from ingest_chat.domain.visitor import CHANNEL

SOURCE = "/omnifil/ingest-chat"
INBOUND = topics.INBOUND.of(CHANNEL)
_ACCEPTED = metrics.messages(CHANNEL, metrics.Stage.ACCEPTED)


class KafkaRecords:
    """Implements `ports.Records`."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    async def publish(self, messages: Sequence[InboundMessage], reports: Sequence[DeliveryReported]) -> None:
        since = min((message.received_at for message in messages), default=datetime.now(UTC))
        with accepting(CHANNEL, [message.message_id for message in messages], since):
            outgoings = [*map(_received, messages), *map(_reported, reports)]
            if outgoings:
                await self._producer.publish_all(outgoings)
        _ACCEPTED.inc(len(messages))

    async def publish_presence(self, presence: PresenceChanged) -> None:
        key = presence.conversation_id or presence.dossier_id or ""
        event_id = ids.event_id("presence", key, presence.actor.id, presence.activity, presence.at.isoformat())
        await self._producer.publish(
            Outgoing(topics.PRESENCE_EVENTS.name, key, presence, event_id, SOURCE, key, datetime.now(UTC))
        )


def _received(message: InboundMessage) -> Outgoing:
    return Outgoing(
        topic=INBOUND,
        key=message.sender.primary.identity.key,
        record=message,
        event_id=ids.event_id("received", message.message_id),
        source=SOURCE,
        subject=message.message_id,
        time=message.received_at,
        context=carried(message.message_id),
    )


def _reported(report: DeliveryReported) -> Outgoing:
    return Outgoing(
        topic=topics.DELIVERY_EVENTS.name,
        key=report.dossier_id,
        record=report,
        event_id=ids.event_id("delivery", report.outbound_id, report.state),
        source=SOURCE,
        subject=report.outbound_id,
        time=report.at,
        context=carried(report.outbound_id),
    )
