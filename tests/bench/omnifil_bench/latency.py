"""Part 2: from a signed webhook to an agent's WebSocket, at steady rates and at a burst, and where the time goes."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any

from omnifil_contracts.topics import DOSSIER_EVENTS, IDENTIFIED, INBOUND

from omnifil_bench.arrivals import Arrivals, NotProven, Stalled
from omnifil_bench.companion import Companion
from omnifil_bench.figures import Figures, Spread, latencies, percentile, tidy
from omnifil_bench.options import Options
from omnifil_bench.whole import Suite, whole_suite

_SHOWN_WITHIN_S = 60
_STAGES = ("accepted", "identified", "linked", "published", "shown")


async def measure(options: Options) -> Figures:
    """Every rate in turn, round after round; then the burst."""
    say = partial(options.say, "latency")
    rates = (50, 200) if options.quick else (50, 200, 500)
    seconds, burst = (2, 100) if options.quick else (8, 500)
    found: dict[str, list[Figures]] = {}
    people = 20 if options.quick else 100
    async with whole_suite() as suite, Door.opened(suite, options.seed, people=people) as door:
        await door.post(200, per_s=50)
        for number in range(options.rounds):
            for rate in rates:
                found.setdefault(str(rate), []).append(await door.post(rate * seconds, per_s=rate))
                say(f"round {number + 1}, {rate}/s: {_told(found[str(rate)][-1])}")
            name = f"burst of {burst}"
            found.setdefault(name, []).append(await door.post(burst, per_s=0))
            say(f"round {number + 1}, {name}: {_told(found[name][-1])}")
    return {
        "seconds": seconds,
        "by_rate": {
            name: {
                **{each: Spread.of(run[each] for run in runs).figures(2) for each in ("p50", "p99", "p999", "max")},
                "count": sum(run["count"] for run in runs),
                "stages": {
                    stage: {
                        each: tidy(Spread.of(run["stages"][stage][each] for run in runs).median, 2)
                        for each in ("p50", "p99")
                    }
                    for stage in _STAGES
                },
            }
            for name, runs in found.items()
        },
    }


def _told(run: Figures) -> str:
    return f"p50 {run['p50']} ms, p99 {run['p99']} ms, p99.9 {run['p999']} ms"


class Door:
    """The two ends: a network that posts, and an agent who looks."""

    def __init__(self, suite: Suite, network: Companion, agents: Companion, people: list[str], seed: int) -> None:
        self._suite = suite
        self._network = network
        self._agents = agents
        self._people = people
        self._seed = seed
        self._runs = 0

    @classmethod
    @asynccontextmanager
    async def opened(cls, suite: Suite, seed: int, *, people: int) -> AsyncIterator["Door"]:
        """With an agent who is connected, and so many people who may write."""
        async with (
            Companion.started("omnifil_bench.webhooks") as network,
            Companion.started("omnifil_bench.agents") as agents,
        ):
            gateway = suite.stack.agent_gateway
            await agents.ask("connect", url=gateway.ws, token=await suite.token(), count=1)
            yield cls(suite, network, agents, await suite.people(people, seed), seed)

    async def connect(self, count: int) -> None:
        """So many agents in all; returns when every one is live."""
        gateway = self._suite.stack.agent_gateway
        await self._agents.ask("connect", url=gateway.ws, token=await self._suite.token(), count=count)

    async def cut(self) -> float:
        """All agents lose their connection and come back at once: seconds until every one is live again."""
        return float((await self._agents.ask("cut"))["seconds"])

    async def post(self, count: int, *, per_s: float) -> Figures:
        """So many webhooks; the latencies from when each was due until it was shown. Every one must be."""
        self._runs += 1
        messenger = self._suite.stack.messenger
        await self._network.ask(
            "prepare",
            url=messenger.webhook_url,
            secret=messenger.app_secret,
            page_id=messenger.page_id,
            people=self._people,
            count=count,
            name=f"bench-{self._seed}-{self._runs}",
            seed=self._seed * 1000 + self._runs,
        )
        async with AsyncExitStack() as stack:
            topics = (INBOUND.of("social"), IDENTIFIED.of("social"), DOSSIER_EVENTS.name)
            opened = [await stack.enter_async_context(Arrivals.opened(self._suite.kafka, topic)) for topic in topics]
            await self._agents.ask("shown")
            sent = (await self._network.ask("post", per_s=per_s))["sent"]
            shown = await shown_all(self._agents, list(sent))
            if refused := [status for _, _, status in sent.values() if status != 200]:
                raise NotProven(f"{len(refused)} of {len(sent)} webhooks were not taken, with {sorted(set(refused))}.")
            accepted = await _stamps(opened[0], lambda event: event)
            identified = await _stamps(opened[1], lambda event: event["message"])
            published = await _stamps(opened[2], _linked)
            linked = await _stamps(opened[2], _linked, _appended_at)
        moments = [{message: due for message, (due, _, _) in sent.items()}]
        moments += [accepted, identified, linked, published, shown]
        return {
            **latencies([shown[message] - due for message, (due, _, _) in sent.items()]),
            "answered": latencies([answered - due for due, answered, _ in sent.values()]),
            "stages": {
                stage: _between(before, after)
                for stage, before, after in zip(_STAGES, moments[:-1], moments[1:], strict=True)
            },
        }


async def shown_all(agents: Companion, messages: list[str], *, within_s: float = _SHOWN_WITHIN_S) -> dict[str, float]:
    """When each of these was shown. Raises `Stalled` when not all are."""
    deadline = time.monotonic() + within_s
    shown: dict[str, float] = {}
    while True:
        shown |= (await agents.ask("shown"))["at"]
        if shown.keys() >= set(messages):
            return shown
        if time.monotonic() > deadline:
            missing = len(set(messages) - shown.keys())
            raise Stalled(f"{missing} of {len(messages)} messages were not shown within {within_s:g} s.")
        await asyncio.sleep(0.1)


async def _stamps(
    arrivals: Arrivals, message_of: Callable[[Any], Any], at: Callable[[Any, float], float] = lambda _, stamp: stamp
) -> dict[str, float]:
    """When the record of each message was written (seconds since 1970), by the provider's id."""
    found: dict[str, float] = {}
    async for record in arrivals.records():
        event = json.loads(record.value)
        if (message := message_of(event)) is not None:
            found[message["provider_message_id"]] = at(event, record.timestamp / 1000)
    return found


def _linked(event: Any) -> Any:
    return event["entry"]["event"].get("message")


def _appended_at(event: Any, _: float) -> float:
    return datetime.fromisoformat(event["entry"]["at"]).timestamp()


def _between(before: Mapping[str, float], after: Mapping[str, float]) -> Figures:
    took = [max(0.0, after[message] - at) * 1000 for message, at in before.items() if message in after]
    return {"p50": tidy(percentile(took, 0.5), 2), "p99": tidy(percentile(took, 0.99), 2)}
