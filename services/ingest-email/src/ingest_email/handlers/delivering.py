"""Replies out: taken into the ledger, sent once, reported."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

import structlog
from omnifil_contracts.delivery import DeliveryReported, SendMessage
from omnifil_contracts.dossier import DeliveryState
from omnifil_messaging import Backoff
from omnifil_messaging.context import TRACEPARENT, begin_sending, headers_of, processing, restored, traced
from omnifil_servicekit import metrics
from omnifil_servicekit.errors import Transient

from ingest_email.domain.mailbox import OurMailbox
from ingest_email.domain.normalise import CHANNEL
from ingest_email.domain.outgoing import OutgoingMail, Undeliverable, compose
from ingest_email.ports import (
    Blobs,
    Clock,
    ContentMissing,
    Delivery,
    Ledger,
    Postman,
    Records,
    Refused,
    Uncertain,
)

log = structlog.get_logger(__name__)

_UNCERTAIN = (
    "It is not known whether the mail went out: the connection to the mail server broke off while it was being sent. "
    "Ask the customer, or send it again if a second copy does no harm."
)
_FAULT = "An error inside Omnifil kept the mail from being sent, as far as is known; its log says more."
_LEDGER = "ledger"
"""What spans call it from which decisions are reported."""
_IDLE_S = 1.0
_FINISH_S = 12.0
_LIMIT = 50
_HOLD = timedelta(seconds=15)
"""After so long without a sign of life another process takes over what one was sending."""


@dataclass(frozen=True)
class _Sending:
    account: str
    task: asyncio.Task[None]


class _TakenElsewhere(Exception):
    """Another process is sending this reply."""


class DeliverReplies:
    """Takes commands into the ledger (`take`), and sends what is due in it (`run`).

    A reply that a server does not take now waits in the ledger, with those after it in its conversation; all others
    go on. What is interrupted between the content and the server's answer is not sent again, for it may have arrived:
    the agent is told.
    """

    def __init__(
        self,
        accounts: Mapping[str, OurMailbox],
        *,
        ledger: Ledger,
        postman: Postman,
        blobs: Blobs,
        records: Records,
        clock: Clock,
        give_up: timedelta,
        at_once: int,
        beat: Callable[[], None] = lambda: None,
        backoff: Backoff | None = None,
    ) -> None:
        self._accounts = accounts
        self._ledger = ledger
        self._postman = postman
        self._blobs = blobs
        self._records = records
        self._clock = clock
        self._give_up = give_up
        self._beat = beat
        self._backoff = backoff or Backoff(first_s=2.0, ceiling_s=900.0)
        self._at_once = at_once
        self._news = asyncio.Event()

    async def take(self, commands: Sequence[SendMessage]) -> None:
        """Durable when it returns. Raises `Transient`."""
        await self._ledger.take(commands, self._clock())
        self._news.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send and report until `stop` is set; what is being sent then is finished."""
        sending: dict[str, _Sending] = {}
        held_at = self._clock()
        failures = 0
        try:
            while not stop.is_set():
                self._news.clear()
                self._beat()
                try:
                    await self._report()
                    now = self._clock()
                    if sending and now - held_at > _HOLD / 4:
                        held_at = now
                        await self._ledger.hold(list(sending), now + _HOLD)
                    in_hand = Counter(each.account for each in sending.values())
                    for delivery in await self._ledger.claim(now, _HOLD, self._at_once, in_hand):
                        task = asyncio.create_task(self._deliver(delivery), name=delivery.outbound_id)
                        account = delivery.command.target.conversation.account
                        sending[delivery.outbound_id] = _Sending(account, task)
                        task.add_done_callback(lambda done: sending.pop(done.get_name()))
                    failures = 0
                except Transient as error:
                    failures += 1
                    log.warning("deliveries_wait", error=str(error))
                await self._pause(stop, _IDLE_S if not failures else Backoff().pause_s(failures))
        finally:
            await _finished([each.task for each in sending.values()])
        await self._last_report()

    async def _deliver(self, delivery: Delivery) -> None:
        """One reply, to its end or to its next attempt; never raises but for faults of ours."""
        try:
            with _sending(delivery):
                await self._send(delivery)
        except _TakenElsewhere:
            log.info("reply_taken_elsewhere", outbound=delivery.outbound_id)
        except (Undeliverable, Refused, Uncertain) as error:
            reason = _UNCERTAIN if isinstance(error, Uncertain) else str(error)
            await self._decide(delivery, None, reason)
        except Transient as error:
            await self._postpone(delivery, error)
        except Exception as error:
            # A fault of ours: tried again it would fail again, and the agent must not wait for it.
            log.exception("reply_failed_inside", outbound=delivery.outbound_id)
            await self._decide(delivery, None, f"{_FAULT} ({type(error).__name__})")
        self._news.set()

    async def _send(self, delivery: Delivery) -> None:
        if delivery.step == "attempted":
            raise Uncertain
        mail = await self._mail(delivery.command)

        async def before_content() -> None:
            if not await self._ledger.attempt(delivery.outbound_id):
                raise _TakenElsewhere

        await self._postman.send(delivery.command.target.conversation.account, mail, before_content)
        await self._decide(delivery, mail.message_id, None)

    async def _mail(self, command: SendMessage) -> OutgoingMail:
        us = self._accounts.get(command.target.conversation.account)
        if us is None:
            account = command.target.conversation.account
            raise Undeliverable(f"The mailbox {account} is not configured any more: no reply can go out from it.")
        files: dict[str, bytes] = {}
        for attachment in command.attachments:
            try:
                files[attachment.sha256] = await self._blobs.get(attachment.sha256)
            except ContentMissing:
                continue  # the mail's composer says which file it is
        return compose(command, us, files, self._clock())

    async def _decide(self, delivery: Delivery, message_id: str | None, reason: str | None) -> None:
        """Written as soon as it is known: a database that is away at this moment is waited for."""
        for attempt in count(1):
            try:
                await self._ledger.decide(
                    delivery.outbound_id,
                    sent=reason is None,
                    reason=reason,
                    provider_message_id=message_id,
                    at=self._clock(),
                )
            except Transient:
                await asyncio.sleep(Backoff().pause_s(attempt))
            else:
                log.info("reply_decided", outbound=delivery.outbound_id, sent=reason is None)
                metrics.reply_settled(CHANNEL, delivery.command.requested_at, delivered=reason is None)
                return

    async def _postpone(self, delivery: Delivery, error: Transient) -> None:
        now = self._clock()
        if now - delivery.taken_at > self._give_up:
            hours = round(self._give_up.total_seconds() / 3600)
            await self._decide(delivery, None, f"No server took the mail for {hours} hours. The last answer: {error}")
            return
        until = now + timedelta(seconds=self._backoff.pause_s(delivery.attempts))
        log.warning("reply_waits", outbound=delivery.outbound_id, error=str(error), attempts=delivery.attempts)
        try:
            await self._ledger.postpone(delivery.outbound_id, until, str(error))
        except Transient:
            log.warning("ledger_away", outbound=delivery.outbound_id)  # due again when the hold is over

    async def _report(self) -> None:
        """Tell what was decided; told again if this is interrupted, under the same event id."""
        while decided := await self._ledger.unreported(_LIMIT):
            things = traced((each.outbound_id, _context(each)) for each in decided)
            with processing(things, _LEDGER, operation="report", system="mongodb", batch_size=len(decided)):
                await self._records.reported([_report(each, self._clock()) for each in decided])
            await self._ledger.reported([each.outbound_id for each in decided])

    async def _last_report(self) -> None:
        try:
            await self._report()
        except Transient as error:
            log.warning("reports_wait_for_the_next_start", error=str(error))

    async def _pause(self, stop: asyncio.Event, limit_s: float) -> None:
        waiting = {asyncio.create_task(stop.wait()), asyncio.create_task(self._news.wait())}
        await asyncio.wait(waiting, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()


@contextmanager
def _sending(delivery: Delivery) -> Iterator[None]:
    """An attempt in the trace of its reply, where that is recorded; the consumer's span ended at the ledger."""
    span = begin_sending(CHANNEL, _context(delivery), system="smtp")
    if span is None:
        yield
        return
    try:
        with restored({name: value.decode() for name, value in headers_of(span)}):
            yield
    except Exception as error:
        span.set_attribute("error.type", type(error).__qualname__)  # what errors say may name people
        raise
    finally:
        span.end()


def _context(delivery: Delivery) -> Mapping[str, str]:
    return {TRACEPARENT: delivery.traceparent} if delivery.traceparent else {}


async def _finished(tasks: Collection[asyncio.Task[None]]) -> None:
    """Let them end; one that a mute server holds is cut, and taken up again at the next start."""
    if tasks:
        _, hanging = await asyncio.wait(tasks, timeout=_FINISH_S)
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)


def _report(delivery: Delivery, now: datetime) -> DeliveryReported:
    command = delivery.command
    return DeliveryReported(
        outbound_id=command.outbound_id,
        dossier_id=command.dossier_id,
        conversation_id=command.target.conversation.conversation_id,
        state=DeliveryState.SENT if delivery.step == "sent" else DeliveryState.FAILED,
        reason=delivery.reason if delivery.step == "failed" else None,
        provider_message_id=delivery.provider_message_id,
        at=delivery.decided_at or now,
    )
