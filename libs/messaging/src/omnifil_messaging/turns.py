"""Channels that share a process take turns: a flood on one is worked in small parts, and the others go first."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")

_LONGEST_WAIT_S = 1.0
"""However much the others have to do: a flood goes on, too."""


class Turns:
    """Made once in a process, for the consumers of its channels.

    A small batch is light and begins at once. A larger one, of a flood or a backlog, is heavy: while any other channel
    is light it is worked in parts, each of which waits until no light batch is under way and rests afterwards, so that
    the flood gets its `share` of the time. Alone, or when the others have a backlog as well, it is worked whole.
    """

    def __init__(
        self,
        *,
        light_records: int = 100,
        part_records: int = 50,
        share: float = 0.4,
        remembered_s: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._light_records = light_records
        self._part_records = part_records
        self._rest = 1 / share - 1
        self._remembered_s = remembered_s
        self._clock = clock
        self._light_at: dict[str, float] = {}
        self._light_open = 0
        self._clear = asyncio.Event()
        self._clear.set()

    async def parts(self, channel: str, batch: Sequence[T]) -> AsyncGenerator[Sequence[T], None]:
        """The batch in order, in as many parts as is fair; a part is done when the next one is asked for."""
        if len(batch) <= self._light_records:
            self._light_at[channel] = self._clock()
            self._light_open += 1
            self._clear.clear()
            try:
                yield batch
            finally:
                self._light_open -= 1
                if not self._light_open:
                    self._clear.set()
            return
        self._light_at.pop(channel, None)
        while batch:
            if not self._others_are_light(channel):
                yield batch
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._clear.wait(), _LONGEST_WAIT_S)
            began = self._clock()
            yield batch[: self._part_records]
            batch = batch[self._part_records :]
            await asyncio.sleep(min(_LONGEST_WAIT_S, (self._clock() - began) * self._rest))

    def _others_are_light(self, channel: str) -> bool:
        since = self._clock() - self._remembered_s
        return any(at > since for other, at in self._light_at.items() if other != channel)
