"""What was said, by whom, by which door, and when it was acknowledged: the truth that everything is held against."""

import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

_MARK = re.compile(r"\[([0-9a-f]+)/([a-z0-9-]+)/(\d+)\]")
REPLY = "reply"
NOTE = "note"
POISON = "poison"


@dataclass(frozen=True, order=True)
class Mark:
    """Stands in every text; `thread` is one conversation of one writer, in which `number` grows."""

    thread: str
    number: int

    @property
    def channel(self) -> str:
        """The door it went through; threads begin with it: `sms-17`, `reply-ada`."""
        return self.thread.partition("-")[0]


class Ledger:
    """All that one run has said. Instants are `time.time()`, in seconds; each line also goes to a file at once."""

    def __init__(self, run: str, out: IO[str]) -> None:
        self.run = run
        """Hexadecimal: tells this run's marks from those of others on the same stack."""
        self._out = out
        self.sent: dict[Mark, float] = {}
        self.acknowledged: dict[Mark, float] = {}
        self.poison: dict[Mark, str | None] = {}
        """With the topic whose dead letter must have it; None for what is refused at the door."""
        self.giants: dict[Mark, str] = {}
        """Of the poison what must be found whole: the digest of its body, as `body_digest` reckons it."""
        self.poison_handed_in: Counter[Mark] = Counter()
        """How often, for a door that did not answer was tried again; each may be set aside."""
        self.sent_again: Counter[str] = Counter()
        """Duplicates that were sent on purpose, by door."""

    @classmethod
    def begun(cls, folder: Path) -> Self:
        """A new run with its file `ledger.jsonl`."""
        return cls(f"{time.time_ns():x}", (folder / "ledger.jsonl").open("a", buffering=1))

    def send(self, mark: Mark) -> None:
        """It is about to be said."""
        self._note("sent", mark, self.sent)

    def acknowledge(self, mark: Mark) -> None:
        """Whoever took it said so: from here on it must not be lost."""
        if mark not in self.acknowledged:
            self._note("acknowledged", mark, self.acknowledged)

    def poisoned(self, mark: Mark, source_topic: str | None) -> None:
        """It can never work; taken by the door if `source_topic` is given, and to be found in its dead letter."""
        self.poison[mark] = source_topic
        self._write(time.time(), "poison", mark, source_topic)

    @property
    def poison_taken(self) -> set[Mark]:
        """What no door refuses: it must be in a dead letter."""
        return {mark for mark, topic in self.poison.items() if topic is not None}

    def giant(self, mark: Mark, mail: bytes) -> None:
        """This poison is a mail that is larger than what is taken; its dead letter must lead to all of it."""
        self.giants[mark] = body_digest(mail)

    def text(self, mark: Mark, words: str) -> str:
        """A text that carries the mark, at its beginning: what is long may be cut."""
        return f"[{self.run}/{mark.thread}/{mark.number}] {words}"

    def mark_in(self, text: str) -> Mark | None:
        """The first mark of this run in a text."""
        return next(self.marks_in(text), None)

    def marks_in(self, text: str) -> Iterator[Mark]:
        """All of them: a mail may quote."""
        return (Mark(thread, int(number)) for run, thread, number in _MARK.findall(text) if run == self.run)

    def _note(self, what: str, mark: Mark, book: dict[Mark, float]) -> None:
        book[mark] = time.time()
        self._write(book[mark], what, mark)

    def _write(self, at: float, *told: object) -> None:
        self._out.write(json.dumps([round(at, 3), *told], default=lambda mark: f"{mark.thread}/{mark.number}") + "\n")


def body_digest(mail: bytes) -> str:
    """Of what comes after the header, to which every server on the way adds lines of its own."""
    body = mail.replace(b"\r\n", b"\n").partition(b"\n\n")[2]
    return hashlib.sha256(body.rstrip()).hexdigest()
