"""Strikes one fault after the other, in the order and with the choices of the seed, and writes down when."""

import asyncio
import json
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from chaos_field.draw import Draw
from chaos_field.fault import Fault

_AT_ONCE = 2
_HEALED_WITHIN_S = 120


@dataclass
class Blow:
    """One fault as it was; instants are `time.time()`."""

    number: int
    kind: str
    target: str
    struck_at: float
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
    blows: list[Blow] = field(default_factory=list)
    _under_way: dict[int, Fault] = field(default_factory=dict)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def strike(self, seconds: float) -> None:
        """For so long, and until the last is healed. A fault that must wait holds up all: the order is the seed's."""
        until = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            while time.monotonic() < until:
                pause_s = self.random.uniform(*self.pause_s)
                await asyncio.sleep(min(pause_s, until - time.monotonic()))  # a part of the play
                fault = next(self.draw)
                while not self._may_begin(fault):
                    self._over.clear()
                    await self._over.wait()
                if time.monotonic() < until:
                    blow = Blow(len(self.blows), fault.kind, fault.target, time.time())
                    self.blows.append(blow)
                    self._under_way[blow.number] = fault
                    group.create_task(self._one(blow, fault))

    def by_kind(self) -> dict[str, int]:
        """How many of each came off."""
        return dict(sorted(Counter(blow.kind for blow in self.blows if blow.failed is None).items()))

    def _may_begin(self, fault: Fault) -> bool:
        others = self._under_way.values()
        return len(others) < _AT_ONCE and all(self.draw.may_overlap(fault, other) for other in others)

    async def _one(self, blow: Blow, fault: Fault) -> None:
        try:
            try:
                await fault.strike()
            finally:
                async with asyncio.timeout(_HEALED_WITHIN_S):
                    await fault.heal()
        except (OSError, AssertionError, RuntimeError, KeyError, ExceptionGroup) as error:
            blow.failed = repr(error)
            with suppress(OSError, AssertionError, RuntimeError, KeyError):
                await fault.heal()
        finally:
            blow.healed_at = time.time()
            del self._under_way[blow.number]
            self._over.set()
            with self.log.open("a") as out:
                out.write(json.dumps(vars(blow)) + "\n")
