"""The port `Records` on Kafka."""

import json
from collections.abc import Sequence

from omnifil_contracts import ids
from omnifil_contracts.delivery import DeliveryReported
from omnifil_contracts.message import InboundMessage, RawMessage
from omnifil_contracts.topics import DELIVERY_EVENTS, INBOUND, RAW_EMAIL
from omnifil_messaging import DeadLetter, Outgoing, Producer
from omnifil_messaging.context import accepting, carried

from ingest_email.domain.normalise import CHANNEL
from ingest_email.ports import SetAside, Stored

SOURCE = "/omnifil/ingest-email"
ACCOUNT_HEADER = "omnifil_account"
BLOB_CONTENT_TYPE = "application/vnd.omnifil.blob+json"


class KafkaRecords:
    """Returns from each method when Kafka has acknowledged all of it."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    async def received(self, messages: Sequence[InboundMessage]) -> None:
        since = min(message.received_at for message in messages)
        with accepting(CHANNEL, [message.message_id for message in messages], since):
            await self._producer.publish_all(
                [
                    Outgoing(
                        topic=INBOUND.of(CHANNEL),
                        key=message.sender.primary.identity.key,
                        record=message,
                        event_id=ids.event_id("received", message.message_id),
                        source=SOURCE,
                        subject=message.message_id,
                        time=message.received_at,
                        context=carried(message.message_id),
                    )
                    for message in messages
                ]
            )

    async def set_aside(self, mails: Sequence[SetAside]) -> None:
        await self._producer.set_aside([_letter(mail) for mail in mails])

    async def reported(self, reports: Sequence[DeliveryReported]) -> None:
        await self._producer.publish_all(
            [
                Outgoing(
                    topic=DELIVERY_EVENTS.name,
                    key=report.dossier_id,
                    record=report,
                    event_id=ids.event_id("delivery", report.outbound_id, report.state),
                    source=SOURCE,
                    subject=report.outbound_id,
                    time=report.at,
                    context=carried(report.outbound_id),
                )
                for report in reports
            ]
        )


def _letter(mail: SetAside) -> DeadLetter:
    """Its source topic is that of raw mails, so that a replay comes back to us and not to who reads messages."""
    if isinstance(mail.content, Stored):
        kind = BLOB_CONTENT_TYPE
        value = json.dumps({"sha256": mail.content.sha256, "size_bytes": mail.content.size_bytes}).encode()
    else:
        kind, value = "message/rfc822", mail.content
    headers = {ACCOUNT_HEADER: mail.account, "content-type": kind, "ce_type": RawMessage.ce_type, "ce_source": SOURCE}
    return DeadLetter(
        cause=mail.cause,
        detail=mail.detail,
        source_topic=RAW_EMAIL.name,
        partition=None,
        offset=None,
        key=mail.account.encode(),
        value=value,
        headers=tuple((name, text.encode()) for name, text in headers.items()),
    )
