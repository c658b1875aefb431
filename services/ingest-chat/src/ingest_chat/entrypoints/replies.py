"""Agents' replies, from `outbound.chat.v1`, and the sweep of what is owed."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

import structlog
from omnifil_contracts.delivery import SendMessage
from omnifil_messaging import PoisonRecords, Received
from omnifil_servicekit.errors import Transient
from omnifil_servicekit.metrics import reply_settled

from ingest_chat.domain.visitor import CHANNEL
from ingest_chat.handlers import ChatHandlers, undeliverable
from ingest_chat.metrics import DEBTS_SWEPT

log = structlog.get_logger(__name__)

_SWEEP_EVERY_S = 10.0
_UNTOUCHED_FOR = timedelta(seconds=15)


class Replies:
    """The deliver role's handler of batches."""

    def __init__(self, chat: ChatHandlers) -> None:
        self._chat = chat

    async def handle(self, batch: Sequence[Received[SendMessage]]) -> None:
        """Returns when all of them are in their transcripts and reported. Raises `PoisonRecords`, `Transient`."""
        poison = [(received, cause) for received in batch if (cause := undeliverable(received.record)) is not None]
        if poison:
            raise PoisonRecords(poison)
        await self._chat.deliver([received.record for received in batch])
        for received in batch:
            reply_settled(CHANNEL, received.record.requested_at, delivered=True)


class Sweep:
    """Loop: pay what a crash or an absent broker left behind, at the start and every ten seconds."""

    def __init__(self, chat: ChatHandlers, beat: Callable[[], None]) -> None:
        self._chat = chat
        self._beat = beat

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._beat()
            try:
                if swept := await self._chat.sweep(_UNTOUCHED_FOR):
                    DEBTS_SWEPT.inc(swept)
                    log.info("debts_paid", conversations=swept)
            except Transient as error:
                log.warning("sweep_waits", error=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _SWEEP_EVERY_S)
