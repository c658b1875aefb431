"""The log of a dossier: an entry has a gapless `seq` inside its dossier.

Clients apply entries by (dossier_id, seq) and ignore what they have.
"""

from typing import Annotated, ClassVar

from pydantic import Field

from omnifil_contracts.dossier.events import (
    Assigned,
    ConversationLinked,
    ConversationUnlinked,
    CustomerErased,
    CustomerReassigned,
    DeliveryUpdated,
    DossierMerged,
    DossierOpened,
    DossierRelated,
    DossierUnmerged,
    DossierUnrelated,
    MessageLinked,
    MessageUnlinked,
    NoteAdded,
    ReplyLinked,
    ReplyRequested,
    ReplyUnlinked,
    StatusChanged,
    SuggestionMade,
    SuggestionResolved,
    Unassigned,
)
from omnifil_contracts.identity import Actor
from omnifil_contracts.record import Instant, Record, Value

Event = Annotated[
    DossierOpened
    | ConversationLinked
    | ConversationUnlinked
    | MessageLinked
    | MessageUnlinked
    | ReplyRequested
    | ReplyLinked
    | ReplyUnlinked
    | DeliveryUpdated
    | NoteAdded
    | StatusChanged
    | DossierMerged
    | DossierUnmerged
    | DossierRelated
    | DossierUnrelated
    | Assigned
    | Unassigned
    | SuggestionMade
    | SuggestionResolved
    | CustomerReassigned
    | CustomerErased,
    Field(discriminator="type"),
]


class TimelineEntry(Value):
    """One line of the log of a dossier."""

    seq: int = Field(ge=1, description="Gapless inside the dossier, from 1.")
    at: Instant = Field(description="When it was appended; never decreases inside a dossier.")
    occurred_at: Instant = Field(description="When it happened in the world: what people sort and read by.")
    actor: Actor
    effect_id: str = Field(description="Unique everywhere: the same effect is never appended twice.")
    event: Event = Field(description="What happened.")


class DossierEvent(Record):
    """A timeline entry as it is published on `dossier.events.v1`, keyed by dossier id, in the order of `seq`."""

    ce_type: ClassVar[str] = "omnifil.dossier.entry.v1"

    dossier_id: str = Field(description="The dossier.")
    entry: TimelineEntry
