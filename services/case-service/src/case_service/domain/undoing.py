"""What taking a link back means: which conversation or message goes where."""

from collections.abc import Sequence
from dataclasses import dataclass

from omnifil_contracts.dossier import (
    ConversationLinked,
    ConversationUnlinked,
    MessageLinked,
    MessageUnlinked,
    TimelineEntry,
)

from case_service.domain.dossier import Dossier
from case_service.domain.errors import EntryNotFound, NothingToUndo
from case_service.domain.standing import standing


@dataclass(frozen=True)
class Return:
    """Move the conversation, or the message, from one dossier to another; `to_dossier` None: into a new one."""

    from_dossier: str
    to_dossier: str | None
    conversation_id: str | None = None
    message_id: str | None = None


def plan_undo(dossier: Dossier, history: Sequence[TimelineEntry], seq: int) -> Return:
    """`history` is the dossier's whole timeline. Raises `EntryNotFound` and `NothingToUndo`."""
    entry = next((each for each in history if each.seq == seq), None)
    if entry is None:
        raise EntryNotFound(f"entry {seq}")
    match entry.event:
        case ConversationLinked() as event:
            return _conversation_back(dossier, history, seq, event)
        case MessageLinked() as event:
            return _message_back(dossier, history, seq, event)
        case ConversationUnlinked() as event:
            if dossier.has_conversation(event.conversation_id):
                raise NothingToUndo("the conversation is here again")
            # From wherever it is now: whoever carries this out follows the moves from `moved_to`.
            return Return(event.moved_to, dossier.id, conversation_id=event.conversation_id)
        case MessageUnlinked() as event:
            if event.message_id in standing(history).messages:
                raise NothingToUndo("the message is here again")
            return Return(event.moved_to, dossier.id, message_id=event.message_id)
        case _:
            raise NothingToUndo("this entry links nothing")


def _conversation_back(
    dossier: Dossier, history: Sequence[TimelineEntry], seq: int, event: ConversationLinked
) -> Return:
    conversation_id = event.conversation.conversation_id
    newest = max(
        each.seq
        for each in history
        if isinstance(each.event, ConversationLinked) and each.event.conversation.conversation_id == conversation_id
    )
    if not dossier.has_conversation(conversation_id) or newest != seq:
        raise NothingToUndo("the conversation has been moved since")
    if event.moved_from is None and len(dossier.view.conversations) == 1:
        raise NothingToUndo("this dossier has no other conversation")
    return Return(dossier.id, event.moved_from, conversation_id=conversation_id)


def _message_back(dossier: Dossier, history: Sequence[TimelineEntry], seq: int, event: MessageLinked) -> Return:
    here = standing(history)
    message = here.messages.get(event.message.message_id)
    if message is None or message.entry.seq != seq:
        raise NothingToUndo("the message has been moved since")
    if event.moved_from is None and len(here.messages) == 1 and len(dossier.view.conversations) <= 1:
        raise NothingToUndo("this dossier has no other message")
    return Return(dossier.id, event.moved_from, message_id=event.message.message_id)
