"""Customers: the persons behind identities."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from omnifil_contracts.identity import Actor, Assurance, Because, Evidence, Identity
from omnifil_contracts.profile import Profile, SourcedValue
from omnifil_contracts.record import Instant, Record, Value, personal

CommandId = Annotated[
    str,
    Field(
        min_length=8,
        max_length=64,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="Chosen by the client; sent again with the same id, it takes effect once.",
    ),
]


class AssuranceChange(Value):
    """The handle became surer, or was proven by something that had not proven it before."""

    assurance: Assurance
    at: Instant = Field(description="When a message or an agent brought it.")
    evidence: tuple[Evidence, ...] = Field(
        (), description="What it rests on: `dmarc-pass` {domain}, `signed-by-site` {key}, `agent-confirmed` {agent}, …"
    )


class LinkedIdentity(Value):
    """An identity of a customer, since when, and why."""

    identity: Identity
    as_written: tuple[str, ...] = personal(
        (), description="Other spellings that it came in, newest last; messages and answers have the handle so."
    )
    assurance: Assurance
    link_id: str = Field(description="The link; undoing it names this.")
    since: Instant = Field(description="When it was linked.")
    because: Because
    actor: Actor
    shared: bool = Field(False, description="Several persons use it: it proves nobody, and never links by itself.")
    shared_because: Because | None = Field(None, description="Why it is taken for shared.")
    history: tuple[AssuranceChange, ...] = Field((), description="How sure it was, newest last; the first is kept.")


class ReleasedIdentity(Value):
    """An identity that was this customer's and is now another's."""

    identity: Identity
    as_written: tuple[str, ...] = personal((), description="Other spellings that it came in, newest last.")
    to_customer_id: str = Field(description="The customer who has it now.")
    link_id: str = Field(description="The link that took it away.")
    at: Instant = Field(description="When it happened.")
    because: Because
    actor: Actor


class CustomerMerge(Value):
    """Another customer's identities are this one's since then. It holds, and can be taken back."""

    merge_id: str = Field(description="The merge; undoing it names this.")
    other_customer_id: str = Field(description="The customer who went into this one.")
    other_name: str | None = personal(None, description="What that customer is called.")
    at: Instant = Field(description="When they were merged.")
    because: Because
    actor: Actor


class CustomerChanged(Record):
    """The whole state of a customer after a change, on `customer.events.v1` (compacted), keyed by customer id."""

    ce_type: ClassVar[str] = "omnifil.customer.changed.v1"

    customer_id: str = Field(description="The customer.")
    version: int = Field(ge=1, description="Grows with every change of this customer.")
    display_name: str | None = personal(None, description="The name to call the customer by.")
    languages: tuple[str, ...] = Field((), description="BCP 47 tags, most used first.")
    identities: tuple[LinkedIdentity, ...] = Field(
        (), description="The handles that are theirs now, the surest first, at most 400."
    )
    released: tuple[ReleasedIdentity, ...] = Field((), description="Identities that went to other customers.")
    merged_into: str | None = Field(None, description="The customer who has all identities of this one, if one has.")
    merges: tuple[CustomerMerge, ...] = Field((), description="Merges into this one that hold, newest first.")
    first_seen_at: Instant = Field(description="When the first message came.")
    changed_at: Instant = Field(description="When this change was made.")
    profile: Profile | None = Field(None, description="What a CRM, shop or till says of them; null: nothing.")
    erased_at: Instant | None = Field(
        None, description="Set: the person was erased; keep nothing of them. They are never known under this id again."
    )


class LinkIdentity(Value):
    """An agent confirms that a handle is this customer's."""

    type: Literal["link_identity"] = "link_identity"
    identity: Identity
    because: Because | None = Field(None, description="What the agent relied on, e.g. an accepted suggestion.")


class UndoLink(Value):
    """An agent takes an identity link back: the handle returns to the customer that had it before, or a new one."""

    type: Literal["undo_link"] = "undo_link"
    link_id: str = Field(description="The identity link.")


class MergeCustomers(Value):
    """An agent says that two customers are one person. All identities of the other are this one's from then on."""

    command_id: CommandId
    other_customer_id: str = Field(description="The customer who goes into this one.")
    because: Because | None = Field(None, description="What the agent relied on, e.g. an accepted suggestion.")


class SplitCustomer(Value):
    """An agent says that some of a customer's handles are another person's: who had them before, if the same customer
    had all of them; else a new one."""

    command_id: CommandId
    identities: tuple[Identity, ...] = Field(min_length=1, max_length=100, description="The handles that go.")


class MarkShared(Value):
    """An agent says that several persons use a handle, or that it is one person's after all."""

    command_id: CommandId
    identity: Identity
    shared: bool = Field(description="Whether several persons use it.")


class Conflict(Value):
    """Two values where a person has one: two birthdays, two loyalty numbers. None wins."""

    attribute: str = Field(description="`birthday`, `loyalty-number`, `name`, ….")
    values: tuple[SourcedValue, ...] = Field(description="Every value with its source and date, newest first.")


class MergePreview(Value):
    """What a merge would put together. Nothing is changed by looking."""

    customer: CustomerChanged
    other: CustomerChanged
    conflicts: tuple[Conflict, ...] = Field((), description="What the two do not agree on.")
    dossiers: int = Field(0, ge=0, description="How many dossiers of the other would become this customer's.")
