"""Records into use cases."""

from collections.abc import Mapping, Sequence

from omnifil_contracts.delivery import SendMessage
from omnifil_contracts.message import RawMessage
from omnifil_messaging import PoisonRecords, Received
from omnifil_servicekit.errors import Poison

from ingest_social.domain.page import Page
from ingest_social.handlers import Replies, Webhooks


class OutboundConsumer:
    def __init__(self, replies: Replies) -> None:
        self._replies = replies

    async def __call__(self, batch: Sequence[Received[SendMessage]]) -> None:
        await self._replies.deliver([received.record for received in batch])


class ReplayConsumer:
    """Webhooks that were set aside and are tried again. Their signature was checked when they came."""

    def __init__(self, webhooks: Webhooks, pages: Mapping[str, Page]) -> None:
        self._webhooks = webhooks
        self._pages = pages

    async def __call__(self, batch: Sequence[Received[RawMessage]]) -> None:
        for received in batch:
            account = received.headers.get("omnifil_account", received.key)
            page = self._pages.get(account)
            if page is None:
                raise PoisonRecords([(received, Poison(f"There is no page for the account {account!r}."))])
            await self._webhooks.take(received.record.content, [page])
