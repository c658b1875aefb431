"""The command line: plays some seeds, prints what came of it, and ends with one line of JSON."""

import argparse
import asyncio
import json
import logging
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

import structlog
from case_service.domain.policy import Policy
from omnifil_testkit.simulator import Rates, Simulation, measured, simulate

from correlation_bench import document
from correlation_bench.judging import knowing
from correlation_bench.mistakes import causes, intrusions, mistakes
from correlation_bench.playing import play
from correlation_bench.scoring import Figures, Score
from correlation_bench.sweeps import sweep, worlds

TUNING = range(1, 21)
"""Seeds that rules and thresholds may be tried on. Those from 1001 are for the figures that are told."""
EVALUATION = 1001
UNSEEN = 0.3
"""Of matters with seeds beyond those for tuning: of kinds, and about products, that no seed for tuning speaks of."""


_SUMMED = ("impostors_inside", "inside_unprovable", "outsiders_inside", "wrong_customer_links", "impostors", "messages")
_TOLD = (
    "per_person", "recall_where_known", "recall_with_follow_ups", "impostors", "impostors_inside", "inside_unprovable",
    "ways_in", "outsiders_inside", "wrong_customer_links", "suggestions", "machines", "ms_per_message", "ms",
    "refused_commands",
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    customers: int
    months: float
    seeds: tuple[int, ...]
    batch: int
    mistakes: int
    agents: bool
    sweep: bool
    docs: Path | None


def options(arguments: Sequence[str]) -> Options:
    """From the command line."""
    asked = argparse.ArgumentParser(prog="make correlation-bench ARGS=…", description="How good the grouping is.")
    asked.add_argument("--customers", type=int, default=700, help="people per seed, at least (700)")
    asked.add_argument("--months", type=float, default=6, help="how long (6)")
    asked.add_argument(
        "--seed", type=int, default=EVALUATION, help=f"the first seed ({EVALUATION}; 1 to 20: for tuning)"
    )
    asked.add_argument("--seeds", type=int, default=3, help="how many seeds, one after the other (3)")
    asked.add_argument("--batch", type=int, default=200, help="how many messages are decided at once, at most (200)")
    asked.add_argument("--mistakes", type=int, default=0, metavar="N", help="print the N worst of each kind")
    asked.add_argument("--agents", action="store_true", help="once more, with agents who accept right suggestions")
    asked.add_argument("--sweep", action="store_true", help="instead: each setting in turn, on seeds for tuning")
    asked.add_argument(
        "--docs", type=Path, default=None, help="keep the figures in FOLDER/correlation.md, such as docs"
    )
    given = asked.parse_args(arguments)
    if min(given.customers, given.seeds, given.batch) < 1 or given.months <= 0:
        asked.error("customers, seeds, batch and months are above nought")
    seeds = tuple(range(given.seed, given.seed + given.seeds))
    if given.docs is not None and not given.sweep and min(seeds) <= TUNING[-1]:
        asked.error(f"the figures that are told are of seeds above {TUNING[-1]}")
    return Options(
        given.customers, given.months, seeds, given.batch, given.mistakes, given.agents, given.sweep, given.docs
    )


def rates_of(seed: int) -> Rates:
    """Words that were fitted to the seeds for tuning do not fit the others."""
    return Rates() if seed in TUNING else Rates(unseen=UNSEEN)


async def run(asked: Options, policy: Policy) -> list[Figures]:
    """One after the other; tells of each."""
    found = []
    for seed in asked.seeds:
        begun = time.monotonic()
        simulation = simulate(seed, asked.customers, asked.months, rates_of(seed))
        played = await play(simulation, policy, batch=asked.batch)
        score = Score(played)
        figures = {"seed": seed, **_about(simulation), **score.figures(), "causes": causes(score)}
        if asked.agents:
            helped = Score(await play(simulation, policy, batch=asked.batch, judge=knowing))
            names = ("precision", "recall", "f1", "impostors_inside", "wrong_customer_links")
            figures["with_agents"] = {name: helped.figures()[name] for name in names}
        figures["seconds"] = round(time.monotonic() - begun, 1)
        _print(figures)
        for line in (*intrusions(played, score), *mistakes(played, score, asked.mistakes)):
            print(line)
        found.append(figures)
    return found


def headline(asked: Options, found: Sequence[Figures]) -> Figures:
    """The line of JSON: means over the seeds, sums of what may not happen, and the spread."""
    line: Figures = {name: round(fmean(each[name] for each in found), 4) for name in ("precision", "recall", "f1")}
    for name in (
        "impostors_inside",
        "inside_unprovable",
        "outsiders_inside",
        "wrong_customer_links",
        "impostors",
        "messages",
    ):
        line[name] = sum(each[name] for each in found)
    line["ms_per_message"] = round(fmean(each["ms_per_message"] for each in found), 3)
    names = ("thread", "customer", "ceiling")
    line["baselines"] = {
        name: {
            figure: round(fmean(each["baselines"][name][figure] for each in found), 4)
            for figure in ("precision", "recall", "f1")
        }
        for name in names
    }
    if all("with_agents" in each for each in found):
        line["with_agents"] = {
            name: round(fmean(each["with_agents"][name] for each in found), 4) for name in ("precision", "recall", "f1")
        }
    for name in ("recall_where_known", "recall_with_follow_ups"):
        line[name] = round(fmean(each[name] for each in found), 4)
    line["suggestions"] = _summed([each["suggestions"] for each in found])
    line["spread"] = {
        name: [min(each[name] for each in found), max(each[name] for each in found)]
        for name in ("precision", "recall", "f1", "ms_per_message")
    }
    return {**line, "seeds": list(asked.seeds), "customers": asked.customers, "months": asked.months}


_SWEEPS = {"sweep": sweep, "worlds": worlds}


def _say(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    asked = options(sys.argv[1:])
    # The use cases log what they do; what is looked for here are figures.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    begun = time.monotonic()
    if asked.sweep:
        parts = {name: measure(asked.customers, asked.months, _say) for name, measure in _SWEEPS.items()}
        if asked.docs is not None:
            document.write(asked.docs, parts)
        print(json.dumps({"sweep": parts["sweep"]["settings"], "worlds": parts["worlds"]["worlds"]}))
        return
    found = asyncio.run(run(asked, Policy()))
    if asked.docs is not None:
        given = " ".join(sys.argv[1:]).replace(str(asked.docs), "docs")
        command = f'make correlation-bench ARGS="{given}"'
        told = {"by_seed": found, "command": command, "at": datetime.now(UTC).date().isoformat()}
        document.write(asked.docs, {"runs": told})
    print(json.dumps({**headline(asked, found), "seconds": round(time.monotonic() - begun, 1)}))


def _about(simulation: Simulation) -> Figures:
    live, other = measured(simulation.lives)
    return {
        "people": len(simulation.people),
        "matters": sum(len(life.matters) for life in simulation.lives),
        "begun_while_live": round(live, 3),
        "of_those_other_matter": round(other, 3),
    }


def _summed(suggestions: Sequence[Mapping[str, Mapping[str, int]]]) -> Figures:
    kinds = sorted({kind for each in suggestions for kind in each})
    return {
        kind: {name: sum(each.get(kind, {}).get(name, 0) for each in suggestions) for name in ("offered", "right")}
        for kind in kinds
    }


def _print(figures: Figures) -> None:
    live, other = figures["begun_while_live"], figures["of_those_other_matter"]
    amount = f"{figures['people']} people, {figures['matters']} matters, {figures['messages']} messages"
    print(f"Seed {figures['seed']}: {amount} ({figures['seconds']} s)")
    print(f"  {live:.0%} of new conversations while another is live, {other:.0%} of those about another matter")
    rows = [("all pairs", figures), ("in one thread", figures["within_conversations"])]
    rows += [("across threads", figures["across_conversations"])]
    if "with_agents" in figures:
        rows.append(("with agents' help", {"right": "", "wrong": "", "lost": "", **figures["with_agents"]}))
    rows += [(f"baseline: {name}", each) for name, each in figures["baselines"].items()]
    rows += [(f"rule {name}", each) for name, each in figures["by_rule"].items()]
    rows += [(f"channels {name}", each) for name, each in figures["by_channels"].items()]
    print(f"  {'':24}{'precision':>10}{'recall':>8}{'f1':>8}{'right':>9}{'wrong':>8}{'lost':>8}")
    for name, each in rows:
        shares = f"{each['precision']:>10.3f}{each['recall']:>8.3f}{each['f1']:>8.3f}"
        print(f"  {name:24}{shares}{each['right']:>9}{each['wrong']:>8}{each['lost']:>8}")
    for name in _TOLD:
        print(f"  {name}: {figures[name]}")
    for name, counted in figures["causes"].items():
        print(f"  {name} pairs by rule of the later message:")
        for cause, count in counted.items():
            print(f"    {count:6} {cause}")
    print(flush=True)
