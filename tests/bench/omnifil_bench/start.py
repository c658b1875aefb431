"""Part 5: how long the suite takes to start, to rebuild its projections, and to catch up after an hour's outage."""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from pymongo import AsyncMongoClient

from omnifil_bench.arrivals import Arrivals
from omnifil_bench.figures import Figures, Spread, tidy
from omnifil_bench.filling import fill, pattern_of
from omnifil_bench.messages import Mix, Writers
from omnifil_bench.options import Options
from omnifil_bench.processes import own_environment, running, scratch_folder, servers
from omnifil_bench.suite import Place, place, publish, suite, warm
from omnifil_bench.throughput import WARM_UP
from omnifil_bench.whole import link_jars, up

_OUTAGE_S = 3_600
_COMMAND_S = 120


class Failed(Exception):
    """A command of the suite ended with an error; the message is what it said."""


async def measure(options: Options) -> Figures:
    """Start and story of the whole suite; then rebuild and outage on servers of their own."""
    figures = await _starts(options)
    async with servers() as shared:
        async with place(shared, ("email",)) as here:
            figures |= await _rebuild(here, options)
        async with place(shared, ("email",)) as here:
            figures |= await _outage(here, options)
    return figures


async def _starts(options: Options) -> Figures:
    """Cold: nothing stored, and Java without its ahead-of-time cache. Warm: the same home again."""
    say = partial(options.say, "start")
    cold, warm_, story = list[float](), list[float](), list[float]()
    for _ in range(options.few):
        with scratch_folder() as folder:
            link_jars(folder, caches=False)
            async with up(folder) as started:
                cold.append(started.start_s)
        with scratch_folder() as folder:
            link_jars(folder)
            async with up(folder) as first:
                story.append(await _told(first.environment, say))
            async with up(folder) as again:
                warm_.append(again.start_s)
        say(f"cold {cold[-1]:.1f} s, warm {warm_[-1]:.1f} s, the story told in {story[-1]:.1f} s")
    return {
        "cold_s": Spread.of(cold).figures(2),
        "warm_s": Spread.of(warm_).figures(2),
        "story_s": Spread.of(story).figures(2),
    }


async def _told(environment: Mapping[str, str], say: Callable[[str], None]) -> float:
    """How long the story took, from the first mail to the last check. A second attempt is said aloud."""
    story = ("omnifil_devstack.cli", "demo", "--once", "--json")
    try:
        played = await _command(story, environment)
    except Failed as failed:
        say(f"the story is told again: {failed}")
        played = await _command(story, environment)
    return float(played["seconds"])


async def _rebuild(here: Place, options: Options) -> Figures:
    """With every projection in place, which is compared; and with none, which are made."""
    say = partial(options.say, "start")
    count = 1_000 if options.quick else 10_000
    writers = Writers(options.seed * 1000 + 700)
    first = writers.batch(Mix(WARM_UP))
    async with warm(here, suite(here), first):
        pass
    pattern = await pattern_of(here.servers.mongod.uri, here.name, first.messages[0].conversation.conversation_id)
    await fill(here.servers.mongod, here.servers.folder, (pattern, range(count)))
    environment = suite(here)[0].environment
    compared, made = list[float](), list[float]()
    for _ in range(options.few):
        told = await _command(("case_service.main", "rebuild"), environment)
        compared.append(told["dossiers"] / told["seconds"])
        async with AsyncMongoClient[Figures](here.servers.mongod.uri) as client:
            await client[f"{here.name}_cases"]["dossiers"].delete_many({})
        told = await _command(("case_service.main", "rebuild"), environment)
        if told["restored"] != told["dossiers"]:
            raise Failed(f"Not every projection was made anew: {told}")
        made.append(told["dossiers"] / told["seconds"])
        say(f"{told['dossiers']:,} dossiers: {compared[-1]:,.0f}/s compared, {made[-1]:,.0f}/s made anew")
    return {
        "rebuild_dossiers": told["dossiers"],
        "rebuild_compared_per_s": Spread.of(compared).figures(),
        "rebuild_made_per_s": Spread.of(made).figures(),
    }


async def _outage(here: Place, options: Options) -> Figures:
    """Both services are away for an hour, while so many messages a second come in; then they start, and catch up."""
    say = partial(options.say, "start")
    per_s = 0.2 if options.quick else 5
    writers = Writers(options.seed * 1000 + 800)
    async with warm(here, suite(here), writers.batch(Mix(WARM_UP))):
        pass
    backlog = writers.batch(Mix(int(_OUTAGE_S * per_s)))
    async with Arrivals.opened(here.kafka) as arrivals:
        await publish(here.kafka, backlog)
        began = time.perf_counter()
        async with running(suite(here), here.servers.folder / "log"):
            begun_at = await arrivals.wait_for(1, patience_s=60)
            reached_at = await arrivals.wait_for(backlog.entries)
        await arrivals.proof(backlog.messages)
    count, seconds = len(backlog.messages), reached_at - began
    say(f"{count:,} messages of an hour: caught up after {seconds:.1f} s, {count / seconds:,.0f}/s")
    return {
        "outage_messages": count,
        "outage_per_s": per_s,
        "catch_up_s": tidy(seconds, 1),
        "catch_up_first_s": tidy(begun_at - began, 1),
        "catch_up_per_s": tidy(count / seconds),
    }


async def _command(command: Sequence[str], environment: Mapping[str, str]) -> Figures:
    """Run a module; the JSON of its last line. Raises `Failed`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *command),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=own_environment(environment),
    )
    try:
        async with asyncio.timeout(_COMMAND_S):
            said, complained = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise Failed(f"{' '.join(command)} ended with {process.returncode}: {(complained + said).decode()[-500:]}")
    figures: Figures = json.loads(said.splitlines()[-1])
    return figures
