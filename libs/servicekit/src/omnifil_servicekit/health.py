"""Whether this process works, and if not, what of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .logs import scrub

Check = Callable[[], Awaitable[object]]

_BEAT_LIMIT_S = 30


@dataclass(frozen=True)
class CheckResult:
    ok: bool
    error: str | None = None


@dataclass(frozen=True)
class Report:
    ready: bool
    checks: dict[str, CheckResult]


class Health:
    """Checks that are asked, and loops that tell of themselves.

    `stopping` is set when the process begins to stop: long answers (event streams, sockets) end themselves on it.
    """

    def __init__(self, *, check_limit_s: float = 3, clock: Callable[[], float] = time.monotonic) -> None:
        self._checks: dict[str, Check] = {}
        self._beats: dict[str, float] = {}
        self._check_limit_s = check_limit_s
        self._clock = clock
        self.started = False
        self.stopping = asyncio.Event()

    def check(self, name: str, check: Check) -> None:
        """Ask `check` whenever somebody asks; it raises when the thing does not work. It has `check_limit_s`."""
        self._checks[name] = check

    def beat(self, loop_name: str) -> None:
        """The loop is alive. Once it has said so, it must again every 30 s."""
        self._beats[loop_name] = self._clock()

    def watch(self, loop_name: str) -> None:
        """Expect beats of this loop from now on, also when it never gets to its first."""
        self._beats.setdefault(loop_name, self._clock())

    async def report(self) -> Report:
        """All checks, side by side."""
        names = list(self._checks)
        results = dict(
            zip(names, await asyncio.gather(*(self._ask(self._checks[name]) for name in names)), strict=True)
        )
        for name, beaten_at in self._beats.items():
            silent_s = self._clock() - beaten_at
            if silent_s <= _BEAT_LIMIT_S:
                results[f"loop {name}"] = CheckResult(True)
            else:
                results[f"loop {name}"] = CheckResult(False, f"has given no sign of life for {silent_s:.0f} s")
        if self.stopping.is_set():
            results["process"] = CheckResult(False, "is stopping")
        elif not self.started:
            results["process"] = CheckResult(False, "is starting")
        return Report(all(result.ok for result in results.values()), results)

    async def _ask(self, check: Check) -> CheckResult:
        try:
            async with asyncio.timeout(self._check_limit_s):
                await check()
        except TimeoutError:
            return CheckResult(False, f"did not answer within {self._check_limit_s:g} s")
        except Exception as error:
            return CheckResult(False, scrub(f"{type(error).__name__}: {error}")[:500])
        return CheckResult(True)
