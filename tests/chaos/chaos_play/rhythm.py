"""When the next message is due: a load over the whole run, which catches up after a door was shut."""

import asyncio
import time
from random import Random


class Rhythm:
    """`await next()` returns when the writer's next message is due, and False when writing is over."""

    def __init__(self, per_s: float, stop: asyncio.Event, random: Random, *, least_pause_s: float = 0.02) -> None:
        self._pause_s = 1 / per_s
        self._stop = stop
        self._least_pause_s = least_pause_s
        self._due = time.monotonic() + random.random() * self._pause_s

    async def next(self) -> bool:
        """Due times are fixed: whoever waited long for an answer writes the next ones quickly."""
        wait_s = max(self._due - time.monotonic(), self._least_pause_s)
        self._due += self._pause_s
        try:
            async with asyncio.timeout(wait_s):
                await self._stop.wait()
        except TimeoutError:
            pass
        return not self._stop.is_set()


async def try_again_in(seconds: float) -> None:
    """The pause of a client that was turned away: a part of its behaviour, not a wait for something."""
    await asyncio.sleep(seconds)
