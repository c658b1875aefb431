"""Following one mailbox: take what is new, mark it seen, remember where we are, wait for more."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import structlog
from omnifil_messaging import Backoff
from omnifil_servicekit.errors import Transient

from ingest_email import metrics
from ingest_email.handlers.receiving import RAW_MEDIA_TYPE, ReceiveMail
from ingest_email.ports import Blobs, Folder, MailboxAway, Mailboxes, Pending, Position, Positions

log = structlog.get_logger(__name__)

_WAIT_S = 15.0
_REFUSALS_LIMIT = 8  # some two minutes, with the pauses between them
_BATCH_BYTES = 32 * 1024 * 1024
_LONG_PAUSE_ATTEMPT = 8


class MailboxWatch:
    """One mailbox, for as long as the service lives. What goes wrong with it concerns no other mailbox."""

    def __init__(
        self,
        account: str,
        *,
        mailboxes: Mailboxes,
        positions: Positions,
        blobs: Blobs,
        receive: ReceiveMail,
        take_all: bool,
        mail_bytes: int,
        batch_mails: int,
        beat: Callable[[], None] = lambda: None,
        backoff: Backoff | None = None,
    ) -> None:
        self._account = account
        self._mailboxes = mailboxes
        self._positions = positions
        self._blobs = blobs
        self._receive = receive
        self._take_all = take_all
        self._mail_bytes = mail_bytes
        self._batch_mails = batch_mails
        self._beat = beat
        self._backoff = backoff or Backoff(first_s=0.5, ceiling_s=60.0)
        self._failures = 0
        self._refusals: Counter[int] = Counter()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; a mail in hand is finished."""
        while not stop.is_set():
            self._beat()
            try:
                async with self._mailboxes.open(self._account) as folder:
                    waking = asyncio.create_task(_wake_at(stop, folder))
                    metrics.MAILBOX_OPEN.labels(self._account).set(1)
                    try:
                        await self._follow(folder, stop)
                    finally:
                        waking.cancel()
                        metrics.MAILBOX_OPEN.labels(self._account).set(0)
            except Transient as error:
                self._failures += 1
                pause_s = self._backoff.pause_s(min(self._failures, _LONG_PAUSE_ATTEMPT))
                log.warning("mailbox_away", account=self._account, error=str(error), retry_in_s=round(pause_s, 1))
                await self._pause(pause_s, stop)

    async def _follow(self, folder: Folder, stop: asyncio.Event) -> None:
        log.info("mailbox_open", account=self._account)
        position = await self._begin(folder, stop)
        while not stop.is_set():
            for batch in _batches(await folder.pending(position.last_uid), self._batch_mails):
                if stop.is_set():
                    return
                await self._take(folder, batch)
                position = Position(folder.uidvalidity, batch[-1].uid)
                await self._positions.save(self._account, position)
                self._beat()
            self._failures = 0
            await folder.wait(_WAIT_S)
            self._beat()

    async def _begin(self, folder: Folder, stop: asyncio.Event) -> Position:
        """Where to go on. Of a new UIDVALIDITY everything is looked at again: its UIDs say nothing of what we had."""
        known = await self._positions.load(self._account)
        if known is not None and known.uidvalidity == folder.uidvalidity:
            return known
        if known is not None:
            log.warning("uidvalidity_changed", account=self._account)
        if known is not None or self._take_all:
            return Position(folder.uidvalidity, 0)
        # The first look at a folder: what was read before our time is not ours to take.
        for batch in _batches(
            [each for each in await folder.unseen() if each.uid <= folder.last_uid], self._batch_mails
        ):
            if stop.is_set():
                return Position(folder.uidvalidity, 0)
            await self._take(folder, batch)
            self._beat()
        position = Position(folder.uidvalidity, folder.last_uid)
        await self._positions.save(self._account, position)
        return position

    async def _take(self, folder: Folder, batch: Sequence[Pending]) -> None:
        """Kafka has them when this returns, and only then are they seen."""
        hopeless = {each.uid for each in batch if self._refusals[each.uid] >= _REFUSALS_LIMIT}
        giants = [each for each in batch if each.size_bytes > self._mail_bytes and each.uid not in hopeless]
        fetched: dict[int, bytes] = {}
        for each in batch:
            if each.uid not in hopeless and each.size_bytes <= self._mail_bytes:
                with self._counted(each):
                    fetched |= await folder.fetch([each.uid])
        if fetched:
            await self._receive.take(self._account, [fetched[uid] for uid in sorted(fetched)])
        for giant in giants:
            with self._counted(giant):
                stored = await self._blobs.put(folder.stream(giant), RAW_MEDIA_TYPE)
            await self._receive.take_giant(self._account, stored, self._mail_bytes)
        for uid in sorted(hopeless):
            await self._receive.take_unfetchable(self._account, uid, self._refusals[uid])
        await folder.mark_seen([*fetched, *(each.uid for each in giants)])
        self._refusals.clear()

    @contextmanager
    def _counted(self, mail: Pending) -> Iterator[None]:
        """A mail that breaks the connection each time it is asked for must not hold those behind it for ever."""
        try:
            yield
        except MailboxAway:
            self._refusals[mail.uid] += 1
            raise

    async def _pause(self, pause_s: float, stop: asyncio.Event) -> None:
        """In steps, so that the loop is known to be alive."""
        until = asyncio.get_running_loop().time() + pause_s
        while not stop.is_set() and (left := until - asyncio.get_running_loop().time()) > 0:
            self._beat()
            try:
                async with asyncio.timeout(min(left, _WAIT_S)):
                    await stop.wait()
            except TimeoutError:
                continue


async def _wake_at(stop: asyncio.Event, folder: Folder) -> None:
    await stop.wait()
    folder.wake()


def _batches(pending: Sequence[Pending], limit: int) -> list[list[Pending]]:
    """In order, bounded by number and by size."""
    batches: list[list[Pending]] = []
    size_bytes = 0
    for each in pending:
        if not batches or len(batches[-1]) >= limit or size_bytes + each.size_bytes > _BATCH_BYTES:
            batches.append([])
            size_bytes = 0
        batches[-1].append(each)
        size_bytes += each.size_bytes
    return batches
