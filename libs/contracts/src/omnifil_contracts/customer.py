"""Customers: the persons behind identities."""

from typing import ClassVar, Literal

from pydantic import Field

from omnifil_contracts.identity import Actor, Assurance, Because, Identity
from omnifil_contracts.profile import Profile
from omnifil_contracts.record import Instant, Record, Value, personal


class LinkedIdentity(Value):
    """An identity of a customer, since when, and why."""

    identity: Identity
    assurance: Assurance
    link_id: str = Field(description="The link; undoing it names this.")
    since: Instant = Field(description="When it was linked.")
    because: Because
    actor: Actor


class ReleasedIdentity(Value):
    """An identity that was this customer's and is now another's."""

    identity: Identity
    to_customer_id: str = Field(description="The customer who has it now.")
    link_id: str = Field(description="The link that took it away.")
    at: Instant = Field(description="When it happened.")
    because: Because
    actor: Actor


class CustomerChanged(Record):
    """The whole state of a customer after a change, on `customer.events.v1` (compacted), keyed by customer id."""

    ce_type: ClassVar[str] = "omnifil.customer.changed.v1"

    customer_id: str = Field(description="The customer.")
    version: int = Field(ge=1, description="Grows with every change of this customer.")
    display_name: str | None = personal(None, description="The name to call the customer by.")
    languages: tuple[str, ...] = Field((), description="BCP 47 tags, most used first.")
    identities: tuple[LinkedIdentity, ...] = Field((), description="The handles that are theirs now.")
    released: tuple[ReleasedIdentity, ...] = Field((), description="Identities that went to other customers.")
    merged_into: str | None = Field(None, description="The customer who has all identities of this one, if one has.")
    first_seen_at: Instant = Field(description="When the first message came.")
    changed_at: Instant = Field(description="When this change was made.")
    profile: Profile | None = Field(None, description="What a CRM, shop or till says of them; null: nothing.")


class LinkIdentity(Value):
    """An agent confirms that a handle is this customer's."""

    type: Literal["link_identity"] = "link_identity"
    identity: Identity
    because: Because | None = Field(None, description="What the agent relied on, e.g. an accepted suggestion.")


class UndoLink(Value):
    """An agent takes an identity link back: the handle returns to the customer that had it before, or a new one."""

    type: Literal["undo_link"] = "undo_link"
    link_id: str = Field(description="The identity link.")
