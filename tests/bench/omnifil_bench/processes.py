"""The processes that are measured: started, frozen, counted, ended; none outlives the harness."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from omnifil_devstack.kafka_server import KafkaServer
from omnifil_devstack.mongo_server import MongoServer
from omnifil_devstack.ports import free_ports
from omnifil_devstack.server_process import ServerProcess

PACKAGE_FOLDER = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Servers:
    """A Kafka and a mongod of our own, and the folder that they write to."""

    kafka: KafkaServer
    mongod: MongoServer
    folder: Path

    @property
    def pids(self) -> dict[str, int]:
        return {"kafka": self.kafka.pid, "mongod": self.mongod.pid}


@asynccontextmanager
async def servers() -> AsyncIterator[Servers]:
    """Fresh ones, as devstack starts them; their data is gone afterwards."""
    with scratch_folder() as folder:
        port, controller_port, mongo_port = free_ports(3)
        async with AsyncExitStack() as stack:
            kafka = await KafkaServer.start(folder / "kafka", port=port, controller_port=controller_port)
            stack.push_async_callback(kafka.kill)  # nobody needs its data any more
            mongod = await MongoServer.start(folder / "mongod", port=mongo_port)
            stack.push_async_callback(mongod.kill)
            yield Servers(kafka, mongod, folder)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="omnifil-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Launch:
    """One process: a Python module with its arguments and `OMNIFIL_*` variables. `cores`: where it may run."""

    name: str
    module: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    cores: frozenset[int] | None = None


@asynccontextmanager
async def running(launches: Sequence[Launch], logs: Path) -> AsyncIterator[dict[str, int]]:
    """Process ids by name. They are ended afterwards; what they said is in `logs`."""
    async with AsyncExitStack() as stack:
        pids: dict[str, int] = {}
        for launch in launches:
            process = await ServerProcess.spawn(
                launch.name,
                [sys.executable, "-m", launch.module, *launch.arguments],
                log=logs / f"{launch.name}.log",
                environment=own_environment(launch.environment),
            )
            stack.push_async_callback(_end, process)
            if launch.cores is not None:
                os.sched_setaffinity(process.pid, launch.cores)
            pids[launch.name] = process.pid
        yield pids


async def _end(process: ServerProcess) -> None:
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGCONT)  # one that is frozen hears no SIGTERM
    await process.stop(timeout_s=5)


def own_environment(own: Mapping[str, str]) -> dict[str, str]:
    """For a child: ours without the settings of other runs, which would surprise."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OMNIFIL_")}
    path = os.pathsep.join(filter(None, [str(PACKAGE_FOLDER), inherited.get("PYTHONPATH")]))
    return {**inherited, "PYTHONPATH": path, **own}


@contextmanager
def frozen(pids: Iterable[int]) -> Iterator[None]:
    """Stopped in mid-step inside, all at once; they go on afterwards as if nothing had been. For some seconds only:
    a consumer that is silent for longer than its session loses its partitions."""
    stopped = list(pids)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


class Account:
    """CPU time of processes since it was opened, without what they use when `idle` (CPU seconds of a second)."""

    def __init__(self, pids: Mapping[str, int], idle: Mapping[str, float] | None = None) -> None:
        self._idle = idle or {}
        self._opened_at = time.perf_counter()
        self._processes = {name: psutil.Process(pid) for name, pid in pids.items()}
        self._before = self._now()

    def seconds(self) -> dict[str, float]:
        """User and system time by name. Raises psutil.NoSuchProcess for one that has died."""
        lasted = time.perf_counter() - self._opened_at
        used = {name: now - self._before[name] for name, now in self._now().items()}
        return {name: max(0.0, each - self._idle.get(name, 0.0) * lasted) for name, each in used.items()}

    def _now(self) -> dict[str, float]:
        times = {name: process.cpu_times() for name, process in self._processes.items()}
        return {name: each.user + each.system for name, each in times.items()}


async def idle(pids: Mapping[str, int], seconds: float) -> dict[str, float]:
    """What they use while nothing happens: CPU seconds of a second, by name."""
    account = Account(pids)
    await asyncio.sleep(seconds)
    return {name: used / seconds for name, used in account.seconds().items()}


def resident_bytes(pid: int) -> int:
    """What it has in memory of its own."""
    return int(psutil.Process(pid).memory_full_info().uss)
