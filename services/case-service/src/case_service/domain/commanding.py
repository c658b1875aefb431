"""What agents' commands add to a dossier, moves apart (those are in `moving`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from omnifil_contracts import ids
from omnifil_contracts.commands import AddNote, Assign, ChangeStatus, Reply, Unassign
from omnifil_contracts.dossier import (
    Assigned,
    Event,
    NoteAdded,
    ReplyRequested,
    ReplyTarget,
    StatusChanged,
    SuggestionResolved,
    TimelineEntry,
    Unassigned,
)
from omnifil_contracts.identity import Actor, Because, Evidence

from case_service.domain.decisions import Draft
from case_service.domain.dossier import Dossier
from case_service.domain.errors import (
    ConversationNotFound,
    DossierChanged,
    EntryNotFound,
    InvalidCommand,
    ReplyConflict,
    SuggestionResolvedAlready,
    WindowExpired,
)
from case_service.domain.memory import Thread
from case_service.domain.subjects import answering
from case_service.domain.tokens import Minting
from case_service.domain.view import conversation_of


@dataclass(frozen=True)
class Order:
    """Who commands, when, and under which id: the same id takes effect once."""

    command_id: str
    agent: Actor
    now: datetime

    @property
    def because(self) -> Because:
        name = self.agent.name or self.agent.id
        return Because(rule="agent", evidence=(Evidence(code="agent-decided", values={"agent": name}),))

    def effect(self, number: int) -> str:
        return f"cmd:{self.command_id}:{number}"

    def drafts(self, events: Sequence[Event]) -> tuple[Draft, ...]:
        """The events as the agent's, in their order."""
        return tuple(Draft(event, self.agent, self.now, self.effect(n)) for n, event in enumerate(events))


def reply(
    dossier: Dossier, command: Reply, order: Order, minting: Minting, replies_since: Sequence[TimelineEntry]
) -> tuple[Event, ...]:
    """One answer on several conversations, all or none.

    `replies_since`: the replies of other agents that this agent has not seen (`unseen_replies`, as entries).
    """
    if not command.text.strip() and not command.attachments:
        raise InvalidCommand("A reply needs a text or an attachment.")
    if replies_since:
        raise ReplyConflict(replies_since)
    reply_id = ids.event_id("reply", order.command_id)
    wanted = dict.fromkeys(command.conversation_ids)
    targets = tuple(_target(dossier, each, reply_id, order, minting) for each in wanted)
    requested = ReplyRequested(reply_id=reply_id, text=command.text, attachments=command.attachments, targets=targets)
    after = command.status_after
    if after is None or after is dossier.view.status:
        return (requested,)
    return (requested, StatusChanged(status=after, because=order.because))


def unseen_replies(dossier: Dossier, command: Reply, agent: Actor) -> tuple[int, ...]:
    """`seq` of the replies by other agents after what this one saw."""
    return tuple(seq for seq, by in dossier.memory.replies if seq > command.seen_seq and by != agent.id)


def _target(dossier: Dossier, conversation_id: str, reply_id: str, order: Order, minting: Minting) -> ReplyTarget:
    held = conversation_of(dossier.view, conversation_id)
    if held is None:
        raise ConversationNotFound(conversation_id)
    if held.identity is None:
        raise InvalidCommand("Nobody has written in this conversation yet, so there is nobody to answer.")
    if held.reply_window_ends_at is not None and held.reply_window_ends_at <= order.now:
        raise WindowExpired(conversation_id, held.conversation.channel, held.reply_window_ends_at)
    thread = dossier.memory.threads[conversation_id]
    outbound_id = ids.outbound_id(reply_id, conversation_id)
    return ReplyTarget(
        outbound_id=outbound_id,
        conversation=held.conversation,
        recipient=held.identity,
        copies=tuple(each for each in thread.copies if each.identity != held.identity),
        subject=answering(thread.subject),
        in_reply_to=thread.answers,
        ancestors=_ancestors(thread),
        reference=minting.mint(outbound_id=outbound_id, dossier_id=dossier.id, conversation_id=conversation_id),
        window_ends_at=held.reply_window_ends_at,
    )


def _ancestors(thread: Thread) -> tuple[str, ...]:
    """The thread, newest first, beginning with what is answered (RFC 5322 §3.6.4 builds References from it)."""
    first = (thread.answers,) if thread.answers is not None else ()
    return tuple(dict.fromkeys((*first, *thread.provider_ids)))


def add_note(command: AddNote, order: Order) -> tuple[Event, ...]:
    return (NoteAdded(note_id=ids.event_id("note", order.command_id), text=command.text),)


def change_status(dossier: Dossier, command: ChangeStatus, order: Order) -> tuple[Event, ...]:
    """Raises `DossierChanged` for one that has been merged: an undo gives back what it held, a status would not."""
    if dossier.view.merged_into is not None:
        raise DossierChanged((), dossier.view.merged_into)
    if command.status is dossier.view.status:
        return ()
    return (StatusChanged(status=command.status, because=order.because),)


def assign(dossier: Dossier, command: Assign | Unassign) -> tuple[Event, ...]:
    match command:
        case Assign(agent=agent):
            return () if dossier.view.assigned_to == agent else (Assigned(agent=agent),)
        case Unassign():
            return () if dossier.view.assigned_to is None else (Unassigned(),)


def resolved(dossier: Dossier, suggestion_id: str, accept: bool) -> tuple[Event, ...]:
    """A suggestion decided. Deciding the same again changes nothing; deciding otherwise is refused."""
    if suggestion_id not in dossier.memory.suggestions:
        raise EntryNotFound(f"suggestion {suggestion_id}")
    decided = dossier.memory.suggestions[suggestion_id]
    if decided is None:
        return (SuggestionResolved(suggestion_id=suggestion_id, accepted=accept),)
    if decided is accept:
        return ()
    raise SuggestionResolvedAlready(decided)
