"""What deciding comes to: entries without a place, and the appends and groups of appends that are written of them."""

from dataclasses import dataclass, field
from datetime import datetime

from omnifil_contracts.dossier import Event, TimelineEntry
from omnifil_contracts.identity import Actor

from case_service.domain.dossier import Dossier
from case_service.domain.lookups import Spot


@dataclass(frozen=True)
class Draft:
    """An entry that has no `seq` yet."""

    event: Event
    actor: Actor
    occurred_at: datetime
    effect_id: str


@dataclass(frozen=True)
class Addition:
    """What one decision adds to one dossier, and the conversation ids that it claims for it."""

    dossier_id: str
    drafts: tuple[Draft, ...]
    claims: tuple[str, ...] = ()


Decision = tuple[Addition, ...]
"""All or nothing."""


@dataclass
class Append:
    """All entries that this batch adds to one dossier: one document, one commit."""

    dossier_id: str
    first_seq: int
    entries: list[TimelineEntry] = field(default_factory=list)
    opens: list[tuple[str, int]] = field(default_factory=list)
    """(customer id, ordinal) claimed."""
    claims: list[str] = field(default_factory=list)
    known: list[tuple[str, Spot]] = field(default_factory=list)
    known_at: list[int] = field(default_factory=list)
    """Of each of `known`, the `seq` of the entry that makes it known; empty for an append that was read."""
    dossier: Dossier | None = None
    """The dossier with these entries."""
    answer: dict[str, object] | None = None
    """What a command is answered with, also when it comes a second time."""
    written: tuple[str, ...] = ()
    """The entries as the JSON that is stored; empty for an append that was not read from the store."""
    traces: dict[int, str] = field(default_factory=dict)
    """By seq, the trace context (W3C `traceparent`) that an entry was appended in, where its trace is recorded."""

    @property
    def last_seq(self) -> int:
        return self.first_seq + len(self.entries) - 1


@dataclass
class Group:
    """Appends that are written together or not at all, and the numbers of the decisions that they come from."""

    appends: list[Append]
    decisions: list[int]

    @property
    def opens(self) -> list[tuple[str, int]]:
        return [claim for append in self.appends for claim in append.opens]
