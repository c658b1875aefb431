"""`omnifil demo`: the story for a person at the screen, or once for a machine that wants it proven."""

import asyncio
import json
import signal
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from omnifil_devstack import stack_file
from omnifil_devstack.credentials import Credentials
from omnifil_devstack.errors import StackError
from omnifil_devstack.foreground import run_until_stopped
from omnifil_devstack.stack_plan import StackPlan
from omnifil_devstack.story.once import Proof, play_once
from omnifil_devstack.story.sample import tell_once
from omnifil_devstack.supervisor import Supervisor

Announce = Callable[[str], None]


async def play(announce: Announce, show: Callable[[stack_file.Stack], None], pause_s: float) -> None:
    """Start the suite, let sample customers write, show the addresses, stay until Ctrl-C."""
    plan = StackPlan.of_this_checkout()

    async def inside(stack: stack_file.Stack) -> None:
        show(stack)
        await tell_once(stack, plan.data, pause_s, announce)
        announce("Everything is there: open the pages and play both sides. Ctrl-C stops it, your data stays.")

    await run_until_stopped(plan, announce, inside)


async def prove(announce: Announce, pause_s: float) -> Proof:
    """Play the whole story and check it: in the stack that runs, or in one of its own that is gone afterwards."""
    running = stack_file.read()
    if running is not None:
        if not running.ready:
            raise StackError("The suite is still starting: try again when `omnifil status` says that it is ready.")
        return await play_once(running, pause_s)
    with tempfile.TemporaryDirectory(prefix="omnifil-demo-") as folder:
        data = Path(folder)
        plan = replace(StackPlan.of_this_checkout(), data=data, credentials=Credentials.of(data))
        async with Supervisor(plan, announce).running() as stack:
            return await play_once(stack, pause_s)


def prove_or_stop(announce: Announce, pause_s: float) -> Proof:
    """`prove`, stopped cleanly by Ctrl-C and by SIGTERM."""

    async def main() -> Proof:
        proving = asyncio.ensure_future(prove(announce, pause_s))
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, proving.cancel)
        return await proving

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        raise StackError("Stopped before the story was told.") from None


def as_line(proof: Proof) -> str:
    """One line of JSON."""
    return json.dumps(proof.as_json(), ensure_ascii=False)
