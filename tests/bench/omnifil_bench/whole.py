"""The whole suite as `omnifil up` starts it, with a home and ports of its own."""

import asyncio
import os
import resource
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from omnifil_devstack.folders import home
from omnifil_devstack.ports import PortPlan, is_free
from omnifil_devstack.server_process import ServerProcess
from omnifil_devstack.stack_file import Stack
from omnifil_messaging import KafkaSettings

from omnifil_bench.processes import own_environment, scratch_folder

_BASES = range(30_000, 60_000, 100)
_START_S = 180
_OPEN_FILES = 16_384


@asynccontextmanager
async def whole_suite() -> AsyncIterator["Suite"]:
    """A fresh one; everything of it is gone afterwards."""
    with scratch_folder() as folder:
        link_jars(folder)
        async with up(folder) as started:
            yield started


def link_jars(folder: Path, *, caches: bool = True) -> None:
    """The jars that the set-up has fetched; without `caches` Java has to load them as if for the first time."""
    (folder / "jars").mkdir(parents=True)
    for each in (home() / "jars").resolve().iterdir():
        if caches or each.suffix != ".aot":
            (folder / "jars" / each.name).symlink_to(each)


@asynccontextmanager
async def up(folder: Path) -> AsyncIterator["Suite"]:
    """`omnifil up` with this home; stopped afterwards, the data stays."""
    base = next(base for base in _BASES if all(is_free(port) for port in PortPlan(base).all().values()))
    own = {"OMNIFIL_HOME": str(folder), "OMNIFIL_PORT_BASE": str(base)}
    allow_sockets()
    began, path = time.perf_counter(), folder / "stack.json"
    supervisor = await ServerProcess.spawn(
        "omnifil up",
        [sys.executable, "-m", "omnifil_devstack.cli", "up"],
        log=folder / "supervisor.log",
        environment=own_environment(own),
        on_parent_death=signal.SIGTERM,  # it ends its children then
    )
    try:

        async def is_ready() -> bool:
            return await asyncio.to_thread(lambda: path.exists() and '"ready": true' in path.read_text())

        await supervisor.until(is_ready, timeout_s=_START_S)
        seconds = time.perf_counter() - began
        yield Suite(Stack.model_validate_json(path.read_text()), seconds, own)
    finally:
        await supervisor.stop(timeout_s=60)


def allow_sockets() -> None:
    """Thousands of agents are thousands of files, for the gateway and for us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Suite:
    """A running one, and what it takes to use it."""

    def __init__(self, stack: Stack, start_s: float, environment: dict[str, str]) -> None:
        self.stack = stack
        self.start_s = start_s
        self.environment = environment

    @property
    def kafka(self) -> KafkaSettings:
        return KafkaSettings(self.stack.kafka, client_id="bench")

    @property
    def pids(self) -> dict[str, int]:
        """What a message passes on its way to the screen."""
        return {name: process.pid for name, process in self.stack.processes.items() if name not in _ASIDE}

    async def token(self) -> str:
        """Of the first agent."""
        login = self.stack.issuer.agents[0]
        form = {"grant_type": "password", "username": login.username, "password": login.password}
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            answer = await http.post(self.stack.issuer.token_endpoint, data=form)
            answer.raise_for_status()
            return str(answer.json()["access_token"])

    async def people(self, count: int, seed: int) -> list[str]:
        """Page-scoped ids of so many people whom the network knows by name."""
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            found = []
            for number in range(count):
                name = f"Person{_letters(seed)} Number{_letters(number)}"
                answer = await http.post(f"{self.stack.world}/residents", json={"name": name})
                answer.raise_for_status()
                found.append(str(answer.json()["psid"]))
        return found


_ASIDE = ("world", "greenmail", "ingest-email", "ingest-chat")


def _letters(number: int) -> str:
    """A name has no digits."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def home_is_set_up() -> bool:
    """Whether `make setup` was run here."""
    return (home() / "jars").exists() and os.access(home() / "jars", os.R_OK)
