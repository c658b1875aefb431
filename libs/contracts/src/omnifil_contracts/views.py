"""What the HTTP API answers with: snapshots that a stream of events continues."""

from pydantic import Field

from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.dossier import DossierView, TimelineEntry
from omnifil_contracts.record import Value


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


class CustomerCard(Value):
    """A customer with their dossiers, newest activity first."""

    customer: CustomerChanged
    dossiers: tuple[DossierView, ...] = Field(description="Newest activity first.")
