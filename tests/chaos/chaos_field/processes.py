"""The processes of the running suite, as the supervisor has written them down."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from omnifil_devstack import stack_file
from omnifil_devstack.folders import home
from omnifil_devstack.stack_file import Process, Stack
from omnifil_testkit.waiting import eventually_ as eventually

_BACK_WITHIN_S = 120
"""Of a server whose disk was full or whose peers were away; a service is back in seconds."""


def present_stack() -> Stack:
    """The running stack, with its present processes."""
    stack = stack_file.read()
    assert stack is not None, "The suite does not run any more."
    return stack


def present(name: str) -> Process:
    """The process that the supervisor has under this name now; it may have ended already."""
    process = present_stack().processes.get(name)
    assert process is not None, f"{name} is being started."
    return process


async def send(name: str, what: signal.Signals) -> Process:
    """Send a signal to the living process of this name; waits for one where the supervisor is about to start it."""

    def living() -> Process:
        process = present(name)
        assert process.alive() is not None, f"{name} does not run."
        return process

    process: Process = await eventually(living, _BACK_WITHIN_S)
    with suppress(ProcessLookupError):
        os.kill(process.pid, what)
    return process


async def replaced(ended: Process, name: str) -> None:
    """Wait until another process has its place. A server has it when it serves, a service when it is started."""

    def another() -> None:
        now = present(name)
        assert now != ended, f"{name} was not started again."
        assert now.alive() is not None, f"{name} was started again and ended."

    await eventually(another, _BACK_WITHIN_S)


def is_stopped(process: Process) -> bool:
    """Whether SIGSTOP holds it."""
    alive = process.alive()
    return alive is not None and alive.status() == psutil.STATUS_STOPPED


@contextmanager
def own_home(folder: Path) -> Iterator[None]:
    """Devstack's files in this folder, with the programs that were fetched already."""
    jars = home() / "jars"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "jars").exists():
        (folder / "jars").symlink_to(jars.resolve())
    before = os.environ.get("OMNIFIL_HOME")
    os.environ["OMNIFIL_HOME"] = str(folder)
    try:
        yield
    finally:
        os.environ.pop("OMNIFIL_HOME")
        if before is not None:
            os.environ["OMNIFIL_HOME"] = before
