"""The suite in the background: started so that it outlives the terminal, and stopped from anywhere."""

import subprocess
import sys
import time

import psutil

from omnifil_devstack import orphans, stack_file
from omnifil_devstack.errors import StackError
from omnifil_devstack.folders import CHECKOUT, home

_START_TIMEOUT_S = 180
_STOP_TIMEOUT_S = 60
_LOOK_EVERY_S = 0.1


def start() -> stack_file.Stack:
    """Start it and wait until it is ready. Raises `StackError` with what it said when it does not come up."""
    if stack_file.read() is not None:
        from omnifil_devstack.supervisor import AlreadyRunning

        raise AlreadyRunning
    log = home() / "log" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "omnifil_devstack.cli", "up"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=CHECKOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        stack = stack_file.read()
        if stack is not None and stack.ready and stack.supervisor.pid == supervisor.pid:
            return stack
        if supervisor.poll() is not None:
            said = log.read_text().strip().splitlines()
            raise StackError(said[-1].removeprefix("omnifil: ") if said else f"It ended without a word; see {log}.")
        time.sleep(_LOOK_EVERY_S)
    supervisor.terminate()
    raise StackError(f"It was not ready after {_START_TIMEOUT_S} s; see {log}.")


def stop() -> bool:
    """Stop what runs, or what a killed supervisor left; whether there was anything."""
    stack = stack_file.read()
    supervisor = stack.supervisor.alive() if stack else None
    if supervisor is None:
        left = orphans.end_all()
        stack_file.forget()
        return bool(left)
    supervisor.terminate()
    try:
        supervisor.wait(_STOP_TIMEOUT_S)
    except psutil.TimeoutExpired:
        supervisor.kill()
        orphans.end_all()
        stack_file.forget()
    return True
