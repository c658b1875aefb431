"""What each setting does: the same seeds once for every value of it, all else as it comes."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import fmean

from case_service.domain.policy import Policy, Window
from omnifil_testkit.simulator import Rates, simulate

from correlation_bench.playing import play
from correlation_bench.scoring import Figures, Score

SEEDS = (1, 2)
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
        (20, 40, 60, 75, 90),
        lambda window, value: replace(window, threshold=int(value)),
        Window().threshold,
    ),
    Setting(
        "joins",
        "joins_days: how long a live dossier is joined",
        (1, 7, 14, 30),
        lambda window, value: replace(window, joins=timedelta(days=value)),
        _days(Window().joins),
    ),
    Setting(
        "reopens",
        "reopens_days: how long a closed dossier is reopened",
        (0, 7, 14, 30),
        lambda window, value: replace(window, reopens=timedelta(days=value)),
        _days(Window().reopens),
    ),
)


WORLDS: Mapping[str, Rates] = {
    "as it comes": Rates(),
    "no other matter is raised in a thread that is there (`aside`, `old_thread` 0 %)": Rates(aside=0, old_thread=0),
    "half of what begins beside a live case is about it (`other_subject` 50 %)": Rates(other_subject=0.5),
    "who writes again changes the channel half of the time (`same_channel` 50 %)": Rates(same_channel=0.5),
    "all mail is proven (`proven_mail` 100 %)": Rates(proven_mail=1),
    "no shop tells what it knows (`shop_tells` 0 %)": Rates(shop_tells=0),
    "two accounts of a household have one address (`accounts_of_one_address` 100 %)": Rates(accounts_of_one_address=1),
    "nobody lives or works with another customer (`housemates`, `role` 0 %)": Rates(housemates=0, role=0),
}
"""How much hangs on rates that nobody has published."""


def worlds(customers: int, months: float, tell: Callable[[str], None]) -> Figures:
    """By world: each seed's figures, all settings as they come."""
    found: dict[str, list[Figures]] = {}
    for name, rates in WORLDS.items():
        played = [asyncio.run(play(simulate(seed, customers, months, rates), Policy())) for seed in SEEDS]
        found[name] = [
            {**_figures(Score(each)), "ceiling": Score(each).baselines()["ceiling"].recall} for each in played
        ]
        tell(f"{name}: {_means(found[name])}")
    return {"seeds": list(SEEDS), "customers": customers, "months": months, "worlds": found}


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
        "wrong_customer_links": len(score.wrong_links()),
    }


def _means(figures: Sequence[Mapping[str, float]]) -> str:
    return ", ".join(f"{name} {fmean(each[name] for each in figures):.3f}" for name in ("precision", "recall"))
