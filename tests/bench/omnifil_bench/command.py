"""The command line: runs the parts, writes the document, and ends with one line of JSON."""

import argparse
import asyncio
import json
import secrets
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import uvloop
from omnifil_devstack.folders import CHECKOUT

from omnifil_bench import document, growth, isolation, latency, machine, runs, start, throughput
from omnifil_bench.figures import Figures
from omnifil_bench.options import PARTS, Options

_MEASURES = {
    "throughput": throughput.measure,
    "latency": latency.measure,
    "isolation": isolation.measure,
    "growth": growth.measure,
    "start": start.measure,
}


def options(arguments: list[str]) -> Options:
    """From the command line."""
    asked = argparse.ArgumentParser(prog="make bench ARGS=…", description="How near the floor the suite is.")
    asked.add_argument("--only", default=",".join(PARTS), help="parts, with commas: " + ", ".join(PARTS))
    asked.add_argument("--quick", action="store_true", help="small amounts, to see that it works: nothing is kept")
    asked.add_argument("--rounds", type=int, default=3, help="of what is compared side by side (3)")
    asked.add_argument("--seed", type=int, default=None, help="draws the messages; printed, so that it can be repeated")
    asked.add_argument("--profile", action="store_true", help="also look where the time goes in each service process")
    asked.add_argument("--docs", type=Path, default=None, help="where the document is written (docs of the checkout)")
    given = asked.parse_args(arguments)
    parts = tuple(given.only.split(","))
    if unknown := set(parts) - set(PARTS):
        asked.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    if given.rounds < 1:
        asked.error("--rounds: at least 1")
    docs = given.docs or (None if given.quick else CHECKOUT / "docs")
    seed = secrets.randbelow(10_000) if given.seed is None else given.seed
    return Options(seed, given.rounds, given.quick, parts, given.profile, docs)


async def run(asked: Options, found: Figures) -> None:
    """The parts that were asked for, one after the other into `found`; stopped by SIGTERM as by Ctrl-C: nothing is left
    running."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    for name in asked.parts:
        began = time.monotonic()
        found[name] = await _MEASURES[name](asked)
        asked.say(name, f"took {time.monotonic() - began:.0f} s")


def main() -> None:
    """The whole run; exit code 130 when it was stopped. Where a part fails, those before it are kept."""
    asked, facts, at = options(sys.argv[1:]), machine.facts(), datetime.now(UTC)
    parts: Figures = {}
    failure: Exception | None = None
    print(f"Seed {asked.seed}.", file=sys.stderr, flush=True)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run(asked, parts))
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("Stopped: nothing was kept.", file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        if not parts:
            raise
        failure = error
    line = {
        "seed": asked.seed,
        **runs.headline(parts),
        "spread": runs.spreads(parts),
        "rounds": asked.rounds,
        "quick": asked.quick,
        "seconds": round(time.monotonic() - asked.began),
        "at": at.isoformat(timespec="seconds"),
        "machine": facts,
    }
    if asked.docs is not None:
        every = runs.keep(asked.docs / "benchmarks", {**line, "parts": parts})
        document.write(asked.docs, every)
        print(f"Written: {asked.docs / 'benchmarks.md'}", file=sys.stderr)
    print(json.dumps(line))
    if failure is not None:
        raise failure
