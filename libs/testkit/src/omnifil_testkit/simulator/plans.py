"""A person's months as they are planned: matters, their talks, what is said and answered in each, and the ends."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from omnifil_testkit.simulator.people import Person
from omnifil_testkit.simulator.texts.things import Product

STICKY = frozenset({"chat", "social", "sms"})
"""Channels on which a handle has one conversation for ever: the provider has no other thread to tell apart by."""


@dataclass
class Line:
    """Something to be said. `kind`: `opening`, `retelling`, `vague`, `chasing`, `detail`, `thanks`."""

    at: datetime
    kind: str
    answers: str | None = None
    """The agent's reply (`Answer.key`) that it answers."""


@dataclass
class Answer:
    """An agent's reply to the line before it."""

    at: datetime
    key: str
    closes: bool = False


@dataclass
class Talk:
    """What is said about one matter in one conversation. `within`: the talk whose thread it goes on in."""

    id: str
    channel: str
    begins: datetime
    steps: list[Line | Answer]
    within: "Talk | None" = None
    new_browser: bool = False
    signed_in: bool = False
    foreign: bool = False
    """Not in the person's language."""

    @property
    def ends(self) -> datetime:
        return max(step.at for step in self.steps)


@dataclass
class Matter:
    """`number` counts the matters of the person. Facts that texts are filled with."""

    id: str
    person: Person
    topic: str
    product: Product
    order: str
    parcel: str
    invoice: str
    facts: dict[str, int]
    """Which of the cities, colours, days, parts and faults."""
    talks: list[Talk] = field(default_factory=list)
    closings: list[datetime] = field(default_factory=list)

    @property
    def closes(self) -> datetime:
        return self.closings[-1]


@dataclass
class Life:
    """A person's months. `starts` tells of each new conversation whether another was live, and another matter."""

    person: Person
    matters: list[Matter] = field(default_factory=list)
    starts: list[tuple[bool, bool]] = field(default_factory=list)


def measured(lives: Sequence[Life]) -> tuple[float, float]:
    """Of all new conversations, the share that began while another of the person was live; of those, the share of
    another matter."""
    starts = [start for life in lives for start in life.starts]
    live = [other for was_live, other in starts if was_live]
    return len(live) / len(starts), sum(live) / len(live) if live else 0.0
