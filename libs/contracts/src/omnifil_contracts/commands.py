"""What agents ask of a dossier: the bodies of `POST …/dossiers/{dossier_id}/commands`."""

from typing import Annotated, Literal

from pydantic import Field

from omnifil_contracts.dossier import Status
from omnifil_contracts.identity import Actor
from omnifil_contracts.message import MAX_TEXT_CHARS, Attachment
from omnifil_contracts.record import Value, personal

NEW_DOSSIER_OF = "The customer whose new dossier it goes to; not together with `to_dossier_id`. Null: whoever wrote it."


class Reply(Value):
    """Answer on one or several conversations of the dossier at once."""

    type: Literal["reply"] = "reply"
    text: str = personal("", description="Plain text; may be empty with attachments.", max_length=MAX_TEXT_CHARS)
    attachments: tuple[Attachment, ...] = Field((), description="Files, in the order of the message.")
    conversation_ids: tuple[str, ...] = Field(min_length=1, description="Where it goes out.")
    status_after: Status | None = Field(Status.WAITING, description="Status to set with it; null leaves it.")
    seen_seq: int = Field(
        ge=0, description="The last entry the agent saw; a reply by somebody else since is a conflict."
    )


class AddNote(Value):
    """Write a note that only agents see."""

    type: Literal["add_note"] = "add_note"
    text: str = personal(description="The note.", min_length=1, max_length=MAX_TEXT_CHARS)


class ChangeStatus(Value):
    """Set the status."""

    type: Literal["change_status"] = "change_status"
    status: Status


class Assign(Value):
    """Give the dossier to an agent."""

    type: Literal["assign"] = "assign"
    agent: Actor


class Unassign(Value):
    """Give the dossier back to the queue."""

    type: Literal["unassign"] = "unassign"


class MoveConversation(Value):
    """Link a conversation to another dossier; without one: unlink it, into a new dossier of its own."""

    type: Literal["move_conversation"] = "move_conversation"
    conversation_id: str = Field(description="The conversation.")
    to_dossier_id: str | None = Field(None, description="The dossier that it goes to; null: a new one of its own.")
    to_customer_id: str | None = Field(None, description=NEW_DOSSIER_OF)


class MoveMessage(Value):
    """Link one message to another dossier; without one: into a new dossier of its own.

    The only one of its conversation takes the conversation along. Otherwise it is read there, and answered here.
    """

    type: Literal["move_message"] = "move_message"
    message_id: str = Field(description="The message.")
    to_dossier_id: str | None = Field(None, description="The dossier that it goes to; null: a new one of its own.")
    to_customer_id: str | None = Field(None, description=NEW_DOSSIER_OF)


class SplitConversation(Value):
    """Link the later part of a conversation to another dossier; without one: to a new dossier of its own.

    That message and all that was said in the conversation behind it go, and the conversation goes on there.
    What was said before stays here to be read.
    """

    type: Literal["split_conversation"] = "split_conversation"
    conversation_id: str = Field(description="The conversation.")
    from_message_id: str = Field(description="The first message that goes.")
    to_dossier_id: str | None = Field(None, description="The dossier that it goes to; null: a new one of its own.")
    to_customer_id: str | None = Field(None, description=NEW_DOSSIER_OF)


class MergeDossier(Value):
    """Move everything of this dossier into another one, and close it. Its notes and its assignment stay with it."""

    type: Literal["merge_dossier"] = "merge_dossier"
    into_dossier_id: str = Field(description="The dossier that gets everything.")


class RelateDossier(Value):
    """Say that another dossier has to do with this one. Both show it; nothing moves."""

    type: Literal["relate_dossier"] = "relate_dossier"
    dossier_id: str = Field(description="The other dossier.")


class UnrelateDossier(Value):
    """Say that another dossier has nothing to do with this one."""

    type: Literal["unrelate_dossier"] = "unrelate_dossier"
    dossier_id: str = Field(description="The other dossier.")


class Undo(Value):
    """Take back what an entry of this dossier says, whoever or whatever did it; also an undo.

    `conversation_linked`, `message_linked`: what came returns to where it was, with what was said in it since, or gets
    a dossier of its own; what had stood here before stays. `conversation_unlinked`, `message_unlinked`: it comes back,
    from wherever it is now. A merge is taken back as a whole by `status_changed` with `merged_into` in the dossier that
    was merged, or by `dossier_merged` in the one that got everything; and that again by `dossier_unmerged`.
    `dossier_related`, `dossier_unrelated`: the other way round, in both.
    """

    type: Literal["undo"] = "undo"
    seq: int = Field(ge=1, description="The entry.")


class ResolveSuggestion(Value):
    """Accept or refuse a suggestion. Accepting `same-customer` links the identity, which then brings the rest."""

    type: Literal["resolve_suggestion"] = "resolve_suggestion"
    suggestion_id: str = Field(description="The suggestion.")
    accept: bool = Field(description="Whether the agent says yes.")


Command = Annotated[
    Reply
    | AddNote
    | ChangeStatus
    | Assign
    | Unassign
    | MoveConversation
    | MoveMessage
    | SplitConversation
    | MergeDossier
    | RelateDossier
    | UnrelateDossier
    | Undo
    | ResolveSuggestion,
    Field(discriminator="type"),
]


class CommandRequest(Value):
    """A command and its id. Sent again with the same id, it takes effect once and gets the same answer."""

    command_id: str = Field(
        min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$", description="Chosen by the client."
    )
    command: Command = Field(description="What to do.")
    seen_seq: int | None = Field(
        None,
        ge=0,
        description="The last entry the agent saw. What moves or relates is refused (`dossier-changed`) if another "
        "agent has moved or related something in this dossier since; null: whatever has happened.",
    )


class PreviewRequest(Value):
    """A command that moves something, to see what would become of it. Nothing is changed."""

    command: Command = Field(description="What would be done.")


class CommandResult(Value):
    """What a command did: the dossier (a new one for an unlink) and its newest `seq`."""

    dossier_id: str = Field(description="The dossier that was asked.")
    seq: int = Field(description="The newest entry.")
    to_dossier_id: str | None = Field(None, description="Where something moved to.")
