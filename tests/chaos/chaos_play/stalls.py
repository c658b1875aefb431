"""How long messages stood still after faults were over."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from chaos_play.ledger import Mark
from chaos_play.network_door import PLAYER
from chaos_play.striker import Blow


@dataclass(frozen=True)
class Stall:
    """From the end of the harm until the screens had everything that had waited, and each door worked again."""

    blows: tuple[Blow, ...]
    """One fault, or all of a barrage."""
    seconds: float
    what: str

    @property
    def cause(self) -> str:
        """The last fault that ended, which need not be the one that was worst."""
        last = max(self.blows, key=lambda blow: blow.healed_at)
        return f"{last.kind} {last.target}" + (f", last of {len(self.blows)}" if len(self.blows) > 1 else "")


@dataclass(frozen=True)
class Times:
    """Instants of `time.time()`."""

    sent: Mapping[Mark, float]
    acknowledged: Mapping[Mark, float]
    screens: Mapping[str, Mapping[Mark, float]]
    """When each screen had what."""


def stalls(blows: Iterable[Blow], times: Times) -> list[Stall]:
    """One for each barrage, longest first: from the end of its last fault, after which nothing else is done to the
    suite until it has recovered."""
    by_barrage = groupby(sorted(blows, key=lambda blow: blow.barrage), key=lambda blow: blow.barrage)
    return _longest_first(_stall(tuple(each), times) for _, each in by_barrage)


def stalls_under_fire(blows: Iterable[Blow], times: Times) -> list[Stall]:
    """One for each fault, longest first: from its own end, so that what the next faults add counts too."""
    return _longest_first(_stall((blow,), times) for blow in blows)


def _stall(blows: tuple[Blow, ...], times: Times) -> Stall:
    """Two things end a stall: every message that was acknowledged while the fault lasted is on every screen, and on
    every channel one that was acknowledged after the fault is. What was first said later began to wait only then.

    What the played network was told is left out: how long it waits before it repeats a webhook is its own affair.
    """
    struck_at, healed_at = min(blow.struck_at for blow in blows), max(blow.healed_at for blow in blows)
    worst, what = 0.0, "nothing waited"
    for name, seen in times.screens.items():
        for mark, waited in _awaited(times.acknowledged, struck_at, healed_at):
            if (shown := seen.get(mark)) is None:
                continue  # that it is missing is said elsewhere
            seconds = shown - max(healed_at, times.sent[mark])
            if seconds > worst:
                worst = seconds
                what = f"{mark.thread}/{mark.number} {'had waited' if waited else 'came next'} on screen {name}"
    return Stall(blows, worst, what)


def _awaited(acknowledged: Mapping[Mark, float], struck_at: float, healed_at: float) -> Iterator[tuple[Mark, bool]]:
    """What was acknowledged during the harm, and the first of each channel that was afterwards."""
    first_after: dict[str, Mark] = {}
    for mark, at in acknowledged.items():
        if mark.channel == PLAYER or at < struck_at:
            continue
        if at <= healed_at:
            yield mark, True
        elif mark.channel not in first_after or at < acknowledged[first_after[mark.channel]]:
            first_after[mark.channel] = mark
    for mark in first_after.values():
        yield mark, False


def _longest_first(found: Iterable[Stall]) -> list[Stall]:
    return sorted(found, key=lambda stall: -stall.seconds)
