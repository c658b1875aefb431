"""What leaves by Kafka."""

from collections.abc import Sequence

from omnifil_contracts import ids
from omnifil_contracts.delivery import DeliveryReported
from omnifil_contracts.message import InboundMessage
from omnifil_contracts.topics import DELIVERY_EVENTS, INBOUND, RAW_SOCIAL
from omnifil_messaging import DeadLetter, Outgoing, Producer
from omnifil_messaging.context import carried
from omnifil_servicekit import metrics

from ingest_social.domain.messenger import CHANNEL
from ingest_social.ports import Broken

_SOURCE = "/omnifil/ingest-social"
_ACCEPTED = metrics.messages(CHANNEL, metrics.Stage.ACCEPTED)


class KafkaRecords:
    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    async def received(self, messages: Sequence[InboundMessage]) -> None:
        await self._producer.publish_all(
            [
                Outgoing(
                    INBOUND.of(CHANNEL),
                    message.sender.primary.identity.key,
                    message,
                    ids.event_id("received", message.message_id),
                    _SOURCE,
                    message.message_id,
                    message.received_at,
                )
                for message in messages
            ]
        )
        _ACCEPTED.inc(len(messages))

    async def set_aside(self, broken: Sequence[Broken]) -> None:
        await self._producer.set_aside(
            [
                DeadLetter(
                    cause="NotUnderstood",
                    detail=part.reason,
                    source_topic=RAW_SOCIAL.name,
                    partition=None,
                    offset=None,
                    key=part.account.encode(),
                    value=part.body,
                    headers=(("omnifil_account", part.account.encode()),),
                )
                for part in broken
            ]
        )

    async def report(self, reports: Sequence[DeliveryReported]) -> None:
        await self._producer.publish_all(
            [
                Outgoing(
                    DELIVERY_EVENTS.name,
                    report.dossier_id,
                    report,
                    ids.event_id("delivery", report.outbound_id, report.state),
                    _SOURCE,
                    report.outbound_id,
                    report.at,
                    carried(report.outbound_id),
                )
                for report in reports
            ]
        )
