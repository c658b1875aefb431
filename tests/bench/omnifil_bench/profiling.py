"""Where the time goes in each service process: py-spy looks at their stacks while they carry a backlog through."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from omnifil_bench.figures import Figures, tidy

_SAMPLES_PER_S = 100
_READY_S = 1.0
_GROUPS = (
    ("pydantic", ("pydantic",)),
    ("Kafka client", ("aiokafka", "kafka")),
    ("MongoDB driver", ("pymongo", "bson", "motor", "gridfs")),
    ("event loop and threads", ("asyncio", "uvloop", "concurrent", "threading.py", "selectors.py", "queue.py")),
    ("FastStream", ("faststream", "fast_depends")),
    ("logs, metrics, traces", ("structlog", "prometheus_client", "opentelemetry", "logging")),
    ("contracts", ("omnifil_contracts",)),
    ("messaging", ("omnifil_messaging",)),
    ("mongostore", ("omnifil_mongostore",)),
    ("servicekit", ("omnifil_servicekit",)),
)
_LAYERS = ("domain", "handlers", "adapters", "entrypoints")
_TOP = 12


@asynccontextmanager
async def watched(pids: Mapping[str, int], folder: Path) -> AsyncIterator[dict[str, Path]]:
    """By name, the file that holds the collapsed stacks once the block has ended. Raises RuntimeError when the kernel
    does not let anybody look (ptrace). `folder` exists."""
    files = {name: folder / f"{name.replace(' ', '-')}.stacks" for name in pids}
    spies = [
        await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("py-spy")),
            *("record", "--pid", str(pid), "--output", str(files[name]), "--format", "raw"),
            *("--rate", str(_SAMPLES_PER_S), "--duration", "600", "--nonblocking"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        for name, pid in pids.items()
    ]
    try:
        await asyncio.sleep(_READY_S)  # it tells nobody when it has begun
        yield files
    finally:
        for spy in spies:
            if spy.returncode is None:
                os.kill(spy.pid, signal.SIGINT)  # then it writes what it has seen
        said = [(await spy.communicate())[1].decode() for spy in spies]
    if missing := [name for name, file in files.items() if not file.exists()]:
        raise RuntimeError(f"py-spy saw nothing of {', '.join(missing)}: {said[0].strip()[-300:]}")


def where_it_goes(collapsed: str) -> Figures:
    """Shares of the samples by group, and of the functions at the top of the stack.

    `collapsed` has a line for each stack: `outermost (file:line);…;innermost (file:line) count`. What runs inside of
    an extension in C counts for the Python function that called it.
    """
    groups: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for line in collapsed.splitlines():
        stack, _, count = line.rpartition(" ")
        innermost = stack.rpartition(";")[2]
        name, _, place = innermost.partition(" (")
        path = place.rpartition(":")[0] or place.rstrip(")")
        groups[group_of(path)] += int(count)
        functions[f"{name} ({_short(path)})"] += int(count)
    total = sum(groups.values()) or 1
    return {"samples": total, "groups": _shares(groups.most_common(), total),
            "functions": _shares(functions.most_common(_TOP), total)}  # fmt: skip


def group_of(path: str) -> str:
    """What a source file belongs to."""
    parts = path.split("/")
    for group, names in _GROUPS:
        if any(name in parts for name in names):
            return group
    for service in ("case_service", "customer_profile"):
        if service in parts:
            rest = parts[parts.index(service) + 1 :]
            layer = next((each for each in _LAYERS if rest and rest[0].removesuffix(".py") == each), "the rest")
            return f"{service}: {layer}"
    return "Python's library and others"


def _shares(counted: Iterable[tuple[str, int]], total: int) -> dict[str, float]:
    return {name: tidy(count * 100 / total, 1) for name, count in counted}


def _short(path: str) -> str:
    return "/".join(path.split("/")[-3:])
