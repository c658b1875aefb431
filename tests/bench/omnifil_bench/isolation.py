"""Part 3: a flood on social, and what e-mail and chat notice of it.

The messages of all three are published to their inbound topics, as an integrator does: so it is the shared way that is
measured, and no limit of a channel's own door protects anybody. E-mail and chat are written at a steady rate, in an
open loop; the flood is published by a process of its own, as fast as it can.
"""

import asyncio
import time
from functools import partial

from omnifil_messaging import Producer

from omnifil_bench.arrivals import Arrivals
from omnifil_bench.companion import Companion
from omnifil_bench.figures import Figures, latencies, percentile, tidy
from omnifil_bench.latency import shown_all
from omnifil_bench.messages import Writers
from omnifil_bench.options import Options
from omnifil_bench.whole import Suite, whole_suite

_CHANNELS = ("email", "chat")
_PER_S = 10
"""Of each channel."""
_PEOPLE = 20
"""Who write, on each channel."""


async def measure(options: Options) -> Figures:
    """Quiet, then flooded, with the same steady traffic."""
    say = partial(options.say, "isolation")
    flood, seconds = (5_000, 4) if options.quick else (100_000, 20)
    async with (
        whole_suite() as suite,
        Companion.started("omnifil_bench.agents") as agents,
        Companion.started("omnifil_bench.flood") as network,
    ):
        await agents.ask("connect", url=suite.stack.agent_gateway.ws, token=await suite.token(), count=1)
        writers = Writers(options.seed)
        await steadily(suite, agents, writers, seconds=3)
        quiet = await steadily(suite, agents, writers, seconds=seconds)
        say(f"quiet: {_told(quiet)}")
        async with Arrivals.opened(suite.kafka, "identified.social.v1") as carried:
            began = time.perf_counter()
            flooding = asyncio.create_task(network.ask("flood", bootstrap=suite.stack.kafka, count=flood))
            flooded = await steadily(suite, agents, writers, seconds=seconds)
            said = await flooding
            left = flood - await carried.count()
        say(f"flooded: {_told(flooded)}; {left:,} of the flood are still to come")
    p99 = {name: {"quiet": _p99(quiet[name]), "flooded": _p99(flooded[name])} for name in _CHANNELS}
    ratios = {name: tidy(each["flooded"] / each["quiet"], 2) for name, each in p99.items()}
    return {
        "flood": flood,
        "flood_published_s": tidy(said["seconds"], 1),
        "flood_left_at_the_end": left,
        "seconds": tidy(time.perf_counter() - began, 1),
        "per_s": _PER_S,
        "ratio": max(ratios.values()),
        "ratios": ratios,
        "quiet": {name: latencies(each) for name, each in quiet.items()},
        "flooded": {name: latencies(each) for name, each in flooded.items()},
    }


async def steadily(suite: Suite, agents: Companion, writers: Writers, *, seconds: float) -> dict[str, list[float]]:
    """Latencies by channel, in seconds: from when a message was due until an agent saw it. Every one must be seen."""
    count = int(seconds * _PER_S)
    batches = {name: writers.written(writers.conversations(min(count, _PEOPLE), (name,)), count) for name in _CHANNELS}
    due: dict[str, dict[str, float]] = {name: {} for name in _CHANNELS}
    await agents.ask("shown")
    async with Producer(suite.kafka) as producer, asyncio.TaskGroup() as publishing:
        wires = {name: batch.wires() for name, batch in batches.items()}
        began = time.time() + 0.2
        for number in range(count):
            at = began + number / _PER_S
            await asyncio.sleep(max(0.0, at - time.time()))
            for name, batch in batches.items():
                due[name][batch.messages[number].provider_message_id] = at
                publishing.create_task(producer.publish_raw([wires[name][number]]))
    shown = await shown_all(agents, [message for each in due.values() for message in each])
    return {name: [shown[message] - at for message, at in each.items()] for name, each in due.items()}


def _p99(seconds: list[float]) -> float:
    return tidy(percentile(seconds, 0.99) * 1000, 2)


def _told(series: dict[str, list[float]]) -> str:
    return ", ".join(f"{name} p99 {_p99(each):,.0f} ms" for name, each in series.items())
