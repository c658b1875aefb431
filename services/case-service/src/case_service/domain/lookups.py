"""What a batch asks of the timeline before it decides, and what the timeline says."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from case_service.domain.authors import Author
from case_service.domain.dossier import Dossier


@dataclass(frozen=True)
class Spot:
    """Where a message or a sent reply stands: in the conversation, which that dossier had then."""

    dossier_id: str
    conversation_id: str
    author: Author | None = None
    """Of a customer's message; None for our own, and for what was written before authors were kept."""


@dataclass(frozen=True)
class Lookup:
    """What a batch wants to know about. `known` are message ids and `sent_key()`s."""

    customers: frozenset[str] = frozenset()
    conversations: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    dossiers: frozenset[str] = frozenset()
    recalled: tuple[tuple[str, Dossier], ...] = ()
    """Conversations and who is remembered to have them. Not asked for: if that is wrong, the append is refused."""

    @classmethod
    def all_of(cls, lookups: Iterable["Lookup"]) -> "Lookup":
        """What any of them wants to know."""
        each = list(lookups)
        return cls(
            frozenset().union(*(lookup.customers for lookup in each)),
            frozenset().union(*(lookup.conversations for lookup in each)),
            frozenset().union(*(lookup.known for lookup in each)),
            frozenset().union(*(lookup.dossiers for lookup in each)),
            tuple(held for lookup in each for held in lookup.recalled),
        )


@dataclass(frozen=True)
class Found:
    """What the timeline says of a `Lookup`."""

    ordinals: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    """Customer → ordinal → dossier that claimed it."""
    claims: Mapping[str, str] = field(default_factory=dict)
    """Conversation → dossier that claimed it."""
    spots: Mapping[str, Sequence[Spot]] = field(default_factory=dict)

    @property
    def dossiers(self) -> frozenset[str]:
        return frozenset(
            [dossier for claimed in self.ordinals.values() for dossier in claimed.values()]
            + list(self.claims.values())
            + [spot.dossier_id for spots in self.spots.values() for spot in spots]
        )

    @property
    def conversations(self) -> frozenset[str]:
        return frozenset(self.claims) | {spot.conversation_id for spots in self.spots.values() for spot in spots}


def sent_key(outbound_id: str) -> str:
    """How a reply that we sent is looked up by its outbound id."""
    return f"sent:{outbound_id}"
