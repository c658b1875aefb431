"""Running the suite in the foreground: until Ctrl-C, SIGTERM or the end of the terminal."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable

from omnifil_devstack import stack_file
from omnifil_devstack.stack_plan import StackPlan
from omnifil_devstack.supervisor import Announce, Supervisor


async def run_until_stopped(
    plan: StackPlan, announce: Announce, inside: Callable[[stack_file.Stack], Awaitable[None]]
) -> None:
    """Run the suite; `inside` is called once it is ready. Ends on SIGINT or SIGTERM, also while starting."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopped.set)
    suite = asyncio.create_task(_run(Supervisor(plan, announce), inside))
    stopping = asyncio.create_task(stopped.wait())
    await asyncio.wait((suite, stopping), return_when=asyncio.FIRST_COMPLETED)
    if stopped.is_set():
        announce("Stopping …")
        suite.cancel()
    stopping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await suite
    if stopped.is_set():
        announce("Stopped.")


async def _run(supervisor: Supervisor, inside: Callable[[stack_file.Stack], Awaitable[None]]) -> None:
    async with supervisor.running() as stack:
        await inside(stack)
        await asyncio.Event().wait()  # until it is cancelled
