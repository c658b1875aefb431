"""`omnifil doctor`: what the suite needs of this machine, each with one sentence on what to do."""

import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil

from omnifil_devstack import jars, stack_file
from omnifil_devstack.errors import StackError
from omnifil_devstack.folders import home
from omnifil_devstack.mongo_server import mongod_program
from omnifil_devstack.ports import PortPlan, is_free
from omnifil_devstack.web_parts import WEB_PARTS

_DISK_BYTES = 2 * 1024**3
_MEMORY_BYTES = 3 * 1024**3


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    says: str


def examine() -> list[Finding]:
    """Look at everything; a failing look does not keep the others from being made."""
    looks: tuple[Callable[[], Iterator[Finding]], ...] = (_platform, _disk, _memory, _servers, _web_parts, _ports)
    return [finding for look in looks for finding in look()]


def _platform() -> Iterator[Finding]:
    yield Finding("Python", sys.version_info >= (3, 11), f"{platform.python_version()}; 3.11 or newer is needed.")


def _disk() -> Iterator[Finding]:
    place = home() if home().exists() else home().parent
    free = shutil.disk_usage(place).free
    says = f"{free / 1024**3:.1f} GB are free at {place}"
    yield Finding("Disk", free > _DISK_BYTES, f"{says}." if free > _DISK_BYTES else f"{says}: free some, 2 are needed.")


def _memory() -> Iterator[Finding]:
    free = psutil.virtual_memory().available
    says = f"{free / 1024**3:.1f} GB are free"
    enough = free > _MEMORY_BYTES or stack_file.read() is not None
    yield Finding("Memory", enough, f"{says}." if enough else f"{says}: close something, 3 are needed.")


def _servers() -> Iterator[Finding]:
    for program in jars.COORDINATES:
        damaged = [jar.path.name for jar in jars.locked(program) if not jar.is_intact()]
        says = (
            f"{len(damaged)} jars are missing or damaged: run `make setup`." if damaged else "All jars are as locked."
        )
        yield Finding(f"Jars of {program}", not damaged, says)
    try:
        yield Finding("MongoDB", True, f"{mongod_program().name} is there.")
    except StackError as missing:
        yield Finding("MongoDB", False, str(missing))


def _web_parts() -> Iterator[Finding]:
    for folder in WEB_PARTS:
        if (folder / "package.json").exists():
            built = (folder / "dist").exists()
            yield Finding(f"Web part {folder.name}", built, "Built." if built else "Not built: run `make setup`.")


def _ports() -> Iterator[Finding]:
    if stack_file.read() is not None:
        yield Finding("Ports", True, "The suite runs and holds them.")
        return
    try:
        plan = PortPlan.from_environment().all()
    except StackError as wrong:
        yield Finding("Ports", False, str(wrong))
        return
    taken = {name: port for name, port in plan.items() if not is_free(port)}
    for name, port in taken.items():
        says = f"{port} is taken: end the program that holds it, or set OMNIFIL_PORT_BASE (7400, say)."
        yield Finding(f"Port of {name}", False, says)
    if not taken:
        yield Finding("Ports", True, f"All of {min(plan.values())} to {max(plan.values())} are free.")
