"""What the handlers need of the outside, in words of the domain."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from omnifil_contracts.commands import CommandResult
from omnifil_contracts.dossier import DossierView, Status, TimelineEntry

from case_service.domain.contacts import Said
from case_service.domain.decisions import Append, Group
from case_service.domain.dossier import Dossier
from case_service.domain.lookups import Found, Lookup

NEWEST_DOSSIERS = 20
"""How many of a customer's dossiers a message is compared with."""


@dataclass(frozen=True)
class Lost:
    """A group that was not written, because somebody was faster. `effect_id`: that effect is there already."""

    effect_id: str | None = None


class Timeline(Protocol):
    """The log of all dossiers: the event store, append-only. Every method raises `Transient` when it is away."""

    async def look_up(self, lookup: Lookup, *, newest: int | None = NEWEST_DOSSIERS) -> Found:
        """Who has what. `newest`: of each customer only so many dossiers, the latest; None: all."""
        ...

    async def load(self, dossier_ids: Sequence[str]) -> dict[str, Dossier]:
        """These dossiers as of now; an unknown one is left out."""
        ...

    def recall(self, conversation_id: str) -> Dossier | None:
        """The dossier that this process remembers to have the conversation, as it was then; asks nobody.

        Perhaps out of date: then what is decided on it is lost when it is appended.
        """
        ...

    async def append(self, groups: Sequence[Group]) -> dict[int, Lost]:
        """Write each group wholly or not at all, durably; the commit. Returns which (by index) were lost.

        A group is lost when another append of one of its dossiers has the same first `seq`, or when an ordinal, a
        conversation or an effect of it is taken.
        """
        ...

    async def history(self, dossier_id: str) -> list[TimelineEntry]:
        """The whole timeline, in order."""
        ...

    async def entries(
        self, dossier_id: str, *, after_seq: int = 0, before_seq: int | None = None, limit: int
    ) -> list[TimelineEntry]:
        """The newest `limit` entries between these, oldest first; the oldest ones when only `after_seq` is given.

        `limit` 0: all.
        """
        ...

    async def said(self, dossier_ids: Sequence[str], before: datetime | None, limit: int) -> Said:
        """What was said in these dossiers before this instant, the newest of it: about `limit`, seldom more.

        Goes by when it was said, not by when it was appended; `complete_from` says how far back nothing is missing.
        """
        ...

    async def answer_to(self, command_id: str) -> CommandResult | None:
        """What this command was answered with, if it has taken effect."""
        ...

    def all_appends(self) -> AsyncIterator[Append]:
        """Every append there is, dossier by dossier, each in order."""
        ...


@dataclass(frozen=True)
class Question:
    """What an inbox is asked for; None and empty: no matter."""

    statuses: frozenset[Status] = frozenset()
    assigned_to: str | None = None
    """An agent's id, or `none`: nobody."""
    channel: str | None = None
    customer_id: str | None = None
    words: tuple[str, ...] = ()
    """Beginnings of words of number, subject and customer's name; all must be there."""
    after: str | None = None
    """Where the previous page ended; opaque."""
    limit: int = 50


@dataclass(frozen=True)
class Page:
    dossiers: tuple[DossierView, ...]
    next_page: str | None


class InvalidPage(Exception):
    """The page token is none of ours."""


class Dossiers(Protocol):
    """The projection: every dossier as the relay has folded it. Only the relay (and a rebuild) writes it."""

    async def store(self, dossiers: Sequence[Dossier]) -> None:
        """Write these; a document that is newer already stays."""
        ...

    async def unequal(self, dossiers: Sequence[Dossier]) -> frozenset[str]:
        """Those of these whose document is of the same `seq` and yet another."""
        ...

    async def correct(self, dossier: Dossier) -> None:
        """Replace the document of this very `seq`, which a rebuild found to be wrong."""
        ...

    async def load(self, dossier_ids: Sequence[str]) -> dict[str, Dossier]: ...

    async def find(self, question: Question) -> Page:
        """Newest activity first. Raises `InvalidPage`."""
        ...

    async def longest_waits(self) -> Mapping[str, datetime]:
        """By channel, since when the customer who waits longest has waited for an answer there."""
        ...

    async def watermark(self) -> Mapping[int, int]:
        """Partition of dossier.events.v1 → offset up to which events are published and in this projection."""
        ...


class Publications(Protocol):
    """Where entries are told to the rest of the suite, and replies handed to their channels."""

    async def publish(self, appends: Sequence[Append]) -> Mapping[int, int]:
        """Returns when all is acknowledged: by partition of dossier.events.v1, the offset behind the last record.

        The order inside a dossier is kept. Raises `Transient`; what was published then may be there or not.
        """
        ...

    async def ends(self) -> Mapping[int, int]:
        """By partition of dossier.events.v1, the offset that the next record will get."""
        ...
