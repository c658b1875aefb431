"""Processes that a killed supervisor left: found by id *and* start time, so that nobody else is ever ended."""

import json

import psutil
from pydantic import TypeAdapter, ValidationError

from omnifil_devstack.folders import home
from omnifil_devstack.stack_file import Process

_Recorded = TypeAdapter(dict[str, Process])
_PATIENCE_S = 20


def record(processes: dict[str, Process]) -> None:
    """Remember who runs, for a start after a crash."""
    file = home() / "processes.json"
    replacement = file.with_suffix(".new")
    replacement.write_bytes(_Recorded.dump_json(processes))
    replacement.replace(file)


def end_all() -> list[str]:
    """End what an earlier supervisor left running; the names of what was still there."""
    file = home() / "processes.json"
    try:
        recorded = _Recorded.validate_json(file.read_bytes())
    except (FileNotFoundError, ValidationError, json.JSONDecodeError):
        return []
    left = {name: found for name, process in recorded.items() if (found := process.alive())}
    for process in left.values():
        process.terminate()
    _, stubborn = psutil.wait_procs(list(left.values()), timeout=_PATIENCE_S)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=5)
    file.unlink(missing_ok=True)
    return sorted(left)
