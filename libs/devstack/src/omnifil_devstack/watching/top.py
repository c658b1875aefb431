"""`omnifil top`: the picture, again and again, or once."""

import asyncio
import json
import os
import select
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
from omnifil_messaging import KafkaSettings
from omnifil_servicekit.errors import Transient
from rich.console import Console
from rich.live import Live

from omnifil_devstack import stack_file
from omnifil_devstack.errors import StackError
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.watching import screen
from omnifil_devstack.watching.group_lag import Lag, group_lag
from omnifil_devstack.watching.picture import Picture, picture
from omnifil_devstack.watching.scrape import Look, look

NOTHING_RUNS = "Nothing runs: start the suite with `omnifil up`, then look again."
_ASK_KAFKA_S = 5.0
_FIRST_PAUSE_S = 0.5  # there are no rates before the second look


def running() -> Stack:
    """The stack that runs. Raises `StackError` with what to do when none does."""
    stack = stack_file.read()
    if stack is None:
        raise StackError(NOTHING_RUNS)
    return stack


async def once(interval_s: float) -> Picture:
    """Two looks with a pause between them, so that there are rates."""
    watch = Watch()
    await watch.look()
    await asyncio.sleep(interval_s)
    return await watch.look()


def show_once(console: Console, interval_s: float, *, as_json: bool) -> bool:
    """Print the picture; whether all processes are well."""
    seen = asyncio.run(once(interval_s))
    if as_json:
        print(json.dumps(seen.as_json(), ensure_ascii=False))
    else:
        screen.plain(seen, console)
    return seen.is_well


def show_live(console: Console, interval_s: float) -> None:
    """Until Ctrl-C or `q`. Raises `StackError` when the stack is stopped meanwhile."""
    with suppress(KeyboardInterrupt):
        asyncio.run(_live(console, interval_s))


async def _live(console: Console, interval_s: float) -> None:
    watch, pause_s = Watch(), min(interval_s, _FIRST_PAUSE_S)
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    with _keys(loop, ended), Live(console=console, screen=True, auto_refresh=False) as live:
        while not ended.is_set():
            seen = await watch.look()
            live.update(screen.screen(seen, console.size.height), refresh=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await ended.wait()
            pause_s = interval_s


@contextmanager
def _keys(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> Iterator[None]:
    """`q` ends it, without Enter; where there is no keyboard, Ctrl-C does."""
    if not sys.stdin.isatty():
        yield
        return
    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)

    def pressed() -> None:
        if select.select([number], [], [], 0)[0] and b"q" in os.read(number, 32):
            ended.set()

    tty.setcbreak(number)
    loop.add_reader(number, pressed)
    try:
        yield
    finally:
        loop.remove_reader(number)
        termios.tcsetattr(number, termios.TCSADRAIN, before)


class Watch:
    """Looks at the stack that runs, each time against the look before."""

    def __init__(self) -> None:
        self._before: Look | None = None
        self._kafka_lag: Lag = {}
        self._kafka_asked_at_s = float("-inf")

    async def look(self) -> Picture:
        """Raises `StackError` when nothing runs (any more)."""
        stack = running()
        async with httpx.AsyncClient(trust_env=False) as http:
            now = await look(stack, http)
        if any(process.ready is not None and not process.answered for process in now.processes):
            await self._ask_kafka(stack, now.at_s)
        else:
            self._kafka_lag = {}
        seen = picture(now, self._before, self._kafka_lag)
        self._before = now
        return seen

    async def _ask_kafka(self, stack: Stack, now_s: float) -> None:
        if now_s - self._kafka_asked_at_s < _ASK_KAFKA_S:
            return
        self._kafka_asked_at_s = now_s
        with suppress(Transient, TimeoutError):  # Kafka may be what is down: then there is nothing to know
            async with asyncio.timeout(_ASK_KAFKA_S):
                self._kafka_lag = await group_lag(KafkaSettings(stack.kafka, client_id="omnifil-top"))
