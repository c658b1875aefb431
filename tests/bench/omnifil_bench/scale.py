"""`make bench-scale`: whether a message costs the same among a million dossiers as among ten thousand, and in a dossier
of ten thousand entries as in one of ten.

What is compared lies in one mongod, and is measured in turn, round by round, with the same number of messages of the
same kinds. Each round has other people. They are measured three times: `cold`, when mongod has no document of theirs in
its cache (it was started anew and others have written; files may be in the system's cache), by a process that remembers
nothing; `warm`, again by one that remembers nothing; `remembered`, by one that has just carried a message of theirs. A
cost is the CPU of the service and of mongod.
"""

import argparse
import asyncio
import json
import logging
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import structlog
import uvloop
from omnifil_contracts.message import InboundMessage
from omnifil_devstack.mongo_server import MongoServer
from omnifil_devstack.ports import free_ports
from omnifil_mongostore import Mongo, connect
from omnifil_servicekit.process import settle_memory

from omnifil_bench import machine
from omnifil_bench.figures import Figures, Spread, ratio, tidy
from omnifil_bench.filling import Pattern, fill, pattern_of
from omnifil_bench.history import begin_customer, begin_long
from omnifil_bench.messages import Conversation, Writers
from omnifil_bench.processes import scratch_folder
from omnifil_bench.stages import STAGES, Cost, Meter, Stages, prepare

_GOING_ON, _NEW_THREADS, _NEW_PEOPLE = 50, 25, 25
"""Messages of a batch: in a thread of long ago, in a new thread of a known customer, of people never seen before."""
_BEFORE, _BEFORE_AT_ONCE = 3_000, 500
"""People who write before it is measured, if there are so many others."""
_PASSES = ("cold", "warm", "remembered")
_DOSSIERS_EACH = 10


@dataclass(frozen=True)
class Sizes:
    customers: tuple[int, int] = (1_000, 100_000)
    """Each with ten dossiers."""
    lengths: tuple[int, int] = (10, 10_000)
    at_once: int = 64
    """Timelines that get a message each in one batch."""
    rounds: int = 12
    cache_gb: float = 2.0


QUICK = Sizes((50, 200), (10, 100), at_once=4, rounds=2)

Say = Callable[[str], None]
Rounds = Mapping[str, list[dict[str, Cost]]]
"""By pass, of each round the costs by stage."""


@dataclass(frozen=True)
class Server:
    mongod: MongoServer
    folder: Path


@asynccontextmanager
async def server(cache_gb: float) -> AsyncIterator[Server]:
    """A mongod of our own; its data is gone afterwards."""
    with scratch_folder() as folder:
        (port,) = free_ports(1)
        mongod = await MongoServer.start(folder / "mongod", port=port, cache_gb=cache_gb)
        try:
            yield Server(mongod, folder)
        finally:
            await mongod.kill()


class Town:
    """Who writes, round by round: the same people in each pass, and some strangers each time."""

    def __init__(self, mongo: Mongo, batches: Sequence[Sequence[Conversation]], seed: int, strangers: int = 0) -> None:
        self.mongo = mongo
        self._batches = batches
        self._writers = Writers(seed)
        self._strangers = strangers

    def batch(self, number: int) -> Sequence[InboundMessage]:
        """What they write next."""
        writing = [*self._batches[number], *self._writers.conversations(self._strangers)]
        return self._writers.written(writing, len(writing)).messages


async def _start_anew(ours: Server) -> None:
    """mongod has nothing in its cache."""
    await ours.mongod.stop()
    await ours.mongod.restart()


async def _measured(ours: Server, towns: Mapping[str, Town], rounds: int) -> dict[str, Rounds]:
    meter = Meter(ours.mongod.pid)
    settle_memory()  # as the services do when they have started
    found: dict[str, Rounds] = {name: {each: [] for each in _PASSES} for name in towns}
    for which in _PASSES:
        for number in range(rounds):
            for name in list(towns)[:: 1 if number % 2 else -1]:
                stages = Stages(towns[name].mongo)
                if which == "remembered":
                    await stages.carry(towns[name].batch(number), meter)
                found[name][which].append(await stages.carry(towns[name].batch(number), meter))
    return found


async def _dossiers(ours: Server, sizes: Sizes, seed: int, say: Say) -> Figures:
    """Among few dossiers, and among many."""
    names, uri = [f"{each * _DOSSIERS_EACH:,}" for each in sizes.customers], ours.mongod.uri
    # A client that meets mongod while it is filled forgets it for ever: it is no replica set then.
    async with _both(uri) as mongos:
        for mongo in mongos:
            await prepare(mongo)
        first = await begin_customer(Stages(mongos[0]), Writers(seed), _DOSSIERS_EACH)
        patterns = [await pattern_of(uri, mongos[0].prefix, first, to=mongo.prefix) for mongo in mongos]
    began = time.perf_counter()
    wanted = [(pattern, range(count)) for pattern, count in zip(patterns, sizes.customers, strict=True)]
    await fill(ours.mongod, ours.folder, *wanted)
    took, size = time.perf_counter() - began, patterns[0].size_bytes // _DOSSIERS_EACH
    say(f"{' and '.join(names)} dossiers of {size:,} bytes are there after {took:.0f} s")
    await _start_anew(ours)
    async with _both(uri) as mongos:
        towns = {}
        for number, (name, mongo, pattern, count) in enumerate(
            zip(names, mongos, patterns, sizes.customers, strict=True)
        ):
            batches, others = _drawn(pattern, count, sizes.rounds, seed)
            await _write_before(ours, mongo, others, seed + 3 + number)
            towns[name] = Town(mongo, batches, seed + 1 + number, _NEW_PEOPLE)
        rounds = await _measured(ours, towns, sizes.rounds)
    return {"filled_s": tidy(took, 1), "bytes_per_dossier": size, **_compared(rounds, _known(sizes) + _NEW_PEOPLE)}


@asynccontextmanager
async def _both(uri: str) -> AsyncIterator[list[Mongo]]:
    async with _connected(uri, "small") as small, _connected(uri, "large") as large:
        yield [small, large]


def _connected(uri: str, prefix: str) -> Mongo:
    return connect(uri, prefix=prefix, app_name="bench")


def _known(sizes: Sizes) -> int:
    """Known customers in a batch: as many in the large town as in the small one, where each is in one round only."""
    return min(_GOING_ON + _NEW_THREADS, min(sizes.customers) // sizes.rounds)


def _drawn(
    pattern: Pattern, customers: int, rounds: int, seed: int
) -> tuple[list[list[Conversation]], list[Conversation]]:
    """People from all over the town: of each round, each in one only; and others, who write before."""
    chance, each = Random(seed), min(_GOING_ON + _NEW_THREADS, customers // rounds)
    people = chance.sample(range(customers), min(customers, rounds * each + _BEFORE))
    going_on = each * _GOING_ON // (_GOING_ON + _NEW_THREADS)
    batches = [
        [
            pattern.conversation(person, chance.randrange(_DOSSIERS_EACH) if number < going_on else _DOSSIERS_EACH)
            for number, person in enumerate(people[start : start + each])
        ]
        for start in range(0, rounds * each, each)
    ]
    others = [pattern.conversation(person, chance.randrange(_DOSSIERS_EACH)) for person in people[rounds * each :]]
    return batches, others


async def _write_before(ours: Server, mongo: Mongo, others: Sequence[Conversation], seed: int) -> None:
    """So mongod has what it always has in its cache: the indexes, and documents of other people."""
    stages, meter, writers = Stages(mongo), Meter(ours.mongod.pid), Writers(seed)
    for start in range(0, len(others), _BEFORE_AT_ONCE):
        some = others[start : start + _BEFORE_AT_ONCE]
        await stages.carry(writers.written(some, len(some)).messages, meter)


async def _timelines(ours: Server, sizes: Sizes, seed: int, say: Say) -> Figures:
    """In short dossiers, and in long ones of the same database: nothing but their length differs."""
    at_once, rounds, uri = sizes.at_once, sizes.rounds, ours.mongod.uri
    patterns = []
    async with _connected(uri, "timelines") as mongo:
        await prepare(mongo)
        for number, length in enumerate(sizes.lengths):
            begun = await begin_long(mongo, Writers(seed + number), length)
            patterns.append(await pattern_of(uri, mongo.prefix, begun))
            say(f"a dossier of {length:,} entries has {patterns[-1].size_bytes:,} bytes")
    short, long = patterns
    began = time.perf_counter()
    # A short one would not stay short: each round has its own. Apart in numbers, so that they are other people.
    apart = range(1_000_000, 1_000_000 + at_once)
    await fill(ours.mongod, ours.folder, (short, range(at_once * rounds)), (long, apart))
    say(f"{at_once} long ones and {at_once * rounds} short ones are there after {time.perf_counter() - began:.0f} s")
    of_short = [[short.conversation(number * at_once + each) for each in range(at_once)] for number in range(rounds)]
    of_long = [long.conversation(each) for each in apart]
    await _start_anew(ours)
    async with _connected(uri, "timelines") as mongo:
        towns = {
            f"{length:,}": Town(mongo, each, seed + 3 + number)
            for number, (length, each) in enumerate(zip(sizes.lengths, ([*of_short], [of_long] * rounds), strict=True))
        }
        found = await _measured(ours, towns, rounds)
    say("the timelines are measured")
    return {"bytes": [each.size_bytes for each in patterns], **_compared(found, at_once)}


def _compared(found: Mapping[str, Rounds], messages: int) -> Figures:
    """Of each pass and stage the costs by size, and how they grow."""
    small, large = found
    figures: Figures = {}
    for which in _PASSES:
        for stage in STAGES:
            costs = {size: [each[stage] for each in rounds[which]] for size, rounds in found.items()}
            cpu = {size: [each.cpu_s * 1000 / messages for each in several] for size, several in costs.items()}
            figures.setdefault(which, {})[stage] = {
                "growth": tidy(Spread.of(cpu[large]).median / Spread.of(cpu[small]).median, 2),
                "growth_by_round": ratio(cpu[large], cpu[small]).figures(2),
                "cpu_ms_per_message": {size: Spread.of(each).figures() for size, each in cpu.items()},
                "mongod_ms_per_message": _medians(costs, lambda cost: cost.mongod_s / messages),
                "wall_ms_per_batch": _medians(costs, lambda cost: cost.wall_s),
            }
    return figures


def _medians(costs: Mapping[str, Sequence[Cost]], figure: Callable[[Cost], float]) -> Figures:
    """In milliseconds."""
    return {size: tidy(Spread.of(map(figure, several)).median * 1000) for size, several in costs.items()}


def _growth(figures: Figures) -> Figures:
    """By pass the dearer of identify and correlate."""
    return {which: max(figures[which][stage]["growth"] for stage in ("identify", "correlate")) for which in _PASSES}


async def measure(sizes: Sizes, seed: int, say: Say) -> Figures:
    """Both comparisons, each on a mongod of its own."""
    async with server(sizes.cache_gb) as ours:
        timelines = await _timelines(ours, sizes, seed, say)
    async with server(sizes.cache_gb) as ours:
        dossiers = await _dossiers(ours, sizes, seed, say)
    of_dossiers, of_timelines = _growth(dossiers), _growth(timelines)
    return {
        "growth_dossiers": max(of_dossiers.values()),
        "growth_timeline": max(of_timelines.values()),
        "growth_dossiers_by_pass": of_dossiers,
        "growth_timeline_by_pass": of_timelines,
        "target": 1.3,
        "rounds": sizes.rounds,
        "cache_gb": sizes.cache_gb,
        "dossiers": dossiers,
        "timelines": timelines,
    }


async def _stoppable(sizes: Sizes, seed: int, say: Say) -> Figures:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await measure(sizes, seed, say)


def main() -> None:
    """Ends with one line of JSON; exit code 130 when it was stopped."""
    asked = argparse.ArgumentParser(prog="make bench-scale ARGS=…", description="What a message costs as all grows.")
    asked.add_argument("--quick", action="store_true", help="small amounts, to see that it works")
    asked.add_argument("--seed", type=int, default=None, help="draws people and messages; printed")
    given = asked.parse_args()
    seed = secrets.randbelow(10_000) if given.seed is None else given.seed
    began, facts = time.monotonic(), machine.facts()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))

    def say(what: str) -> None:
        print(f"[{time.monotonic() - began:5.0f} s] {what}", file=sys.stderr, flush=True)

    say(f"seed {seed}")
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            found = runner.run(_stoppable(QUICK if given.quick else Sizes(), seed, say))
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    print(json.dumps({**found, "seed": seed, "seconds": round(time.monotonic() - began), "at": at, "machine": facts}))


if __name__ == "__main__":
    main()
