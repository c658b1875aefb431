"""The command line: runs the parts, and ends with one line of JSON."""

import argparse
import asyncio
import json
import secrets

import uvloop

from omnifil_bench import growth, isolation, latency, throughput
from omnifil_bench.figures import Figures
from omnifil_bench.options import PARTS, Options


def options() -> Options:
    """From the command line."""
    asked = argparse.ArgumentParser(prog="omnifil_bench", description="How near the floor the suite is.")
    asked.add_argument("--only", default=",".join(PARTS), help="parts, with commas: " + ", ".join(PARTS))
    asked.add_argument("--quick", action="store_true", help="small amounts, to see that it works")
    asked.add_argument("--rounds", type=int, default=3, help="of what is compared side by side")
    asked.add_argument("--seed", type=int, default=secrets.randbelow(10_000), help="draws the messages")
    given = asked.parse_args()
    parts = tuple(given.only.split(","))
    if unknown := set(parts) - set(PARTS):
        asked.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return Options(seed=given.seed, rounds=given.rounds, quick=given.quick, parts=parts)


async def run(asked: Options) -> Figures:
    """The parts that were asked for, one after the other."""
    parts = {
        "throughput": throughput.measure,
        "latency": latency.measure,
        "isolation": isolation.measure,
        "growth": growth.measure,
    }
    return {name: await measure(asked) for name, measure in parts.items() if name in asked.parts}


def main() -> None:
    asked = options()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(run(asked))
    print(json.dumps({"seed": asked.seed, **figures}))
