"""How a batch gets done: retry while it is transient, halve until a culprit stands alone, set culprits aside."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from omnifil_servicekit.errors import Transient

from omnifil_messaging.failures import PoisonRecords
from omnifil_messaging.received import Received

R = TypeVar("R")
Handler = Callable[[Sequence[Received[R]]], Awaitable[None]]
Culprit = tuple[Received[R], BaseException]

_AWAY = (Transient, ConnectionError, TimeoutError)
"""An adapter should say Transient; a bare network error that escaped one is no fault of the record either."""


class Abandoned(Exception):
    """The rest of the batch is not ours to do any more: the partitions were revoked, or the process stops."""


class BatchWork(Generic[R]):
    """Does batches, in order. What it needs from outside:

    `handler`: returns when all of its records are durably written; raises `Abandoned` when they are not ours any more.
    `set_aside`: returns when Kafka has the dead letters; raises `Transient` otherwise.
    `done`: told of records that are dealt with for good, handled or set aside.
    `pause`: waits before the next attempt (told its number, from 1, and the error); raises `Abandoned` to end it.
    """

    def __init__(
        self,
        *,
        handler: Handler[R],
        set_aside: Callable[[Sequence[Culprit[R]]], Awaitable[None]],
        done: Callable[[Sequence[Received[R]]], None],
        pause: Callable[[int, BaseException], Awaitable[None]],
    ) -> None:
        self._handler = handler
        self._set_aside = set_aside
        self._done = done
        self._pause = pause

    async def do(self, batch: Sequence[Received[R]]) -> None:
        """Return when every record is handled or set aside. Raises `Abandoned`."""
        slices = deque([batch])
        attempt = 0
        while slices:
            now = slices.popleft()
            try:
                await self._handler(now)
            except Abandoned:
                raise
            except _AWAY as error:
                attempt += 1
                await self._pause(attempt, error)
                slices.appendleft(now)
            except Exception as error:
                attempt = 0
                culprits, rest = _named_by(error, now)
                if culprits:
                    await self.put_aside(culprits)
                    slices.extendleft([rest] if rest else [])
                elif len(now) == 1:
                    await self.put_aside([(now[0], error)])
                else:
                    middle = len(now) // 2
                    slices.extendleft((now[middle:], now[:middle]))
            else:
                attempt = 0
                self._done(now)

    async def put_aside(self, culprits: Sequence[Culprit[R]]) -> None:
        """Dead-letter these, however long it takes, and count them as done."""
        attempt = 0
        while True:
            try:
                await self._set_aside(culprits)
            except Transient as error:
                attempt += 1
                await self._pause(attempt, error)
            else:
                self._done([received for received, _ in culprits])
                return


def _named_by(
    error: Exception, batch: Sequence[Received[R]]
) -> tuple[list[tuple[Received[R], BaseException]], list[Received[R]]]:
    """The records of this batch that the error names as poison, with their causes, and the others."""
    if not isinstance(error, PoisonRecords):
        return [], []
    causes = {(culprit.topic, culprit.partition, culprit.offset): cause for culprit, cause in error.culprits}
    culprits: list[tuple[Received[R], BaseException]] = []
    rest: list[Received[R]] = []
    for received in batch:
        cause = causes.get((received.topic, received.partition, received.offset))
        if cause is None:
            rest.append(received)
        else:
            culprits.append((received, cause))
    return culprits, rest
