"""What can happen in a dossier."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from omnifil_contracts.identity import Actor, Because, Identity
from omnifil_contracts.message import MAX_TEXT_CHARS, Attachment, Conversation, InboundMessage, Participant
from omnifil_contracts.record import Instant, Value, personal


class Status(StrEnum):
    """`waiting`: for the customer. `reopened`: was closed, and the customer came back."""

    OPEN = "open"
    WAITING = "waiting"
    CLOSED = "closed"
    REOPENED = "reopened"

    @property
    def is_live(self) -> bool:
        return self is not Status.CLOSED


class DeliveryState(StrEnum):
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class DossierOpened(Value):
    """The first entry of every dossier."""

    type: Literal["dossier_opened"] = "dossier_opened"
    customer_id: str = Field(description="The customer.")
    customer_name: str | None = personal(None, description="The customer's name at that time.")
    ordinal: int = Field(ge=1, description="The customer's n-th dossier; claimed by a unique index.")
    number: str = Field(description="What people call the dossier aloud: `D-7K3F-92QX`.")
    subject: str | None = personal(None, description="What it is about, in a few words.", max_length=1000)
    because: Because
    follows: str | None = Field(None, description="The closed dossier that this one follows up.")


class ConversationLinked(Value):
    """A conversation belongs to this dossier from here on."""

    type: Literal["conversation_linked"] = "conversation_linked"
    conversation: Conversation
    because: Because
    moved_from: str | None = Field(None, description="The dossier that had it before.")
    parted_from: tuple[str, ...] = Field(
        (), description="Conversations from which agents have parted it, wherever those are: no rule joins them again."
    )


class ConversationUnlinked(Value):
    """A conversation, with what was said in it, has moved to another dossier.

    Without `since_seq` all that stands here of it goes along. With it, what is behind that cut, and the rest stays
    here to be read: with `since_at` (a split), what comes from (`since_at`, `since_seq`) on in the order in which
    people read, (`occurred_at`, `seq`); without (something taken back), the entries from `since_seq` on.
    """

    type: Literal["conversation_unlinked"] = "conversation_unlinked"
    conversation_id: str = Field(description="The conversation.")
    moved_to: str = Field(description="The dossier that has it now.")
    messages: int = Field(
        0, ge=0, description="How many messages and replies went with it; 0: what was said stays, it goes on there."
    )
    because: Because
    since_seq: int | None = Field(None, ge=1, description="The first entry that went; null: all of it went.")
    since_at: Instant | None = Field(None, description="When that was said; null: the cut goes by `seq` alone.")
    since_message_id: str | None = Field(None, description="The message at which it was split.")
    parted_from: tuple[str, ...] = Field(
        (), description="Conversations that stay here and from which an agent parted it: no rule joins them again."
    )


class MessageLinked(Value):
    """A message of the customer (or an echo of the company's own) is in this dossier."""

    type: Literal["message_linked"] = "message_linked"
    message: InboundMessage
    conversation_id: str = Field(description="The conversation it was found to be part of.")
    customer_id: str = Field(description="Who wrote it, as identified.")
    assured: bool = Field(description="Whether the sender was at least channel-assured.")
    because: Because
    moved_from: str | None = Field(None, description="The dossier that had it before.")


class MessageUnlinked(Value):
    """A message has moved to another dossier."""

    type: Literal["message_unlinked"] = "message_unlinked"
    message_id: str = Field(description="The message.")
    conversation_id: str = Field(description="The conversation.")
    moved_to: str = Field(description="The dossier that has it now.")
    because: Because


class ReplyTarget(Value):
    """One conversation that a reply goes out on."""

    outbound_id: str = Field(description="`ids.outbound_id(reply_id, conversation_id)`.")
    conversation: Conversation
    recipient: Identity = Field(description="To whom, on that channel.")
    copies: tuple[Participant, ...] = Field((), description="People in copy, where the channel has such a thing.")
    subject: str | None = personal(None, description="Subject line, where the channel has one.", max_length=1000)
    in_reply_to: str | None = Field(None, description="Provider id of the message that is answered.")
    ancestors: tuple[str, ...] = Field((), description="Provider ids of the thread, newest first.")
    reference: str = Field(description="The reference that we minted; comes back with an answer.")
    window_ends_at: Instant | None = Field(None, description="Until when the network takes it; null: no limit.")


class ReplyRequested(Value):
    """An agent answers, on one or several conversations at once. The relay turns each target into a `SendMessage`."""

    type: Literal["reply_requested"] = "reply_requested"
    reply_id: str = Field(description="The reply.")
    text: str = personal(description="What the agent wrote, plain text.", max_length=MAX_TEXT_CHARS)
    attachments: tuple[Attachment, ...] = Field((), description="Files, in the order of the message.")
    targets: tuple[ReplyTarget, ...] = Field(min_length=1, description="The conversations that it goes out on.")


class ReplyLinked(Value):
    """A reply that went out from another dossier, in a conversation that has moved here. It is not sent again."""

    type: Literal["reply_linked"] = "reply_linked"
    reply: ReplyRequested
    agent: Actor
    states: dict[str, DeliveryState] = Field(default_factory=dict, description="Last state by outbound id.")
    moved_from: str = Field(description="The dossier that had it before.")
    joins: bool = Field(
        False, description="Whether the reply stands here already, on other conversations: it is counted once."
    )


class ReplyUnlinked(Value):
    """A reply whose conversation is elsewhere has moved to another dossier, with everything or back from it."""

    type: Literal["reply_unlinked"] = "reply_unlinked"
    reply_id: str = Field(description="The reply.")
    conversation_ids: tuple[str, ...] = Field(min_length=1, description="Its targets that went.")
    moved_to: str = Field(description="The dossier that has them now.")
    stays: bool = Field(False, description="Whether other targets of it stand here still: it is still counted.")
    because: Because


class DeliveryUpdated(Value):
    """What became of a reply on one conversation."""

    type: Literal["delivery_updated"] = "delivery_updated"
    outbound_id: str = Field(description="The outbound message.")
    conversation_id: str = Field(description="The conversation.")
    state: DeliveryState
    reason: str | None = Field(None, description="Why it failed, as a sentence for the agent.")
    provider_message_id: str | None = Field(None, description="The id that the network gave it.")


class NoteAdded(Value):
    """A note that only agents see."""

    type: Literal["note_added"] = "note_added"
    note_id: str = Field(description="The note.")
    text: str = personal(description="The note.", max_length=MAX_TEXT_CHARS)


class StatusChanged(Value):
    """The status is another from here on."""

    type: Literal["status_changed"] = "status_changed"
    status: Status
    because: Because
    merged_into: str | None = Field(None, description="Where everything went, if this was closed for being empty.")


class DossierMerged(Value):
    """All that was in another dossier moves here. That one is closed, with `merged_into`; its history stays there."""

    type: Literal["dossier_merged"] = "dossier_merged"
    dossier_id: str = Field(description="The other dossier.")
    number: str = Field(description="What people call it aloud.")
    because: Because


class DossierUnmerged(Value):
    """A merge was taken back: what another dossier brought, and what was said in it since, has gone there again."""

    type: Literal["dossier_unmerged"] = "dossier_unmerged"
    dossier_id: str = Field(description="The other dossier.")
    number: str = Field(description="What people call it aloud.")
    because: Because


class DossierRelated(Value):
    """Another dossier has to do with this one, and each stays itself. It says the same of this one."""

    type: Literal["dossier_related"] = "dossier_related"
    dossier_id: str = Field(description="The other dossier.")
    number: str = Field(description="What people call it aloud.")
    because: Because


class DossierUnrelated(Value):
    """Another dossier has nothing to do with this one any more. It says the same of this one."""

    type: Literal["dossier_unrelated"] = "dossier_unrelated"
    dossier_id: str = Field(description="The other dossier.")
    because: Because


class Assigned(Value):
    """An agent holds the dossier from here on."""

    type: Literal["assigned"] = "assigned"
    agent: Actor


class Unassigned(Value):
    """Nobody holds the dossier from here on."""

    type: Literal["unassigned"] = "unassigned"


class Suggestion(Value):
    """Two things that may belong together; an agent decides."""

    suggestion_id: str = Field(description="The suggestion.")
    kind: Literal["same-customer", "same-matter"] = Field(
        description="`same-customer`: accepting links the identity. `same-matter`: accepting moves the conversation."
    )
    conversation_id: str = Field(description="The conversation of this dossier that it is about.")
    identity: Identity | None = Field(None, description="The handle that would be linked.")
    customer_id: str | None = Field(None, description="The candidate customer.")
    customer_name: str | None = personal(None, description="The candidate's name.")
    dossier_id: str | None = Field(None, description="The candidate's live dossier, where there is one.")
    because: Because


class SuggestionMade(Value):
    """Something may belong together; an agent is asked."""

    type: Literal["suggestion_made"] = "suggestion_made"
    suggestion: Suggestion


class SuggestionResolved(Value):
    """An agent decided a suggestion, or it has become moot."""

    type: Literal["suggestion_resolved"] = "suggestion_resolved"
    suggestion_id: str = Field(description="The suggestion.")
    accepted: bool = Field(description="Whether the agent said yes.")


class CustomerReassigned(Value):
    """The dossier is now this customer's: two customers turned out to be one, or one to be two."""

    type: Literal["customer_reassigned"] = "customer_reassigned"
    customer_id: str = Field(description="The customer.")
    customer_name: str | None = personal(None, description="The customer's name.")
    ordinal: int = Field(ge=1, description="Which of this customer's dossiers it has become; claimed.")
    previous_customer_id: str = Field(description="The customer who had it before.")
    because: Because


class CustomerErased(Value):
    """What was said by and about a person is gone from the entries before this one; their `seq`, ids and rules stay.

    Whoever keeps entries of this dossier fetches them again, or empties every field that is marked as personal in them.
    """

    type: Literal["customer_erased"] = "customer_erased"
    customer_ids: tuple[str, ...] = Field(description="Who was erased: the customer, and those merged into them.")
    is_theirs: bool = Field(description="Whether the dossier itself was theirs: its customer's name is gone, too.")
    subject: bool = Field(False, description="Whether the subject was theirs, and is gone.")
    conversation_ids: tuple[str, ...] = Field(
        (), description="Conversations that were theirs alone: key, handle and name are gone."
    )
    handles_in: tuple[str, ...] = Field((), description="Conversations of others that showed a handle of theirs.")
    last_message: bool = Field(False, description="Whether the text of the last message was theirs, and is gone.")
