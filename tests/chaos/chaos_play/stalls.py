"""How long messages stood still after a fault was over."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chaos_play.ledger import Mark
from chaos_play.network_door import PLAYER
from chaos_play.striker import Blow


@dataclass(frozen=True)
class Stall:
    """From the end of the fault until the screens had everything that had waited, and each door worked again."""

    blow: Blow
    seconds: float
    what: str


def stalls(
    blows: Iterable[Blow], acknowledged: Mapping[Mark, float], screens: Mapping[str, Mapping[Mark, float]]
) -> list[Stall]:
    """One for each fault, longest first.

    Two things end a stall: every message that was acknowledged while the fault lasted is on every screen, and on
    every channel one that was acknowledged after the fault is. What a later fault adds counts against both.
    What the played network was told is left out: how long it waits before it repeats a webhook is its own affair.
    """
    found = []
    by_time = sorted(
        ((mark, at) for mark, at in acknowledged.items() if mark.channel != PLAYER), key=lambda each: each[1]
    )
    for blow in blows:
        worst, what = 0.0, "nothing waited"
        for name, seen in screens.items():
            first_after: set[str] = set()
            for mark, at in by_time:
                shown = seen.get(mark)
                if at < blow.struck_at or shown is None:
                    continue
                waited = at <= blow.healed_at
                if not waited and mark.channel in first_after:
                    continue
                if not waited:
                    first_after.add(mark.channel)
                if shown - blow.healed_at > worst:
                    worst = shown - blow.healed_at
                    what = f"{mark.thread}/{mark.number} {'had waited' if waited else 'came next'} on screen {name}"
        found.append(Stall(blow, worst, what))
    return sorted(found, key=lambda stall: -stall.seconds)
