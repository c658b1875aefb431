"""What each setting does: the same seeds once for every value of it, all else as it comes."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import fmean

from case_service.domain.policy import Policy, Window
from omnifil_testkit.simulator import simulate

from correlation_bench.playing import play
from correlation_bench.scoring import Figures, Score

SEEDS = (1, 2, 3)
"""Of those for tuning: whoever chooses a setting by these plots tunes by them."""


@dataclass(frozen=True)
class Setting:
    """`values` as they stand on the axis; `changed` puts one into effect. `usual`: as it comes."""

    name: str
    label: str
    values: tuple[float, ...]
    changed: Callable[[Window, float], Window]
    usual: float


def _days(delta: timedelta) -> float:
    return delta / timedelta(days=1)


SETTINGS = (
    Setting(
        "threshold",
        "threshold, percent of certainty",
        (20, 40, 50, 60, 70, 80, 90),
        lambda window, value: replace(window, threshold=int(value)),
        Window().threshold,
    ),
    Setting(
        "joins",
        "joins_days: how long a live dossier is joined",
        (1, 3, 7, 14, 30),
        lambda window, value: replace(window, joins=timedelta(days=value)),
        _days(Window().joins),
    ),
    Setting(
        "reopens",
        "reopens_days: how long a closed dossier is reopened",
        (0, 3, 7, 14, 30),
        lambda window, value: replace(window, reopens=timedelta(days=value)),
        _days(Window().reopens),
    ),
)


def sweep(customers: int, months: float, tell: Callable[[str], None]) -> Figures:
    """By setting, by value: each seed's figures."""
    simulations = [simulate(seed, customers, months) for seed in SEEDS]
    found: dict[str, dict[str, list[Figures]]] = {}
    for setting in SETTINGS:
        for value in setting.values:
            policy = Policy(default=setting.changed(Window(), value))
            scores = [Score(asyncio.run(play(each, policy))) for each in simulations]
            found.setdefault(setting.name, {})[f"{value:g}"] = [_figures(score) for score in scores]
            tell(f"{setting.name} {value:g}: {_means(found[setting.name][f'{value:g}'])}")
    return {"seeds": list(SEEDS), "customers": customers, "months": months, "settings": found}


def _figures(score: Score) -> Figures:
    return {
        "precision": round(score.pairs.precision, 4),
        "recall": round(score.pairs.recall, 4),
        "f1": round(score.pairs.f1, 4),
        "impostors_inside": len(score.inside("impostor")),
    }


def _means(figures: Sequence[Mapping[str, float]]) -> str:
    return ", ".join(f"{name} {fmean(each[name] for each in figures):.3f}" for name in ("precision", "recall"))
