"""Strikes one fault after the other, in the order and with the choices of the seed, and writes down when."""

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from chaos_field.draw import Draw
from chaos_field.fault import Fault

_AT_ONCE = 2
_STRUCK_WITHIN_S = 180
"""No fault holds longer, and who is struck is started within two minutes."""
_HEALED_WITHIN_S = 120
_IN_A_BARRAGE = 10
_DRAWN_IN_VAIN = 20_000


@dataclass
class Blow:
    """One fault as it was; instants are `time.time()`."""

    number: int
    kind: str
    target: str
    struck_at: float
    barrage: int = 0
    """Faults of one barrage follow each other before the suite has recovered; the next waits until it has."""
    healed_at: float = 0.0
    failed: str | None = None


@dataclass
class Striker:
    """Draws faults; two may hold at once, where the field allows it."""

    draw: Draw
    random: Random
    log: Path
    pause_s: tuple[float, float]
    """Least and most time between two strikes."""
    recovered: Callable[[float], Awaitable[None]]
    """Returns when the suite has recovered from all that was healed at this instant, or after a limit of its own."""
    only: str = ""
    """A regular expression: of what is drawn, only that of which kind and target are found by it."""
    blows: list[Blow] = field(default_factory=list)
    _under_way: dict[int, Fault] = field(default_factory=dict)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def strike(self, seconds: float) -> None:
        """For so long, barrage by barrage, and until the last is healed.

        A fault that must wait holds up all: the order is the seed's.
        """
        until, barrage = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            async with asyncio.TaskGroup() as group:
                for _ in range(_IN_A_BARRAGE):
                    await self._next(group, barrage, until)
            await self.recovered(max((blow.healed_at for blow in self.blows), default=time.time()))
            barrage += 1

    async def _next(self, group: asyncio.TaskGroup, barrage: int, until: float) -> None:
        pause_s = self.random.uniform(*self.pause_s)
        await asyncio.sleep(max(0.0, min(pause_s, until - time.monotonic())))  # a part of the play
        fault = self._drawn()
        while not self._may_begin(fault):
            self._over.clear()
            await self._over.wait()
        if time.monotonic() < until:
            blow = Blow(len(self.blows), fault.kind, fault.target, time.time(), barrage)
            self.blows.append(blow)
            self._under_way[blow.number] = fault
            group.create_task(self._one(blow, fault))

    def _drawn(self) -> Fault:
        """The next that is wanted. Raises `ValueError` when there is none."""
        for _ in range(_DRAWN_IN_VAIN):
            fault = next(self.draw)
            if re.search(self.only, f"{fault.kind} {fault.target}"):
                return fault
        raise ValueError(f"No fault is {self.only!r}.")

    def by_kind(self) -> dict[str, int]:
        """How many of each came off."""
        return dict(sorted(Counter(blow.kind for blow in self.blows if blow.failed is None).items()))

    def _may_begin(self, fault: Fault) -> bool:
        others = self._under_way.values()
        return len(others) < _AT_ONCE and all(self.draw.may_overlap(fault, other) for other in others)

    async def _one(self, blow: Blow, fault: Fault) -> None:
        try:
            try:
                async with asyncio.timeout(_STRUCK_WITHIN_S):
                    await fault.strike()
            finally:
                async with asyncio.timeout(_HEALED_WITHIN_S):
                    await fault.heal()
        except (OSError, AssertionError, RuntimeError, KeyError, ExceptionGroup) as error:
            blow.failed = repr(error)
            with suppress(OSError, AssertionError, RuntimeError, KeyError):
                await fault.heal()
        finally:
            blow.healed_at, blow.target = time.time(), fault.target  # some find their target as they strike
            del self._under_way[blow.number]
            self._over.set()
            with self.log.open("a") as out:
                out.write(json.dumps(vars(blow)) + "\n")
