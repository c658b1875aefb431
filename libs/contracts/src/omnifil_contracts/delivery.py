"""Replies on their way out, what became of them, and who is there."""

from typing import ClassVar, Literal

from pydantic import Field

from omnifil_contracts.dossier import DeliveryState, ReplyTarget
from omnifil_contracts.identity import Actor
from omnifil_contracts.message import MAX_TEXT_CHARS, Attachment
from omnifil_contracts.record import Instant, Record, personal


class SendMessage(Record):
    """The command to deliver one reply on one conversation, on `outbound.<channel>.v1`, keyed by conversation id."""

    ce_type: ClassVar[str] = "omnifil.message.send.v1"

    outbound_id: str = Field(description="Sent at most once under this id.")
    reply_id: str = Field(description="The reply.")
    dossier_id: str = Field(description="The dossier.")
    target: ReplyTarget
    text: str = personal(description="What the agent wrote, plain text.", max_length=MAX_TEXT_CHARS)
    attachments: tuple[Attachment, ...] = Field((), description="Files, in the order of the message.")
    agent: Actor
    requested_at: Instant = Field(description="When the agent sent it.")


class DeliveryReported(Record):
    """What became of an outbound message, on `delivery.events.v1`, keyed by dossier id."""

    ce_type: ClassVar[str] = "omnifil.message.delivery-reported.v1"

    outbound_id: str = Field(description="The outbound message.")
    dossier_id: str = Field(description="The dossier.")
    conversation_id: str = Field(description="The conversation.")
    state: DeliveryState
    reason: str | None = Field(None, description="Why it failed, as a sentence for the agent.")
    provider_message_id: str | None = Field(None, description="The id that the network gave it.", max_length=1000)
    at: Instant = Field(description="When it happened.")


class PresenceChanged(Record):
    """Somebody looks, types or has read, on `presence.events.v1`, keyed by dossier or conversation id. Never stored."""

    ce_type: ClassVar[str] = "omnifil.presence.changed.v1"

    dossier_id: str | None = Field(None, description="Set when an agent looks at or writes in a dossier.")
    conversation_id: str | None = Field(None, description="Set when it concerns one conversation.")
    actor: Actor
    activity: Literal["viewing", "typing", "idle", "read"] = Field(description="What the actor does.")
    read_message_id: str | None = Field(None, description="With `read`: the last message that was read.")
    at: Instant = Field(description="When it was so.")
    expires_at: Instant = Field(description="After this it is no longer true unless said again.")
