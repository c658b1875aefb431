"""One change stream for a process, many who listen to a part of it: a visitor's socket, an agent's inbox."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import structlog

from .changes import Change, ChangeTail, ResumeTokenGone

log = structlog.get_logger(__name__)


class Overrun(Exception):
    """Changes were missed: the listener was too slow, or the stream has a gap. Subscribe again, then read again."""


class Subscription:
    """The changes of one key, in order: `async for change in subscription`. Ends when the fan-out stops."""

    def __init__(self, capacity: int) -> None:
        self._waiting: asyncio.Queue[Change | None] = asyncio.Queue(capacity)
        self._ended = self._overrun = False

    def __aiter__(self) -> AsyncIterator[Change]:
        return self

    async def __anext__(self) -> Change:
        if self._overrun:
            raise Overrun("Changes came faster than they were read.")
        if self._ended and self._waiting.empty():
            raise StopAsyncIteration
        change = await self._waiting.get()
        if change is None:
            return await self.__anext__()  # woken to look at the flags
        return change

    def offer(self, change: Change) -> None:
        if self._waiting.full():
            self.overrun()
        else:
            self._waiting.put_nowait(change)

    def overrun(self) -> None:
        self._overrun = True
        self._wake()

    def end(self) -> None:
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        if self._waiting.empty():
            self._waiting.put_nowait(None)


class Fanout:
    """Hands each change to those who subscribed to one of its keys. Always from now on: it stores no position.

    A subscriber that leaves `capacity` changes unread gets `Overrun` instead of slowing the others.
    """

    def __init__(
        self,
        tail: ChangeTail,
        keys_of: Callable[[Change], Iterable[str]],
        *,
        capacity: int = 1000,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._tail = tail
        self._keys_of = keys_of
        self._capacity = capacity
        self._beat = beat
        self._opened = asyncio.Event()
        self._stopped = False
        self._subscriptions: dict[str, set[Subscription]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """A loop for `run_process`; `beat` is called at each batch, also at empty ones."""
        try:
            while not stop.is_set():
                try:
                    async for batch in self._tail.batches(None, stop):
                        self._opened.set()
                        self._beat()
                        for change in batch.changes:
                            self._hand_out(change)
                except ResumeTokenGone as error:
                    log.warning("fanout_gap", error=str(error))
                    for subscription in self._all():
                        subscription.overrun()
        finally:
            self._stopped = True
            self._opened.set()
            for subscription in self._all():
                subscription.end()

    @asynccontextmanager
    async def subscribe(self, key: str) -> AsyncIterator[Subscription]:
        """Waits until the stream is open: what is read inside the body and what is iterated together miss nothing."""
        await self._opened.wait()
        subscription = Subscription(self._capacity)
        self._subscriptions.setdefault(key, set()).add(subscription)
        if self._stopped:
            subscription.end()
        try:
            yield subscription
        finally:
            of_key = self._subscriptions[key]
            of_key.discard(subscription)
            if not of_key:
                del self._subscriptions[key]

    def _hand_out(self, change: Change) -> None:
        for key in self._keys_of(change):
            for subscription in self._subscriptions.get(key, ()):
                subscription.offer(change)

    def _all(self) -> list[Subscription]:
        return [subscription for of_key in self._subscriptions.values() for subscription in of_key]
