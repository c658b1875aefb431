"""Erasing a person: what is asked, and how far it is."""

from typing import Literal

from pydantic import Field

from omnifil_contracts.identity import Actor
from omnifil_contracts.record import Instant, Value

ERASED = "erased"
"""Stands where a field that may not be empty held something of a person."""

Reason = Literal["request", "objection", "consent-withdrawn", "retention", "other"]
"""A word and no free text: what is kept of an erasure must hold nothing of the person."""


class EraseCustomer(Value):
    """Erase everything about a customer, for good. Sent again with the same id it is the same erasure."""

    command_id: str = Field(
        min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$", description="Chosen by the client; the erasure's id."
    )
    reason: Reason = Field("request", description="Why, as it is kept: `request` is the person's own wish.")
    dry_run: bool = Field(False, description="Only count what would go.")


class Erasure(Value):
    """An erasure: who asked for it, how far it is, and how much went."""

    erasure_id: str = Field(description="The command's id.")
    customer_id: str = Field(description="The customer.")
    customer_ids: tuple[str, ...] = Field((), description="With those who had been merged into them.")
    state: Literal["planned", "running", "done"] = Field(description="`planned`: a dry run, nothing was done.")
    step: str = Field("", description="What is being done: `identities`, `drain`, `timelines`, `copies`, `topics`, …")
    waits_for: tuple[str, ...] = Field((), description="Services and consumer groups that it waits for just now.")
    reason: Reason = Field("request", description="Why.")
    requested_by: Actor
    requested_at: Instant = Field(description="When it was asked for.")
    finished_at: Instant | None = Field(None, description="When everything was gone.")
    counts: dict[str, int] = Field(default_factory=dict, description="How much went, by kind.")
