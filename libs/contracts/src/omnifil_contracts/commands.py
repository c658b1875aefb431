"""What agents ask of a dossier: the bodies of `POST …/dossiers/{dossier_id}/commands`."""

from typing import Annotated, Literal

from pydantic import Field

from omnifil_contracts.dossier import Status
from omnifil_contracts.identity import Actor
from omnifil_contracts.message import MAX_TEXT_CHARS, Attachment
from omnifil_contracts.record import Value, personal


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
    """Link a conversation to another dossier; `to_dossier_id` null: unlink it, into a new dossier of its own."""

    type: Literal["move_conversation"] = "move_conversation"
    conversation_id: str = Field(description="The conversation.")
    to_dossier_id: str | None = Field(None, description="The dossier that it goes to; null: a new one of its own.")


class MoveMessage(Value):
    """Link one message to another dossier; `to_dossier_id` null: into a new dossier of its own."""

    type: Literal["move_message"] = "move_message"
    message_id: str = Field(description="The message.")
    to_dossier_id: str | None = Field(None, description="The dossier that it goes to; null: a new one of its own.")


class Undo(Value):
    """Take back a link: what the entry linked returns to where it was, or gets a dossier of its own."""

    type: Literal["undo"] = "undo"
    seq: int = Field(ge=1, description="A `conversation_linked`, `message_linked` or unlinked entry.")


class ResolveSuggestion(Value):
    """Accept or refuse a suggestion. Accepting `same-customer` links the identity, which then brings the rest."""

    type: Literal["resolve_suggestion"] = "resolve_suggestion"
    suggestion_id: str = Field(description="The suggestion.")
    accept: bool = Field(description="Whether the agent says yes.")


Command = Annotated[
    Reply | AddNote | ChangeStatus | Assign | Unassign | MoveConversation | MoveMessage | Undo | ResolveSuggestion,
    Field(discriminator="type"),
]


class CommandRequest(Value):
    """A command and its id. Sent again with the same id, it takes effect once and gets the same answer."""

    command_id: str = Field(
        min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$", description="Chosen by the client."
    )
    command: Command = Field(description="What to do.")


class CommandResult(Value):
    """What a command did: the dossier (a new one for an unlink) and its newest `seq`."""

    dossier_id: str = Field(description="The dossier that was asked.")
    seq: int = Field(description="The newest entry.")
    to_dossier_id: str | None = Field(None, description="Where something moved to.")
