"""Erasing a person: what is asked, how far it is, and what is left of a record that was theirs."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, TypeVar

from pydantic import Field
from pydantic.fields import FieldInfo

from omnifil_contracts.identity import Actor
from omnifil_contracts.record import PERSONAL, Instant, Value

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


V = TypeVar("V", bound=Value)

_TELLING: Mapping[str, Mapping[str, Any]] = {
    "Conversation": {"key": ERASED},
    "InboundMessage": {
        "provider_message_id": ERASED, "ancestors": (), "references": (), "participants": (), "attachments": (),
        "raw": None, "language": None,
    },
    "Sender": {"others": ()},
    "ReplyRequested": {"attachments": ()},
    "ReplyTarget": {"copies": (), "in_reply_to": None, "ancestors": ()},
    "DeliveryUpdated": {"reason": None, "provider_message_id": None},
    "SendMessage": {"attachments": ()},
}  # fmt: skip
"""By class, what is not marked as personal and yet leads to the person once the record is theirs: what a provider calls
the message or the thread, whom else it went to, and the hashes of their files."""


def emptied(value: V) -> V:
    """The record (or part of one) of a person with nothing of the person in it: every marked field is empty, or holds
    `erased` where it may not be. Our own ids, instants, channels, rules and codes stay; it reads like any other."""
    changes: dict[str, Any] = {}
    telling = _TELLING.get(type(value).__name__, {})
    for name, field in type(value).model_fields.items():
        held = getattr(value, name)
        if name in telling:
            changes[name] = telling[name]
        elif _is_personal(field):
            changes[name] = _nothing(type(value), name)
        elif isinstance(held, Value):
            changes[name] = emptied(held)
        elif isinstance(held, tuple) and any(isinstance(each, Value) for each in held):
            changes[name] = tuple(emptied(each) if isinstance(each, Value) else each for each in held)
    return value.model_copy(update=changes) if changes else value


def _is_personal(field: FieldInfo) -> bool:
    extra = field.json_schema_extra
    return isinstance(extra, dict) and PERSONAL.items() <= extra.items()


@cache
def _nothing(model: type[Value], name: str) -> Any:
    """What a marked field holds when it holds nothing."""
    field = model.model_fields[name]
    if not field.is_required():
        return field.get_default(call_default_factory=True)
    if any(getattr(each, "min_length", None) for each in field.metadata):
        return ERASED
    return "" if field.annotation is str else b""
