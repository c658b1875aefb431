"""Commands of the services themselves, lent the addresses of the stack that runs here."""

import os
import subprocess
import sys

from omnifil_devstack import stack_file
from omnifil_devstack.errors import StackError
from omnifil_devstack.stack_plan import StackPlan


def run(name: str, *arguments: str) -> int:
    """Run a command of a service with the settings that the stack gives it; its exit code."""
    if stack_file.read() is None:
        raise StackError("Nothing runs: start the suite with `omnifil up`, then try again.")
    plan = StackPlan.of_this_checkout()
    service = next(service for service in plan.services if service.name == name)
    command = [sys.executable, "-m", service.module, *arguments]
    return subprocess.call(command, env=os.environ | dict(plan.settings_of(service)))


def lend_settings() -> None:
    """Let commands that read `OMNIFIL_KAFKA_BOOTSTRAP` find the broker that runs here, unless told otherwise."""
    stack = stack_file.read()
    if stack is not None:
        os.environ.setdefault("OMNIFIL_KAFKA_BOOTSTRAP", stack.kafka)
