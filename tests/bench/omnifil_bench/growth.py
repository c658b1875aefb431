"""Part 4: what a message costs as dossiers, timelines and connected agents grow."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial

from omnifil_messaging import Producer

from omnifil_bench.arrivals import Arrivals
from omnifil_bench.figures import Figures, Spread, merged, tidy
from omnifil_bench.filling import fill, pattern_of
from omnifil_bench.latency import Door
from omnifil_bench.messages import Conversation, Mix, Writers
from omnifil_bench.options import Options
from omnifil_bench.processes import Account, Servers, idle, resident_bytes, servers
from omnifil_bench.suite import Place, place, suite, warm
from omnifil_bench.throughput import WARM_UP, Run, carried
from omnifil_bench.whole import whole_suite

_PER_S = 100
_REST_S = 3.0
"""For which it is looked what processes use while nothing happens: that is no cost of a message."""
_OLD, _NEW = 300, 300
"""Conversations in a measured batch: those that began long ago, and new ones."""


async def measure(options: Options) -> Figures:
    """Dossiers and timelines on the way from topic to topic, agents on the whole suite."""
    async with servers() as shared, place(shared, ("email",)) as here:
        timelines = await _timelines(here, options)
        dossiers = await _dossiers(shared, here, options)
    agents = await _agents(options)
    return {"dossiers": dossiers, "timelines": timelines, "agents": agents}


async def _dossiers(shared: Servers, here: Place, options: Options) -> Figures:
    say = partial(options.say, "growth")
    levels = (1_000, 20_000) if options.quick else (10_000, 1_000_000)
    messages = 1_200 if options.quick else 3_000
    writers = Writers(options.seed * 1000 + 500)
    old = writers.conversations(_OLD * options.few * len(levels))
    async with warm(here, suite(here), writers.written(old, len(old))):
        say(f"{len(old)} conversations are begun")
    pattern = await pattern_of(shared.mongod.uri, here.name, old[0].conversation_id)
    runs: dict[int, list[Run]] = {}
    filled, seconds = 0, 0.0
    for level in levels:
        began = time.perf_counter()
        await fill(shared.mongod, shared.folder, (pattern, range(filled, level)))
        filled, seconds = level, time.perf_counter() - began
        say(f"{level:,} dossiers are there, filled in {seconds:.0f} s")
        for _ in range(options.few):
            known, old = old[:_OLD], old[_OLD:]
            first = writers.batch(Mix(WARM_UP))
            batch = writers.written([*known, *writers.conversations(_NEW)], messages)
            run = await carried(here, suite(here), first, batch)
            runs.setdefault(level, []).append(run)
            say(f"with {level:,} dossiers: {run.cpu_ms:.2f} ms of CPU a message, {run.per_s:,.0f}/s")
    return {
        "pattern_bytes": pattern.size_bytes,
        "filled_s": tidy(seconds, 1),
        **_compared({f"{level:,}": found for level, found in runs.items()}),
    }


async def _timelines(here: Place, options: Options) -> Figures:
    """One dossier's messages, one by one: in a young dossier, and in one with thousands of entries."""
    say = partial(options.say, "growth")
    lengths = (10, 500) if options.quick else (10, 10_000)
    count = 100 if options.quick else 400
    writers = Writers(options.seed * 1000 + 600)
    runs: dict[str, list[Run]] = {}
    for length in lengths:
        conversation = writers.conversations(1)
        for number in range(options.few):
            if number and length == lengths[0]:
                conversation = writers.conversations(1)  # the last one is no longer short
            more = max(1, length - conversation[0].messages - 2)
            run = await _paced(here, writers, conversation, more, count)
            runs.setdefault(f"{length:,}", []).append(run)
            say(f"in a timeline of {length:,} entries: {run.cpu_ms:.2f} ms of CPU a message")
    return _compared(runs)


async def _paced(here: Place, writers: Writers, conversation: Sequence[Conversation], more: int, count: int) -> Run:
    """Let the conversation grow by `more` messages, then write `count` at a steady rate."""
    async with warm(here, suite(here), writers.written(conversation, more)) as pids:
        batch = writers.written(conversation, count)
        async with Arrivals.opened(here.kafka) as arrivals, Producer(here.kafka) as producer:
            all_pids = {**pids, **here.servers.pids}
            resting = await idle(all_pids, _REST_S)
            account, began = Account(all_pids, resting), time.perf_counter()
            for number, wire in enumerate(batch.wires()):
                await asyncio.sleep(max(0.0, began + number / _PER_S - time.perf_counter()))
                await producer.publish_raw([wire])
            reached_at = await arrivals.wait_for(batch.entries)
            used = account.seconds()
            await arrivals.proof(batch.messages)
    return Run(count, reached_at - began, {name: each * 1000 / count for name, each in used.items()})


async def _agents(options: Options) -> Figures:
    """The whole suite, with more and more agents who all see every message."""
    say = partial(options.say, "growth")
    levels = (10, 200) if options.quick else (10, 100, 2_000)
    reconnecting = 100 if options.quick else 1_000
    per_s, seconds = 10, 3 if options.quick else 6
    found: dict[str, Figures] = {}
    memory: dict[int, int] = {}
    async with whole_suite() as whole, Door.opened(whole, options.seed, people=20) as door:
        gateway = whole.pids["agent-gateway"]
        await door.post(50, per_s=25)
        for level in levels:
            await door.connect(level)
            memory[level] = resident_bytes(gateway)
            resting = await idle(whole.pids, _REST_S)
            account = Account(whole.pids, resting)
            run = await door.post(per_s * seconds, per_s=per_s)
            used = {name: each * 1000 / (per_s * seconds) for name, each in account.seconds().items()}
            found[f"{level:,}"] = {
                "cpu_ms_per_message": tidy(sum(used.values())),
                "gateway_cpu_ms_per_message": tidy(used["agent-gateway"]),
                "idle_cpu": tidy(sum(resting.values())),
                "p50_ms": run["p50"],
                "p99_ms": run["p99"],
            }
            say(f"{level:,} agents: {sum(used.values()):.1f} ms of CPU a message, p99 {run['p99']} ms")
    async with whole_suite() as whole, Door.opened(whole, options.seed, people=1) as door:
        await door.connect(reconnecting)
        again = [await door.cut() for _ in range(options.rounds)]
        say(f"{reconnecting:,} agents come back at once: all are live again after {max(again):.1f} s")
    least, most = min(levels), max(levels)
    gateway_ms = [found[f"{each:,}"]["gateway_cpu_ms_per_message"] for each in (least, most)]
    return {
        "per_s": per_s,
        "levels": found,
        "ratio": tidy(found[f"{most:,}"]["cpu_ms_per_message"] / found[f"{least:,}"]["cpu_ms_per_message"], 2),
        "gateway_cpu_us_per_message_and_agent": tidy((gateway_ms[1] - gateway_ms[0]) * 1000 / (most - least), 1),
        "bytes_per_agent": round((memory[most] - memory[least]) / (most - least)),
        "reconnecting": reconnecting,
        "reconnect_s": Spread.of(again).figures(2),
    }


def _compared(runs: dict[str, list[Run]]) -> Figures:
    """The dearest level against the cheapest: each of the services, mongod and Kafka together."""
    cpu = {level: Spread.of(run.cpu_ms for run in found) for level, found in runs.items()}
    first, *_, last = runs
    names = runs[first][0].cpu_ms_by_process
    by_process = {
        name: {level: Spread.of(run.cpu_ms_by_process[name] for run in found).median for level, found in runs.items()}
        for name in names
    }
    return {
        "cpu_ms_per_message": {level: each.figures() for level, each in cpu.items()},
        "per_s": merged({level: [run.per_s for run in found] for level, found in runs.items()}),
        "by_process": {name: {level: tidy(ms) for level, ms in each.items()} for name, each in by_process.items()},
        "ratio": tidy(cpu[last].median / cpu[first].median, 2),
    }
