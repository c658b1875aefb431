"""Part 1: how many messages a second go from their inbound topic to the dossier's events, beside the floor.

A backlog is published while everybody is frozen; then they are let go. So the whole way is timed, from the first
message to the last entry, with everything warm and nobody publishing meanwhile.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from omnifil_contracts.topics import INBOUND

from omnifil_bench.arrivals import Arrivals
from omnifil_bench.figures import Figures, Spread, merged, ratio, tidy
from omnifil_bench.messages import Batch, Mix, Writers
from omnifil_bench.options import Options
from omnifil_bench.processes import Account, Launch, Servers, frozen, servers
from omnifil_bench.profiling import watched, where_it_goes
from omnifil_bench.suite import Place, floor, place, publish, suite, warm

ONE_CORE = frozenset({0})
WARM_UP = 600
THREE_CHANNELS = ("email", "chat", "social")


@dataclass(frozen=True)
class Run:
    """One backlog carried through, by the suite or by the floor."""

    messages: int
    seconds: float
    cpu_ms_by_process: dict[str, float]
    """Per message."""

    @property
    def per_s(self) -> float:
        return self.messages / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Of all processes, per message; Kafka and mongod are among them."""
        return sum(self.cpu_ms_by_process.values())


Pair = tuple[Run, Run]
"""The suite, and the floor right after it with the same messages."""


async def carried(here: Place, launches: Sequence[Launch], first: Batch, batch: Batch) -> Run:
    """Start these processes, warm them up with `first`, let them carry the batch through, and prove that nothing was
    lost, doubled or turned round."""
    async with warm(here, launches, first) as pids, Arrivals.opened(here.kafka) as arrivals:
        with frozen(pids.values()):
            await publish(here.kafka, batch)
            account, began = Account({**pids, **here.servers.pids}), time.perf_counter()
        reached_at = await arrivals.wait_for(batch.entries)
        used = account.seconds()
        await arrivals.proof(batch.messages)
    count = len(batch.messages)
    return Run(count, reached_at - began, {name: each * 1000 / count for name, each in used.items()})


async def measure(options: Options) -> Figures:
    """The suite and the floor in turn; then other mixes, one core, and replicas."""
    async with servers() as shared:
        stand = Stand(shared, options)
        usual = Mix(options.messages)
        pairs = [await stand.pair(usual, "5 messages in a conversation") for _ in range(options.rounds)]
        mixes = {
            "1": await stand.pair(Mix(options.messages, 1), "1 message in a conversation"),
            "50": await stand.pair(Mix(options.messages, 50), "50 messages in a conversation"),
            "5, on three channels": await stand.pair(Mix(options.messages, channels=THREE_CHANNELS), "three channels"),
        }
        one_core = [await stand.suite(usual, "on one core", cores=ONE_CORE)]
        replicas = [await stand.suite(usual, "with two replicas of each consumer", replicas=2)]
        profile = await stand.profile(usual) if options.profile else None
    suites, floors = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    per_s, floor_per_s = [each.per_s for each in suites], [each.per_s for each in floors]
    return {
        "messages": options.messages,
        "ratio": ratio(per_s, floor_per_s).figures(),
        "per_s": Spread.of(per_s).figures(),
        "floor_per_s": Spread.of(floor_per_s).figures(),
        "cpu_ms_per_message": by_process(suites),
        "floor_cpu_ms_per_message": by_process(floors),
        "cpu_ratio": ratio([each.cpu_ms for each in suites], [each.cpu_ms for each in floors]).figures(),
        "mixes": {"5": _compared(pairs), **{name: _compared([pair]) for name, pair in mixes.items()}},
        "scaling": merged(
            {
                "services on one core": [each.per_s for each in one_core],
                "on two cores": per_s,
                "on two cores, two replicas of each consumer": [each.per_s for each in replicas],
            }
        ),
        **({"profile": profile} if profile is not None else {}),
    }


class Stand:
    """Where backlogs are carried through, each in a place of its own."""

    def __init__(self, shared: Servers, options: Options) -> None:
        self._servers = shared
        self._say = partial(options.say, "throughput")
        self._seed = options.seed
        self._runs = 0

    async def pair(self, mix: Mix, what: str) -> Pair:
        self._runs += 1
        ours, theirs = await self._run(mix), await self._run(mix, by_hand=True)
        self._say(f"{what}: {ours.per_s:,.0f}/s, floor {theirs.per_s:,.0f}/s, ratio {ours.per_s / theirs.per_s:.2f}")
        return ours, theirs

    async def suite(self, mix: Mix, what: str, *, replicas: int = 1, cores: frozenset[int] | None = None) -> Run:
        self._runs += 1
        run = await self._run(mix, replicas=replicas, cores=cores)
        self._say(f"{what}: {run.per_s:,.0f}/s")
        return run

    async def profile(self, mix: Mix) -> Figures:
        """Where the time goes, by process. Of a run of its own: to be looked at costs something, too."""
        self._runs += 1
        folder = self._servers.folder / "profile"
        folder.mkdir()
        async with place(self._servers, mix.channels) as here:
            writers = Writers(self._seed * 1000 + self._runs)
            first, batch = writers.batch(Mix(WARM_UP)), writers.batch(mix)
            async with warm(here, suite(here), first) as pids, Arrivals.opened(here.kafka) as arrivals:
                with frozen(pids.values()):
                    await publish(here.kafka, batch)
                async with watched(pids, folder) as files:
                    await arrivals.wait_for(batch.entries)
        self._say("profiled")
        return {name: where_it_goes(file.read_text()) for name, file in files.items()}

    async def _run(
        self, mix: Mix, *, by_hand: bool = False, replicas: int = 1, cores: frozenset[int] | None = None
    ) -> Run:
        async with place(self._servers, mix.channels) as here:
            topics = [INBOUND.of(channel) for channel in mix.channels]
            launches = floor(here, topics) if by_hand else suite(here, replicas=replicas, cores=cores)
            writers = Writers(self._seed * 1000 + self._runs)
            first = writers.batch(Mix(WARM_UP, mix.per_conversation, mix.channels))
            return await carried(here, launches, first, writers.batch(mix))


def by_process(runs: Sequence[Run]) -> Figures:
    """CPU milliseconds per message, which are CPU seconds per 1,000 messages."""
    names = runs[0].cpu_ms_by_process
    each = {name: [run.cpu_ms_by_process[name] for run in runs] for name in names}
    return merged({**each, "all": [run.cpu_ms for run in runs]})


def _compared(pairs: Sequence[Pair]) -> Figures:
    ours, theirs = [pair[0].per_s for pair in pairs], [pair[1].per_s for pair in pairs]
    return {"per_s": tidy(Spread.of(ours).median), "floor_per_s": tidy(Spread.of(theirs).median),
            "ratio": ratio(ours, theirs).figures()}  # fmt: skip
