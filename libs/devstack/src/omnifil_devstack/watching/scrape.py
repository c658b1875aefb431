"""One look at every process: is it ready, what do its metrics say, what does it use of the machine."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

from omnifil_devstack.stack_file import Stack

_TIMEOUT_S = 4


@dataclass(frozen=True)
class Sample:
    """One line of `/metrics`."""

    name: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Usage:
    """Of one process: CPU seconds since its start, resident memory, when it started (seconds since 1970)."""

    cpu_s: float
    memory_bytes: int
    started_at: float


@dataclass(frozen=True)
class Seen:
    """One process of the stack. `ready` is None for a server, which has no such door; `not_ready` says why not."""

    name: str
    pid: int
    alive: bool
    ready: bool | None = None
    not_ready: tuple[str, ...] = ()
    usage: Usage | None = None
    samples: tuple[Sample, ...] = field(default=(), repr=False)
    answered: bool = False
    """Whether its metrics could be read."""

    @property
    def is_well(self) -> bool:
        return self.alive and self.ready is not False


@dataclass(frozen=True)
class Look:
    """Everything at one moment. `at_s` is of the monotonic clock, for rates between two looks."""

    at: datetime
    at_s: float
    processes: tuple[Seen, ...]

    def samples(self, name: str) -> Iterator[tuple[str, Sample]]:
        """All samples of this name, each with the process that has it."""
        for process in self.processes:
            for sample in process.samples:
                if sample.name == name:
                    yield process.name, sample


async def look(stack: Stack, http: httpx.AsyncClient) -> Look:
    """Ask all processes side by side."""
    processes = await asyncio.gather(*(_see(stack, name, http) for name in stack.processes))
    return Look(datetime.now(UTC), time.monotonic(), tuple(processes))


async def _see(stack: Stack, name: str, http: httpx.AsyncClient) -> Seen:
    noted = stack.processes[name]
    process = noted.alive()
    usage = _usage(process) if process else None
    url = stack.services.get(name)
    if process is None or url is None or name == "world":
        return Seen(name, noted.pid, process is not None, usage=usage)
    (ready, not_ready), samples = await asyncio.gather(_readiness(url, http), _metrics(url, http))
    return Seen(name, noted.pid, True, ready, not_ready, usage, samples or (), samples is not None)


def _usage(process: psutil.Process) -> Usage | None:
    try:
        with process.oneshot():
            cpu, memory = process.cpu_times(), process.memory_info().rss
            for child in process.children(recursive=True):
                memory += child.memory_info().rss
            return Usage(cpu.user + cpu.system + cpu.children_user, memory, process.create_time())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None


async def _readiness(url: str, http: httpx.AsyncClient) -> tuple[bool, tuple[str, ...]]:
    try:
        answer = await http.get(f"{url}/health/ready", timeout=_TIMEOUT_S)
        checks: dict[str, Any] = answer.json().get("checks", {})
    except (httpx.HTTPError, ValueError) as error:
        return False, (f"it does not answer ({type(error).__name__})",)
    wrong = tuple(f"{name}: {each.get('error')}" for name, each in checks.items() if not each.get("ok"))
    return answer.status_code == 200, wrong


async def _metrics(url: str, http: httpx.AsyncClient) -> tuple[Sample, ...] | None:
    try:
        answer = await http.get(f"{url}/metrics", timeout=_TIMEOUT_S)
        answer.raise_for_status()
        return tuple(read(answer.text))
    except (httpx.HTTPError, ValueError):
        return None


def read(text: str) -> Iterator[Sample]:
    """The suite's own samples of an exposition, without buckets, which a terminal does not show."""
    for family in text_string_to_metric_families(text):
        if family.name.startswith("omnifil_"):
            for sample in family.samples:
                if not sample.name.endswith(("_bucket", "_created")):
                    yield Sample(sample.name, sample.labels, sample.value)
