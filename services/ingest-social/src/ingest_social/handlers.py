"""Use cases: take a webhook, deliver replies."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import structlog
from omnifil_contracts.delivery import DeliveryReported, SendMessage
from omnifil_contracts.dossier import DeliveryState
from omnifil_contracts.message import Attachment, InboundMessage
from omnifil_servicekit import metrics
from omnifil_servicekit.errors import Transient

from ingest_social.domain.messenger import (
    CHANNEL,
    Delivered,
    Echo,
    Happening,
    Incoming,
    NotUnderstood,
    Read,
    metadata,
    understand,
)
from ingest_social.domain.page import Page
from ingest_social.domain.reply import Piece, pieces, window_closed
from ingest_social.ports import Broken, Delivery, FileGone, Files, Ledger, Network, Records, SendRefused, SentPiece

log = structlog.get_logger(__name__)

Clock = Callable[[], datetime]
_AT_ONCE = 16


class Webhooks:
    """Takes what networks tell. When `take` returns, everything in the webhook is safe."""

    def __init__(self, *, network: Network, files: Files, records: Records, ledger: Ledger, clock: Clock) -> None:
        self._network = network
        self._files = files
        self._records = records
        self._ledger = ledger
        self._clock = clock

    async def take(self, body: bytes, pages: Sequence[Page]) -> None:
        """A webhook that one of these pages' apps signed. Raises `Transient`: the network shall send it again.

        What is not understood is set aside with its reason; the rest of the webhook goes on.
        """
        try:
            webhook = understand(body, pages, self._clock())
        except NotUnderstood as error:
            await self._records.set_aside([Broken(pages[0].account, body, str(error))])
            return
        if webhook.broken:
            log.warning("webhook_parts_set_aside", channel=CHANNEL, parts=len(webhook.broken))
            await self._records.set_aside([Broken(pages[0].account, part, why) for part, why in webhook.broken])
        incoming = [happening for happening in webhook.happenings if isinstance(happening, Incoming)]
        if incoming:
            await self._records.received(await asyncio.gather(*(self._completed(each) for each in incoming)))
        await self._note(happening for happening in webhook.happenings if not isinstance(happening, Incoming))

    async def _completed(self, incoming: Incoming) -> InboundMessage:
        """The message with its files in our store: the network's addresses are good for a short time only."""
        attachments: list[Attachment] = []
        missing = 0
        for url in incoming.file_urls:
            try:
                content, media_type, filename = await self._network.fetch(incoming.page, url)
            except FileGone as error:
                log.warning("file_gone", channel=CHANNEL, message=incoming.message.message_id, reason=str(error))
                missing += 1
            else:
                attachments.append(await self._files.put(content, media_type, filename))
        name = None
        if incoming.message.direction == "inbound":
            name = await self._network.name_of(incoming.page, incoming.psid)
        return incoming.completed(attachments, name, missing)

    async def _note(self, receipts: Iterable[Happening]) -> None:
        concerned: dict[tuple[str, str], Page] = {}
        for receipt in receipts:
            match receipt:
                case Echo(page, psid, mid, outbound_id, part, at):
                    await self._ledger.sent(page, psid, SentPiece(mid, outbound_id, part), at)
                case Delivered(page, psid, mids, at):
                    await self._ledger.delivered(page, mids, at)
                case Read(page, psid, watermark, _):
                    await self._ledger.read(page, psid, watermark)
            concerned[receipt.page.account, receipt.psid] = receipt.page
        for (_, psid), page in concerned.items():
            await report_receipts(self._ledger, self._records, page, psid)


async def report_receipts(ledger: Ledger, records: Records, page: Page, psid: str) -> None:
    """Publish the receipts that can be told by now; told again after a crash, which changes nothing."""
    if reports := await ledger.unreported(page, psid):
        await records.report(reports)
        await ledger.reported(reports)


class Replies:
    """Delivers replies, each at most once."""

    def __init__(
        self, *, pages: Mapping[str, Page], network: Network, files: Files, records: Records, ledger: Ledger,
        clock: Clock, echo_patience_s: float,
    ) -> None:  # fmt: skip
        self._pages = pages
        self._network = network
        self._files = files
        self._records = records
        self._ledger = ledger
        self._clock = clock
        self._echo_patience_s = echo_patience_s

    async def deliver(self, commands: Sequence[SendMessage]) -> None:
        """Those of one conversation in order, conversations side by side. Raises `Transient` when one must wait;
        what has been sent by then is known and not sent again."""
        by_conversation: dict[str, list[SendMessage]] = {}
        for command in commands:
            by_conversation.setdefault(command.target.conversation.conversation_id, []).append(command)
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def in_order(conversation: list[SendMessage]) -> None:
            async with at_once:
                for command in conversation:
                    await self._deliver(command)

        results = await asyncio.gather(*map(in_order, by_conversation.values()), return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        # What is no mere delay is told first: it needs somebody's eyes.
        for failure in sorted(failures, key=lambda each: isinstance(each, Transient)):
            raise failure

    async def _deliver(self, command: SendMessage) -> None:
        page = self._pages.get(command.target.conversation.account)
        delivery = await self._ledger.open(command)
        if delivery.failed is not None:
            await self._report(command, DeliveryState.FAILED, reason=delivery.failed)
            return
        try:
            if page is None:
                raise SendRefused(
                    "The page of this conversation is no longer configured: ask who manages the channels."
                )
            mids = await self._send(page, delivery)
        except SendRefused as error:
            await self._ledger.failed(command.outbound_id, str(error))
            await self._report(command, DeliveryState.FAILED, reason=str(error))
            metrics.reply_settled(CHANNEL, command.requested_at, delivered=False)
            return
        await self._report(command, DeliveryState.SENT, mid=mids[-1] if mids else None)
        metrics.reply_settled(CHANNEL, command.requested_at, delivered=True)
        await report_receipts(self._ledger, self._records, page, command.target.conversation.key)

    async def _send(self, page: Page, delivery: Delivery) -> list[str]:
        """Send what has not been sent yet; the mids of all pieces."""
        command, mids, attempts = delivery.command, dict(delivery.mids), delivery.attempts
        for piece in pieces(command):
            if piece.number in mids:
                continue
            if delivery.attempted == piece.number and (mid := await self._echo_of(command, piece)) is not None:
                mids[piece.number] = mid
                continue
            if not mids and (closed := window_closed(command, self._clock())) is not None:
                raise SendRefused(closed)
            mids[piece.number] = await self._send_piece(page, command, piece, attempts)
            attempts += 1
        return [mids[number] for number in sorted(mids)]

    async def _send_piece(self, page: Page, command: SendMessage, piece: Piece, attempts: int) -> str:
        psid = command.target.conversation.key
        try:
            content = await self._files.get(piece.file) if piece.file is not None else None
        except FileGone as error:
            raise SendRefused(f"The file “{piece.file.filename if piece.file else ''}” is not in the store.") from error
        # Who had these partitions before may still be at it: of two, only one goes on.
        if not await self._ledger.attempting(command.outbound_id, piece.number, attempts):
            raise Transient("Another process has begun to send this reply: what became of it is looked at again.")
        began = self._clock()
        mid = await self._network.send(page, psid, piece, content, metadata(command.outbound_id, piece.number))
        await self._ledger.sent(page, psid, SentPiece(mid, command.outbound_id, piece.number), began)
        return mid

    async def _echo_of(self, command: SendMessage, piece: Piece) -> str | None:
        """Whether a piece whose sending was cut short had been taken: the network echoes what it takes."""
        deadline = asyncio.get_running_loop().time() + self._echo_patience_s
        while True:
            mid = await self._ledger.echoed(command.outbound_id, piece.number)
            if mid is not None or asyncio.get_running_loop().time() >= deadline:
                return mid
            await asyncio.sleep(0.2)

    async def _report(
        self, command: SendMessage, state: DeliveryState, *, mid: str | None = None, reason: str | None = None
    ) -> None:
        report = DeliveryReported(
            outbound_id=command.outbound_id,
            dossier_id=command.dossier_id,
            conversation_id=command.target.conversation.conversation_id,
            state=state,
            reason=reason,
            provider_message_id=mid,
            at=self._clock(),
        )
        await self._records.report([report])
