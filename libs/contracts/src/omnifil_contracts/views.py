"""What the HTTP API answers with: snapshots that a stream of events continues."""

from typing import Literal

from pydantic import Field

from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.dossier import ConversationView, DossierView, TimelineEntry
from omnifil_contracts.profile import SourcedRecord
from omnifil_contracts.record import Instant, Value, personal


class Inbox(Value):
    """A page of dossiers, newest activity first."""

    cursor: str = Field(description="Where the live stream continues this snapshot; opaque.")
    dossiers: tuple[DossierView, ...] = Field(description="Newest activity first.")
    next_page: str | None = Field(None, description="Opaque; null: this was the last page.")


class DossierSnapshot(Value):
    """A dossier with the newest part of its timeline, oldest first."""

    cursor: str = Field(description="Where the live stream continues this snapshot; opaque.")
    dossier: DossierView
    timeline: tuple[TimelineEntry, ...] = Field(description="The newest entries, oldest first.")
    has_earlier: bool = Field(description="Whether entries before the first one exist.")


class Timeline(Value):
    """A page of a timeline, oldest first."""

    entries: tuple[TimelineEntry, ...] = Field(description="Entries, oldest first.")
    has_earlier: bool = Field(description="Whether entries before the first one exist.")


class MovePreview(Value):
    """What a command would move. The dossiers and conversations are as they would be afterwards."""

    from_dossier: DossierView = Field(description="The dossier that it leaves.")
    to_dossier: DossierView | None = Field(None, description="The dossier that gets it.")
    opens: bool = Field(False, description="Whether that one is opened by this.")
    conversations: tuple[ConversationView, ...] = Field((), description="Those that go, wholly or from a message on.")
    messages: int = Field(0, ge=0, description="How many messages go.")
    replies: int = Field(0, ge=0, description="How many replies go; one that others share stays as well.")
    empties_source: bool = Field(False, description="Whether nothing is left and the dossier is closed.")
    other_customer: bool = Field(False, description="Whether it goes to another customer's dossier.")


class CustomerCard(Value):
    """A customer with their dossiers, newest activity first."""

    customer: CustomerChanged
    dossiers: tuple[DossierView, ...] = Field(description="Newest activity first.")
    preferred_channel: str | None = Field(None, description="The channel that they are best written to.")
    preferred_channel_from: Literal["stated", "journey"] | None = Field(
        None, description="`stated`: a source says so. `journey`: where they wrote most in the last 90 days."
    )


class Contact(Value):
    """A moment of a customer's journey: something they wrote, were answered, ordered, or did in a store."""

    at: Instant = Field(description="When it happened in the world.")
    kind: Literal["message", "reply", "record"] = Field(description="`record`: `record` says what.")
    channel: str | None = Field(None, description="The channel; of a reply on several the first.")
    dossier_id: str | None = Field(None, description="The dossier that it is in; null for records.")
    number: str | None = Field(None, description="What people call the dossier aloud.")
    conversation_id: str | None = Field(None, description="The conversation; of a reply on several the first.")
    author: str | None = personal(None, description="Who wrote, as people call them.")
    text: str | None = personal(None, description="The first 140 characters.")
    record: SourcedRecord | None = Field(None, description="The external record.")


class Journey(Value):
    """A page of all contacts of a customer, whichever dossier they are in."""

    contacts: tuple[Contact, ...] = Field(description="Newest first.")
    next_before: Instant | None = Field(None, description="Ask for what is before it; null: there is nothing more.")
