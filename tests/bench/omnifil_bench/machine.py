"""What the figures were measured on."""

import os
import platform
import subprocess
from pathlib import Path

import psutil
from omnifil_devstack.jars import locked
from omnifil_devstack.mongo_server import mongod_program

from omnifil_bench.figures import Figures, tidy


def facts() -> Figures:
    """The machine, and what ran on it. `load` is that of the minute before: others make every figure worse."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(psutil.virtual_memory().total / 1024**3),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "kafka": _kafka(),
        "mongod": _mongod(),
        "load": tidy(os.getloadavg()[0], 2),
    }


def _kafka() -> str:
    return next(jar.version for jar in locked("kafka") if jar.artifact == "kafka_2.13")


def _mongod() -> str:
    said = subprocess.run([str(mongod_program()), "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    return said.stdout.splitlines()[0].rpartition("v")[2]


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
