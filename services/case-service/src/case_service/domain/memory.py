"""What deciding needs to remember of a dossier, beside the view that agents see. Bounded; no bodies."""

from datetime import UTC, datetime
from typing import Annotated

from omnifil_contracts.dossier import DeliveryState, Status
from omnifil_contracts.message import Participant
from omnifil_contracts.record import Instant, Value
from pydantic import BeforeValidator, Field

from case_service.domain.likeness import Profile


class Thread(Value):
    """What answering in a conversation, and recognising who takes part in it, needs."""

    customer_id: str | None = None
    """Whose it is: the dossier's customer once they have written in it, until then who began it. Never a person in
    copy who answers."""
    participants: tuple[str, ...] = ()
    """Identity keys of assured senders, and of the people whom they copied in."""
    subject: str | None = None
    answers: str | None = None
    """Provider id of the customer's last message."""
    provider_ids: tuple[str, ...] = ()
    """Newest first, our own sent ones among them."""
    copies: tuple[Participant, ...] = ()
    moved_from: str | None = None
    """The dossier that it came from with its last move."""


class Sent(Value):
    """A reply on one conversation, and where it stands."""

    reply_id: str
    conversation_id: str
    seq: int
    at: Instant


def _sent_before(value: object) -> object:
    """Memories that were written when only the conversation was remembered."""
    if isinstance(value, str):
        return Sent(reply_id="", conversation_id=value, seq=1, at=datetime.min.replace(tzinfo=UTC))
    return value


class Memory(Value):
    """What the view does not show and a decision needs."""

    ordinal: int
    threads: dict[str, Thread] = Field(default_factory=dict)
    aliases: dict[str, str] = Field(default_factory=dict)
    """Other conversation ids that messages came under → the conversation that they were found to be part of."""
    moved_to: dict[str, str] = Field(default_factory=dict)
    """Conversations that left → the dossier they went to."""
    parted: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Conversations that are here, or began here → those from which agents parted them (`parting`)."""
    changes: tuple[tuple[int, str], ...] = ()
    """`seq` and agent of the last things that agents moved or related here."""
    replies: tuple[tuple[int, str], ...] = ()
    """`seq` and agent of the last replies."""
    sent: dict[str, Annotated[Sent, BeforeValidator(_sent_before)]] = Field(default_factory=dict)
    """The replies of this dossier, by outbound id."""
    remains: dict[str, Thread] = Field(default_factory=dict)
    """Conversations that went on elsewhere and the beginning of which stayed here: as they were then."""
    deliveries: dict[str, DeliveryState] = Field(default_factory=dict)
    """Last state by outbound id."""
    suggestions: dict[str, bool | None] = Field(default_factory=dict)
    """Every suggestion made: accepted, refused, or null while nobody decided."""
    references: tuple[str, ...] = ()
    profile: Profile = Field(default_factory=Profile)
    """What customers write about in it."""
    last_activity_at: Instant
    closed_at: Instant | None = None
    status_before_merge: Status | None = None
    appended_at: Instant
    """`at` of the newest entry."""
