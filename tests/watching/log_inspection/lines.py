"""The services' log lines: read, held to their form, and searched."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from log_inspection.personal_values import Personal, all_strings

AGREED = {"timestamp", "level", "event", "service", "logger"}
LEVELS = {"debug", "info", "warning", "error", "critical"}
TELLING_CHARS = 5
"""A shorter value is found by chance in any log: an order number of four digits in every tenth instant."""
_RUN_WORDS = 4
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Line:
    """One line, as it stands and as an event; `event` is None when it is no JSON object."""

    service: str
    number: int
    text: str
    event: dict[str, Any] | None

    @property
    def place(self) -> str:
        return f"{self.service}.log:{self.number}"


@dataclass(frozen=True)
class Leak:
    """Something of a person in a log line."""

    personal: Personal
    line: Line

    def __str__(self) -> str:
        return f"{self.line.place}: {self.personal.field} {self.personal.text[:60]!r} in {self.line.text[:300]}"


def read(folder: Path, services: Iterable[str]) -> list[Line]:
    """All lines that these services have written."""
    lines: list[Line] = []
    for service in services:
        for number, text in enumerate((folder / f"{service}.log").read_text(errors="replace").splitlines(), 1):
            try:
                event = json.loads(text)
            except ValueError:
                event = None
            lines.append(Line(service, number, text, event if isinstance(event, dict) else None))
    return lines


def out_of_form(lines: Iterable[Line]) -> Iterator[str]:
    """A sentence for each line that is not an event with the agreed fields."""
    for line in lines:
        if line.event is None:
            yield f"{line.place} is no JSON object: {line.text[:200]}"
        elif missing := AGREED - line.event.keys():
            yield f"{line.place} lacks {sorted(missing)}: {line.text[:200]}"
        elif line.event["service"] != line.service or line.event["level"] not in LEVELS:
            yield f"{line.place} names service {line.event['service']!r}, level {line.event['level']!r}"


def leaks(lines: Iterable[Line], personal: Iterable[Personal]) -> Iterator[Leak]:
    """Where a personal value stands in a line: whole; of longer texts any four words in a row; of names any part.

    Case and white space do not count, and no part of a longer word is a find.
    """
    sought: dict[tuple[str, ...], Personal] = {}
    for each in personal:
        for telling in _telling(each):
            sought.setdefault(telling, each)
    longest = max((len(words) for words in sought), default=0)
    beginnings = {words[0] for words in sought}
    for line in lines:
        said = " ".join(each.text for each in all_strings(line.event, "")) if line.event is not None else line.text
        words = _words(said)
        for start, word in enumerate(words):
            if word in beginnings:
                for length in range(1, longest + 1):
                    if found := sought.get(tuple(words[start : start + length])):
                        yield Leak(found, line)
                        break


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _telling(personal: Personal) -> Iterator[tuple[str, ...]]:
    """What of a value proves, when it is found, that the value was written."""
    words = _words(re.sub(r"<[^>]*>", " ", personal.text))
    if sum(map(len, words)) < TELLING_CHARS:
        return
    runs = [words[start : start + _RUN_WORDS] for start in range(len(words) - _RUN_WORDS + 1)]
    telling = [run for run in runs if any(len(word) >= TELLING_CHARS for word in run)]  # 127.0.0.1 is four words, too
    yield from map(tuple, telling)
    # A handle is sought as a whole, and so is what has short words alone: "I am on my way."
    if len(words) <= _RUN_WORDS or " " not in personal.text.strip() or not telling:
        yield tuple(words)
    if personal.field.endswith(("display_name", "customer_name", "actor.name")):
        yield from ((word,) for word in words if len(word) >= TELLING_CHARS)
