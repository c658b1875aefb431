"""One process: an HTTP server, loops in the background, and a stop that loses nothing and repeats nothing."""

import asyncio
import contextlib
import gc
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import structlog
import uvicorn
import uvloop
from fastapi import FastAPI

from . import logs, probes, problem, telemetry
from .health import Health
from .settings import ServiceSettings
from .web import Observed

log = structlog.get_logger(__name__)

Loop = Callable[[asyncio.Event], Awaitable[None]]
"""Runs until the event is set, finishes what it has in hand, returns."""

_CANCEL_S = 2  # for what was cut to clean up
_YOUNG_OBJECTS = 50_000  # a batch of some hundred records and what is made of it


@dataclass
class Parts:
    """What a service is made of, as its bootstrap wires it. `resources` are opened first and closed last."""

    app: FastAPI
    health: Health
    loops: Mapping[str, Loop] = field(default_factory=dict)
    resources: AbstractAsyncContextManager[Any] | None = None


def settle_memory() -> None:
    """Take what is there now for good, and look for cycles less often.

    Modules, routes and schemas stay as long as the process does; Python looks through them again and again. The records
    of a batch are no garbage until it is done, and next to nothing of ours is in cycles. README says what it saves.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 20)


class _Server(uvicorn.Server):
    """uvicorn without hands on the signals: stopping is decided here."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run_process(
    name: str,
    *,
    settings: ServiceSettings,
    app: FastAPI,
    loops: Mapping[str, Loop],
    health: Health,
    resources: AbstractAsyncContextManager[Any] | None = None,
) -> int:
    """Run until SIGTERM, SIGINT or a failure; the exit code.

    Start: resources, HTTP server, loops, ready. Stop: not ready, loops told and awaited, HTTP drained, resources
    closed; exit 0 when that was done within `shutdown_grace_s`. A loop that raises, or returns though nobody asked: 1.
    A second signal ends at once.
    """
    logs.configure(name, settings)
    telemetry.configure(name, settings)
    try:
        return uvloop.run(serve(name, settings, Parts(app, health, loops, resources)))
    finally:
        telemetry.close()


async def serve(name: str, settings: ServiceSettings, parts: Parts) -> int:
    """`run_process` inside a running event loop."""
    return await _Process(name, settings, parts).run()


class _Process:
    def __init__(self, name: str, settings: ServiceSettings, parts: Parts) -> None:
        self._name = name
        self._settings = settings
        self._parts = parts
        self._stop = asyncio.Event()
        self._deadline = float("inf")

    async def run(self) -> int:
        with self._signals():
            try:
                async with AsyncExitStack() as stack:
                    listening = stack.enter_context(self._listen())
                    if listening is None:
                        return 1
                    await self._open(stack)
                    # A failure is a value here: resources close as after any other end.
                    if not self._stop.is_set() and not await self._work(listening):
                        return 1
            except Exception as error:
                log.error(
                    "process_failed",
                    process=self._name,
                    error=type(error).__name__,
                    reason=str(error),
                    exc_info=error,
                )
                return 1
            except asyncio.CancelledError:
                log.error("process_cut_short", process=self._name)
                return 1
        log.info("process_stopped", process=self._name)
        return 0

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        loop, main = asyncio.get_running_loop(), asyncio.current_task()

        def asked(number: signal.Signals) -> None:
            log.info("stop_asked", process=self._name, signal=number.name)
            if self._stop.is_set() and main is not None:
                main.cancel()
            self._stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, asked, number)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    @contextlib.contextmanager
    def _listen(self) -> Iterator[socket.socket | None]:
        host, port = self._settings.http_host, self._settings.http_port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listening.bind((host, port))
            except OSError as error:
                log.error("port_not_available", host=host, port=port, error=error.strerror, set="OMNIFIL_HTTP_PORT")
                yield None
                return
            yield listening

    async def _open(self, stack: AsyncExitStack) -> None:
        """Open the resources, unless a stop comes first."""
        if self._parts.resources is None:
            return
        opening = asyncio.ensure_future(stack.enter_async_context(self._parts.resources))
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait((opening, stopped), return_when=asyncio.FIRST_COMPLETED)
            if not opening.done():
                opening.cancel()
                await asyncio.wait((opening,))
            if not opening.cancelled():
                opening.result()
        finally:
            stopped.cancel()

    async def _work(self, listening: socket.socket) -> bool:
        """Serve and run the loops until a stop or a failure; whether it was a stop that went well."""
        health, app = self._parts.health, self._parts.app
        probes.add(app, health)
        if not problem.installed(app):
            problem.install(app)
        app.add_middleware(Observed)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            ws_max_size=1024 * 1024,
            # It would compress every message anew for every client, and hold some 300 KB for each of them.
            ws_per_message_deflate=False,
        )
        server = _Server(config)
        serving = asyncio.create_task(_serve(server, listening), name="http server")
        if not await self._started(server, serving):
            return False
        stop = asyncio.Event()
        loops = {asyncio.create_task(_run(loop, stop), name=name): name for name, loop in self._parts.loops.items()}
        settle_memory()
        health.started = True
        log.info("process_ready", process=self._name, port=listening.getsockname()[1], loops=list(self._parts.loops))
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait((stopped, serving, *loops), return_when=asyncio.FIRST_COMPLETED)
            self._deadline = time.monotonic() + self._settings.shutdown_grace_s
            asked = self._stop.is_set()
            health.stopping.set()
            stop.set()
            ended = all([await self._ended(task, name, asked) for task, name in loops.items()])
            drained = await self._drained(server, serving)
        finally:
            for task in (stopped, serving, *loops):
                task.cancel()
            await asyncio.wait((stopped, serving, *loops), timeout=_CANCEL_S)
        return asked and ended and drained

    async def _started(self, server: _Server, serving: asyncio.Task[None]) -> bool:
        while not server.started:  # uvicorn tells it only so
            if serving.done():
                log.error("http_server_did_not_start", process=self._name, exc_info=serving.exception())
                return False
            await asyncio.sleep(0.01)
        return True

    async def _ended(self, task: asyncio.Task[None], name: str, asked: bool) -> bool:
        """Whether the loop came to its end in time and well."""
        early = task.done() and not asked
        await asyncio.wait((task,), timeout=max(self._deadline - time.monotonic(), 0))
        if not task.done():
            log.error("loop_did_not_stop", loop=name, grace_s=self._settings.shutdown_grace_s)
            return False
        error = task.exception()
        if error is not None:
            log.error("loop_failed", loop=name, error=type(error).__name__, exc_info=error)
            return False
        if early:
            log.error("loop_ended_by_itself", loop=name)
        return not early

    async def _drained(self, server: _Server, serving: asyncio.Task[None]) -> bool:
        """Let the answers in hand go out; what is still open when the grace ends is cut."""
        server.config.timeout_graceful_shutdown = max(int(self._deadline - time.monotonic()) - 1, 1)
        server.should_exit = True
        await asyncio.wait((serving,), timeout=max(self._deadline - time.monotonic(), 1))
        if not serving.done():
            log.error("http_server_did_not_stop", process=self._name)
            return False
        return True


async def _serve(server: _Server, listening: socket.socket) -> None:
    try:
        await server.serve([listening])
    except SystemExit:  # uvicorn's way to say that the app did not start; it would tear down the event loop
        return


async def _run(loop: Loop, stop: asyncio.Event) -> None:
    await loop(stop)
