"""Showing the logs that the processes wrote under `.omnifil/log`: JSON in the files, one readable line each here."""

import json
import time
from collections import deque
from pathlib import Path
from typing import TextIO

from omnifil_devstack.errors import StackError
from omnifil_devstack.folders import home

_LOOK_EVERY_S = 0.3


def show(out: TextIO, name: str | None, *, lines: int, follow: bool) -> None:
    """The last lines of one log or of all, each line with its log's name; goes on until Ctrl-C when following."""
    files = _files(name)
    width = max(len(file.stem) for file in files)
    ends: dict[Path, int] = {}
    for file in files:
        with file.open(errors="replace") as text:
            _print(out, file, list(deque(text, maxlen=lines)), width)
            ends[file] = text.tell()
    while follow:
        try:
            time.sleep(_LOOK_EVERY_S)
        except KeyboardInterrupt:
            return
        for file in _files(name):
            with file.open(errors="replace") as text:
                text.seek(0 if file.stat().st_size < ends.get(file, 0) else ends.get(file, 0))
                _print(out, file, text.readlines(), width)
                ends[file] = text.tell()


def _files(name: str | None) -> list[Path]:
    there = sorted((home() / "log").glob("*.log"))
    chosen = [file for file in there if name in (None, file.stem)]
    if not chosen:
        known = ", ".join(file.stem for file in there) or "none yet"
        raise StackError(f"There is no log of {name or 'anything'}; there are: {known}.")
    return chosen


def _print(out: TextIO, file: Path, lines: list[str], width: int) -> None:
    for line in lines:
        out.write(f"{file.stem:<{width}}  {readable(line)}\n")
    out.flush()


def readable(line: str) -> str:
    """An event as time, level, name and what it says; a line that is none (Kafka's, mongod's) as it stands."""
    line = line.rstrip()
    try:
        event = json.loads(line)
        told = f"{event.pop('timestamp')} {event.pop('level'):<8} {event.pop('event'):<26}"
    except (ValueError, AttributeError, KeyError, TypeError):
        return line
    trace = event.pop("exception", None)
    values = " ".join(f"{name}={_short(value)}" for name, value in event.items() if name not in ("service", "logger"))
    return f"{told} {values}".rstrip() + (f"\n{trace}" if trace else "")


def _short(value: object) -> str:
    return value if isinstance(value, str) and " " not in value else json.dumps(value, ensure_ascii=False)
