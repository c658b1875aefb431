"""From Kafka's records to the use cases."""

import json
from collections.abc import Sequence

from omnifil_contracts.delivery import SendMessage
from omnifil_contracts.message import RawMessage
from omnifil_messaging import PoisonRecords, Received
from omnifil_servicekit.errors import Poison

from ingest_email.adapters.kafka_records import ACCOUNT_HEADER, BLOB_CONTENT_TYPE
from ingest_email.handlers.delivering import DeliverReplies
from ingest_email.handlers.receiving import ReceiveMail
from ingest_email.ports import ContentMissing, Stored


class Replies:
    """`outbound.email.v1`."""

    def __init__(self, deliver: DeliverReplies) -> None:
        self._deliver = deliver

    async def handle(self, batch: Sequence[Received[SendMessage]]) -> None:
        await self._deliver.take([received.record for received in batch])


class ReplayedMails:
    """`inbound.email.raw.v1`: dead letters that somebody replayed."""

    def __init__(self, receive: ReceiveMail) -> None:
        self._receive = receive

    async def handle(self, batch: Sequence[Received[RawMessage]]) -> None:
        for received in batch:
            try:
                await self._receive.replayed(self._account(received), _content(received))
            except (Poison, ContentMissing) as error:
                raise PoisonRecords([(received, error)]) from error

    def _account(self, received: Received[RawMessage]) -> str:
        account = received.headers.get(ACCOUNT_HEADER, received.key)
        if not self._receive.knows(account):
            raise Poison(
                f"The mailbox {account!r} is not configured: the header {ACCOUNT_HEADER} must name one that is."
            )
        return account


def _content(received: Received[RawMessage]) -> bytes | Stored:
    if received.headers.get("content-type") != BLOB_CONTENT_TYPE:
        return received.record.content
    try:
        told = json.loads(received.record.content)
        return Stored(str(told["sha256"]), int(told["size_bytes"]))
    except (ValueError, KeyError, TypeError) as error:
        raise Poison(f"A value of {BLOB_CONTENT_TYPE} is an object with sha256 and size_bytes.") from error
