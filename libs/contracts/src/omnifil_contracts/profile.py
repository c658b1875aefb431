"""What others know of a customer: a CRM, a shop or a till pushes facts; the card shows them with source and date."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from omnifil_contracts.identity import Identity
from omnifil_contracts.record import Channel, Instant, Record, Value, personal

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,40}$")]
"""A stable name in small letters, such as `loyalty-number` or `store-visit`."""


class ExternalReference(Value):
    """A number that people name: order 4711, parcel 6A1."""

    kind: Slug = Field(description="What it is the number of: `order`, `invoice`, `parcel`, …")
    number: str = personal(description="The number as people write it.", min_length=1, max_length=100)


class RelatedReferences(Value):
    """Numbers that one external record puts together: who names one of them means the same matter."""

    references: tuple[ExternalReference, ...] = Field(description="At least two, each once; letters are capital.")


class AttributeUpdate(Value):
    """One thing that the source says of the person."""

    name: Slug = Field(
        description="`name`, `birthday`, `loyalty-number`, `customer-number`, `language`, `preferred-channel`, or any."
    )
    value: str | None = personal(description="What it is; null: the source takes it back.", max_length=500)


class ConsentUpdate(Value):
    """Whether the person may be written to on a channel for a purpose."""

    channel: Channel = Field(description="The channel that it is about.")
    purpose: Slug = Field(description="`marketing`, `survey`, `service`, or any.")
    granted: bool = Field(description="false: an opt-out.")


class ExternalRecord(Value):
    """Something that another system keeps of the person: an order, a cart, a visit to a store. Kinds are open."""

    kind: Slug = Field(description="`order`, `cart`, `store-visit`, `invoice`, …")
    record_id: str = Field(min_length=1, max_length=200, description="Unique for the source and kind.")
    title: str = personal(
        description="One line that says what it is, in the customer's or company's words.", max_length=200
    )
    state: str | None = Field(None, max_length=100, description="Such as `shipped`, as the source says it.")
    at: Instant = Field(description="When it happened in the world: ordered, filled, visited.")
    amount: str | None = Field(None, max_length=50, description="Such as `129.90 EUR`, as people shall read it.")
    url: str | None = personal(
        None, description="Where an agent sees more; https only.", max_length=1000, pattern="^https://"
    )
    references: tuple[ExternalReference, ...] = Field((), max_length=10, description="Numbers that it goes by.")
    removed: bool = Field(False, description="The source has it no more.")


class ProfileUpdated(Record):
    """Facts about a person, as a CRM, shop or till publishes them to `profile.updates.v1`, keyed by `identity.key`.

    Published again under the same `update_id` it has no second effect. What a source said last (by `occurred_at`)
    stands, in whatever order its updates come; what other sources say stays beside it.
    """

    ce_type: ClassVar[str] = "omnifil.profile.updated.v1"

    update_id: str = Field(min_length=1, max_length=200, description="Unique for the source.")
    source: Slug = Field(description="Who says so: `shop`, `crm`, `till`, …")
    identity: Identity = Field(description="Whom it is about: a handle that the source vouches for.")
    also: tuple[Identity, ...] = Field(
        (), max_length=10, description="Handles that the source says are the same person's."
    )
    attributes: tuple[AttributeUpdate, ...] = Field((), max_length=50, description="What is said of the person.")
    records: tuple[ExternalRecord, ...] = Field((), max_length=50, description="Orders, carts, visits, ….")
    consents: tuple[ConsentUpdate, ...] = Field((), max_length=50, description="Consents and opt-outs.")
    occurred_at: Instant = Field(description="When it became true at the source; what was said last stands.")


class SourcedValue(Value):
    """A value, who says so, and since when."""

    name: str = Field(description="The attribute, such as `birthday`.")
    value: str = personal(description="What the source says it is.")
    source: str = Field(description="Who says so.")
    at: Instant = Field(description="When it became true at the source.")


class Consent(Value):
    """A consent or an opt-out, who says so, and since when."""

    channel: str = Field(description="The channel that it is about.")
    purpose: str = Field(description="What for.")
    granted: bool = Field(description="false: an opt-out.")
    source: str = Field(description="Who says so.")
    at: Instant = Field(description="When it became true at the source.")


class SourcedRecord(ExternalRecord):
    """An external record and who keeps it."""

    source: str = Field(description="Who keeps it.")


class Profile(Value):
    """What others say of a customer. Nothing wins silently: every source's newest word is here."""

    attributes: tuple[SourcedValue, ...] = Field((), description="By name, of each the newest first.")
    conflicts: tuple[str, ...] = Field(
        (), description="Names of attributes that have more than one value, where a person has one."
    )
    consents: tuple[Consent, ...] = Field(
        (), description="By channel and purpose; the first of each pair holds: the newest, of two at once the opt-out."
    )
    preferred_channel: str | None = Field(None, description="The channel that they asked for, as it was said last.")
    records: tuple[SourcedRecord, ...] = Field((), description="The newest 20, newest first.")
