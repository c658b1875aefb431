"""Keeps the suite running on this machine: servers, world and services, from start to a clean stop."""

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import httpx

from omnifil_devstack import orphans, stack_file
from omnifil_devstack.errors import StackError, about
from omnifil_devstack.folders import CHECKOUT, home
from omnifil_devstack.ports import require_free
from omnifil_devstack.server import Server
from omnifil_devstack.server_process import ServerProcess
from omnifil_devstack.service_plan import Service
from omnifil_devstack.stack_plan import StackPlan

_READY_TIMEOUT_S = 90
_LOOK_EVERY_S = 0.2
_PAUSES_S = (0.5, 1, 2)
_LOADED_AT_ONCE = 4
_STEADY_S = 5
"""Having been up that long, what ends begins with the shortest pause again."""

Announce = Callable[[str], None]
_PASSED_ON = ("OMNIFIL_OTLP_ENDPOINT", "OMNIFIL_TRACE_RATIO")


class AlreadyRunning(StackError):
    """One stack per checkout."""

    def __init__(self) -> None:
        super().__init__("The suite runs already: `omnifil status` shows it, `omnifil down` stops it.")


@dataclass
class _Running:
    """A service and its present process."""

    service: Service
    process: ServerProcess


class Supervisor:
    """`async with supervisor.running():` the suite is up inside, and everything is ended afterwards."""

    def __init__(self, plan: StackPlan, announce: Announce) -> None:
        self._plan = plan
        self._announce = announce
        self._servers: dict[str, Server] = {}
        self._services: dict[str, _Running] = {}
        self._watchers: set[asyncio.Task[None]] = set()
        self._ready = False
        alone = plan.ports.topology.replicas == 1
        self._loading = asyncio.Semaphore(len(plan.services) + 1 if alone else _LOADED_AT_ONCE)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[stack_file.Stack]:
        """Start everything; yields when all of it is ready. Raises `StackError` with a sentence when it is not."""
        with _only_one():
            if left := await asyncio.to_thread(orphans.end_all):
                self._announce(f"Ended what an earlier run had left: {', '.join(left)}.")
            self._require_ports()
            self._plan.prepare()
            try:
                await self._start()
                self._ready = True
                yield self._write_down()
            finally:
                await _to_the_end(self._stop())

    async def _start(self) -> None:
        try:
            servers_are_up = asyncio.Event()
            await _together(
                self._start_servers(servers_are_up),
                *(self._start_service(service, servers_are_up) for service in self._plan.services),
            )
        except* (StackError, OSError) as failures:
            first = _first(failures)
            raise about(first) if isinstance(first, OSError) else first from None

    async def _start_servers(self, up: asyncio.Event) -> None:
        await _together(*(self._start_server(name, start()) for name, start in self._plan.servers().items()))
        await self._plan.make_topics()
        up.set()

    async def _start_server(self, name: str, starting: Awaitable[Server]) -> None:
        with self._starting(name):
            server = self._servers[name] = await starting
        self._watch(name, lambda: server.process.wait(), server.restart)

    async def _start_service(self, service: Service, servers_are_up: asyncio.Event) -> None:
        """It loads while the servers start, and is let go when they are up.

        Many load after the servers and some at a time: a busy machine would let their connections time out.
        """
        if self._plan.ports.topology.replicas > 1:
            await servers_are_up.wait()
        async with self._loading:
            await self._load_service(service, servers_are_up)

    async def _load_service(self, service: Service, servers_are_up: asyncio.Event) -> None:
        with self._starting(service.name):
            running = self._services[service.name] = _Running(service, await self._spawn(service))
            self._write_down()
            await servers_are_up.wait()
            running.process.release()
            await self._until_ready(running)

        async def again() -> None:
            running.process = await self._spawn(service)
            running.process.release()
            self._write_down()
            await self._until_ready(running)

        self._watch(service.name, lambda: running.process.wait(), again)

    @contextmanager
    def _starting(self, name: str) -> Iterator[None]:
        started = asyncio.get_running_loop().time()
        yield
        self._announce(f"{name} is up ({asyncio.get_running_loop().time() - started:.1f} s).")
        self._write_down()

    async def _spawn(self, service: Service) -> ServerProcess:
        return await ServerProcess.spawn(
            service.name,
            [sys.executable, "-m", "omnifil_devstack.gated", service.module, *service.roles],
            log=self._plan.log_of(service.name),
            environment=_inherited() | dict(self._plan.settings_of(service)),
            folder=CHECKOUT,
            on_parent_death=signal.SIGTERM,
            gated=True,
        )

    async def _until_ready(self, running: _Running) -> None:
        async with httpx.AsyncClient(base_url=running.service.url, trust_env=False, timeout=5) as client:
            told = ""

            async def ready() -> bool:
                nonlocal told
                try:
                    answer = await client.get("/health/ready")
                except httpx.TransportError:
                    return False
                told = answer.text
                return answer.status_code == 200

            try:
                await running.process.until(ready, timeout_s=_READY_TIMEOUT_S, pause_s=_LOOK_EVERY_S)
            except StackError as problem:
                raise StackError(f"{problem} It said: {told[:500]}" if told else str(problem)) from None

    def _watch(self, name: str, ended: Callable[[], Awaitable[int]], again: Callable[[], Awaitable[None]]) -> None:
        self._watchers.add(asyncio.create_task(self._mend(name, ended, again), name=f"watch {name}"))

    async def _mend(self, name: str, ended: Callable[[], Awaitable[int]], again: Callable[[], Awaitable[None]]) -> None:
        """Start it again whenever it ends, with growing pauses."""
        clock = asyncio.get_running_loop().time
        crashes = 0
        while True:
            started = clock()
            code = await ended()
            crashes = 0 if clock() - started > _STEADY_S else crashes
            pause_s = _PAUSES_S[min(crashes, len(_PAUSES_S) - 1)]
            crashes += 1
            self._announce(
                f"{name} ended ({_how(code)}); it is started again in {pause_s:g} s. See `omnifil logs {name}`."
            )
            await asyncio.sleep(pause_s)
            # It ended again, which the next turn sees and says; or its files could not be written, as on a full disk.
            with contextlib.suppress(StackError, OSError):
                await again()
                self._announce(f"{name} is up again.")
            self._write_down()

    async def _stop(self) -> None:
        """Services first, so that they finish what they have in hand; then the servers that they need."""
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        await asyncio.gather(*(running.process.stop() for running in self._services.values()))
        await asyncio.gather(*(server.stop() for server in self._servers.values()))
        stack_file.forget()
        orphans.record({})

    def _require_ports(self) -> None:
        for name, port in self._plan.ports.all().items():
            require_free(port, name)

    def _write_down(self) -> stack_file.Stack:
        children = {name: server.pid for name, server in self._servers.items()}
        children |= {name: running.process.pid for name, running in self._services.items()}
        processes = {name: found for name, pid in children.items() if (found := stack_file.Process.of(pid))}
        orphans.record(processes)
        stack = self._plan.described(processes, ready=self._ready)
        stack_file.write(stack)
        return stack


async def _to_the_end(work: Coroutine[None, None, None]) -> None:
    """A stop that is cut short would leave processes behind: who cancels us again waits all the same."""
    task = asyncio.create_task(work)
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({task})
    task.result()


@contextmanager
def _only_one() -> Iterator[None]:
    home().mkdir(parents=True, exist_ok=True)
    with (home() / "supervisor.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning from None
        yield


async def _together(*work: Awaitable[None]) -> None:
    """Side by side; the first failure ends the others."""

    async def one(each: Awaitable[None]) -> None:
        await each

    async with asyncio.TaskGroup() as group:
        for each in work:
            group.create_task(one(each))


def _first(failures: BaseExceptionGroup[StackError | OSError]) -> StackError | OSError:
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _inherited() -> dict[str, str]:
    """Our environment without settings of other runs, which would surprise; but where traces go is for us to say."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OMNIFIL_") or name in _PASSED_ON}


def _how(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"with code {code}"
