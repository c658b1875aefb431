"""The view that the events of a dossier fold into."""

from typing import Literal

from pydantic import Field

from omnifil_contracts.dossier.events import Status, Suggestion
from omnifil_contracts.identity import Actor, Because, Identity
from omnifil_contracts.message import Conversation
from omnifil_contracts.record import Channel, Instant, Value, personal


class ConversationView(Value):
    """A conversation of a dossier, as the fold of its events has it."""

    conversation: Conversation
    identity: Identity | None = Field(None, description="The customer's handle in it; whom an answer goes to.")
    assurance: str | None = Field(None, description="Assurance of that handle with the last message.")
    display_name: str | None = personal(None, description="The sender's name as the channel shows it.")
    last_message_at: Instant | None = Field(None, description="When the newest message of it came.")
    reply_window_ends_at: Instant | None = Field(
        None, description="Until when the network lets us answer; null: no limit."
    )
    because: Because


class LastMessage(Value):
    """What an inbox shows of a dossier."""

    message_id: str = Field(description="The message.")
    channel: Channel = Field(description="The channel that it came by.")
    at: Instant = Field(description="When it was written.")
    author: Literal["customer", "company"] = Field(description="Which side wrote it.")
    text: str = personal(description="The first 140 characters.")


class RelatedDossier(Value):
    """A dossier that an agent said has to do with this one."""

    dossier_id: str = Field(description="The dossier.")
    number: str = Field(description="What people call it aloud.")


class DossierView(Value):
    """A dossier as agents see it, without its timeline. The fold of all events up to `seq`, and nothing else."""

    dossier_id: str = Field(description="The dossier.")
    seq: int = Field(ge=1, description="The newest entry that is folded in.")
    number: str = Field(description="What people call it aloud: `D-7K3F-92QX`.")
    customer_id: str = Field(description="The customer.")
    customer_name: str | None = personal(None, description="The customer's name.")
    status: Status
    subject: str | None = personal(None, description="What it is about.")
    assigned_to: Actor | None = Field(None, description="The agent who holds it.")
    conversations: tuple[ConversationView, ...] = Field((), description="In the order in which they came.")
    suggestions: tuple[Suggestion, ...] = Field((), description="Those that nobody has decided yet.")
    last_message: LastMessage | None = Field(None, description="The newest message or reply.")
    messages: int = Field(0, description="How many messages and replies it holds.")
    unanswered_since: Instant | None = Field(None, description="Since when the customer waits for an answer.")
    follows: str | None = Field(None, description="The closed dossier that this one follows up.")
    merged_into: str | None = Field(None, description="Where everything went, if it was closed for being empty.")
    related: tuple[RelatedDossier, ...] = Field((), description="In the order in which they were named.")
    opened_at: Instant = Field(description="When it was opened.")
    last_entry_at: Instant = Field(description="`occurred_at` of the newest entry; the inbox sorts by it.")
