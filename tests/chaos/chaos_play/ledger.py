"""What was said, by whom, and whether it was acknowledged: the truth that everything is held against."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_MARK = re.compile(r"\[([0-9a-f]+)/([a-z0-9-]+)/(\d+)\]")


@dataclass(frozen=True, order=True)
class Mark:
    """Stands in every text; `thread` is one conversation of one writer, in which `number` grows."""

    thread: str
    number: int


@dataclass
class Ledger:
    """All that one run has said."""

    run: str
    """Hexadecimal: tells this run's marks from those of others on the same stack."""
    sent: set[Mark] = field(default_factory=set)
    acknowledged: set[Mark] = field(default_factory=set)

    def text(self, mark: Mark, words: str) -> str:
        """A text that carries the mark."""
        return f"{words} [{self.run}/{mark.thread}/{mark.number}]"

    def mark_in(self, text: str) -> Mark | None:
        """The mark of this run in a text."""
        return next(iter(self.marks_in(text)), None)

    def marks_in(self, text: str) -> Iterable[Mark]:
        """All of them: a mail may quote."""
        return [Mark(thread, int(number)) for run, thread, number in _MARK.findall(text) if run == self.run]
