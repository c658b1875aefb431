"""What the use cases need of the outside, in words of the domain."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.message import IdentifiedMessage
from omnifil_contracts.profile import ProfileUpdated, RelatedReferences

from customer_profile.domain.identities import NO_ANCHORS, Anchors, KnownIdentity, Named

Clock = Callable[[], datetime]
Related = tuple[datetime, RelatedReferences]
"""What an external record puts together, and when it happened."""


class ChangedElsewhere(Exception):
    """Somebody else has written one of these identities first: load again and decide again."""


class CommandReused(Exception):
    """This command id has already taken effect on another identity. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Change:
    """An identity that is known in another version by now."""

    before: KnownIdentity
    after: KnownIdentity


@dataclass(frozen=True, slots=True)
class Sighting:
    """A handle has written on a channel."""

    key: str
    channel: str
    at: datetime


class Identities(Protocol):
    """Everything we know about who is who. Every method raises `Transient` when the store is away."""

    async def by_keys(self, keys: Collection[str]) -> dict[str, KnownIdentity]:
        """Those that are known, by key; without facts."""
        ...

    async def with_facts(self, keys: Collection[str]) -> dict[str, KnownIdentity]:
        """Those that are known, by key."""
        ...

    async def related(self, customer_ids: Collection[str]) -> Mapping[str, Sequence[Related]]:
        """By customer: what external records put together, of every handle that they have now; in no order."""
        ...

    async def any_related(self) -> bool:
        """Whether there are such records of anybody."""
        ...

    async def by_names(
        self, names: Collection[str], seen_after: datetime, at_most: int
    ) -> Mapping[str, Sequence[Named]]:
        """By folded name: those seen since, who was seen last first, at most so many of each name."""
        ...

    async def naming(self, customer_ids: Collection[str]) -> Mapping[str, Sequence[Named]]:
        """By customer: of every identity that is or ever was theirs, what names them."""
        ...

    async def of_customers(self, customer_ids: Collection[str]) -> dict[str, list[KnownIdentity]]:
        """By customer: every identity that is or ever was theirs."""
        ...

    async def by_link(self, link_id: str) -> KnownIdentity | None:
        """The identity that this link is about."""
        ...

    async def by_command(self, command_id: str) -> KnownIdentity | None:
        """The identity on which the agent's command stands."""
        ...

    async def by_merge(self, merge_id: str) -> list[KnownIdentity]:
        """Every identity that this merge of customers has moved."""
        ...

    async def write(self, added: Sequence[KnownIdentity], changed: Sequence[Change]) -> None:
        """All of it, durably, or one of `ChangedElsewhere`, `CommandReused`, and then nothing; but what concerns only
        identities that stand alone may be written although some of it was not."""
        ...

    async def sight(self, sightings: Sequence[Sighting]) -> None:
        """Remember when and where these were last seen; an older sighting changes nothing. No part of the version."""
        ...

    def pages(self, size: int) -> AsyncIterator[list[KnownIdentity]]:
        """Every identity, in parts."""
        ...


class ProfileUpdates(Protocol):
    """The topic by which sources push facts. Returns when they are durably there; raises `Transient`."""

    async def push(self, updates: Sequence[ProfileUpdated]) -> None: ...


Anchoring = Callable[[Collection[str]], Awaitable[Anchors]]
"""Of handles that nobody has: those of persons who were erased, with whom each begins. Raises `Transient`."""


async def no_anchors(keys: Collection[str]) -> Anchors:
    """Nobody was erased."""
    return NO_ANCHORS


class Announcements(Protocol):
    """Where we tell others. Returns when it is durably told; raises `Transient`."""

    async def identified(self, messages: Sequence[IdentifiedMessage]) -> None:
        """In this order, each keyed by its customer."""
        ...

    async def customers(self, states: Sequence[CustomerChanged]) -> None:
        """In this order, each keyed by its customer."""
        ...
