"""Moving conversations and messages between dossiers, and taking a move back.

A move adds to both dossiers at once. The destination gets what was said again, as entries that say where they come
from; the source keeps its history and says where it went.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from omnifil_contracts import ids
from omnifil_contracts.dossier import (
    ConversationLinked,
    ConversationUnlinked,
    ConversationView,
    DossierOpened,
    Event,
    MessageUnlinked,
    ReplyLinked,
    Status,
    StatusChanged,
    TimelineEntry,
)
from omnifil_contracts.identity import Actor, Because, Evidence

from case_service.domain.casebook import Addition, Casebook, Decision, Draft
from case_service.domain.dossier import Dossier
from case_service.domain.errors import ConversationNotFound, EntryNotFound, InvalidCommand
from case_service.domain.standing import Standing, StandingMessage, StandingReply, standing
from case_service.domain.subjects import subject_of
from case_service.domain.view import conversation_of


@dataclass(frozen=True)
class Mover:
    """Who moves, when and why; `effect(n)` names the n-th effect of this move."""

    actor: Actor
    at: datetime
    because: Because
    effect: Callable[[int], str]

    def drafts(self, events: Sequence[Event]) -> tuple[Draft, ...]:
        """The events as the mover's, in their order."""
        return tuple(Draft(event, self.actor, self.at, self.effect(number)) for number, event in enumerate(events))


@dataclass(frozen=True)
class Opening:
    """A dossier that the move opens."""

    dossier_id: str
    event: DossierOpened


@dataclass
class _Writing:
    """Numbers the effects of one move over both dossiers."""

    mover: Mover
    count: int = 0
    source: list[Draft] = field(default_factory=list)
    destination: list[Draft] = field(default_factory=list)

    def draft(self, event: Event, *, like: TimelineEntry | None = None) -> Draft:
        """An event of the mover, or again what somebody said, with its author and time."""
        self.count += 1
        actor, at = (like.actor, like.occurred_at) if like else (self.mover.actor, self.mover.at)
        return Draft(event, actor, at, self.mover.effect(self.count - 1))


def move_conversations(
    source: Dossier,
    history: Sequence[TimelineEntry],
    conversation_ids: Sequence[str],
    destination: Dossier | Opening,
    mover: Mover,
    *,
    before: Sequence[Event] = (),
    after: Sequence[Event] = (),
) -> Decision:
    """Whole conversations with all that was said in them. `history` is the source's whole timeline.

    `before` is added to the source ahead of the move, `after` to the destination behind it.
    """
    moving = [_held(source, each) for each in conversation_ids]
    destination_id = _id_of(destination, source)
    here, gone = standing(history), frozenset(conversation_ids)
    writing = _Writing(mover)
    writing.source += [writing.draft(event) for event in before]
    writing.destination += _readied(writing, destination)
    for held in moving:
        writing.destination.append(
            writing.draft(
                ConversationLinked(conversation=held.conversation, because=mover.because, moved_from=source.id)
            )
        )
    for each in here.in_conversations(gone):
        writing.destination.append(_again(writing, source, each, gone))
    writing.destination += [writing.draft(event) for event in after]
    counted = _going(here, conversation_ids)
    for held in moving:
        event = ConversationUnlinked(
            conversation_id=held.conversation.conversation_id,
            moved_to=destination_id,
            messages=counted[held.conversation.conversation_id],
            because=mover.because,
        )
        writing.source.append(writing.draft(event))
    left = source.view.messages - sum(counted.values())
    writing.source += _closed_when_empty(writing, len(source.view.conversations) - len(moving), left, destination_id)
    return (Addition(source.id, tuple(writing.source)), Addition(destination_id, tuple(writing.destination)))


def move_message(
    source: Dossier,
    history: Sequence[TimelineEntry],
    message_id: str,
    destination: Dossier | Opening,
    mover: Mover,
) -> Decision:
    """One message. The only one of its conversation takes the conversation along, so that it can be answered there."""
    here = standing(history)
    message = here.messages.get(message_id)
    if message is None:
        raise EntryNotFound(f"message {message_id}")
    conversation_id = message.event.conversation_id
    if source.has_conversation(conversation_id) and here.in_conversations(frozenset([conversation_id])) == [message]:
        return move_conversations(source, history, [conversation_id], destination, mover)
    destination_id = _id_of(destination, source)
    writing = _Writing(mover)
    writing.destination += _readied(writing, destination)
    writing.destination.append(_again(writing, source, message, frozenset([conversation_id])))
    unlinked = MessageUnlinked(
        message_id=message_id, conversation_id=conversation_id, moved_to=destination_id, because=mover.because
    )
    writing.source.append(writing.draft(unlinked))
    left = source.view.messages - 1
    writing.source += _closed_when_empty(writing, len(source.view.conversations), left, destination_id)
    return (Addition(source.id, tuple(writing.source)), Addition(destination_id, tuple(writing.destination)))


def opening_for(
    casebook: Casebook, source: Dossier, conversation_id: str, because: Because, *, customer_id: str | None = None
) -> Opening:
    """A new dossier for what leaves `source`: of the customer who wrote in that conversation."""
    thread = source.memory.threads.get(conversation_id)
    owner = customer_id or (thread.customer_id if thread else None) or source.customer_id
    held = conversation_of(source.view, conversation_id)
    name = source.view.customer_name if owner == source.customer_id else held.display_name if held else None
    ordinal = casebook.next_ordinal(owner)
    dossier_id = ids.dossier_id(owner, ordinal)
    event = DossierOpened(
        customer_id=owner,
        customer_name=name,
        ordinal=ordinal,
        number=ids.dossier_number(dossier_id),
        subject=(thread.subject if thread else None) or source.view.subject,
        because=because,
    )
    return Opening(dossier_id, event)


def writer_of(source: Dossier, history: Sequence[TimelineEntry], message_id: str) -> StandingMessage:
    """The message as it stands here. Raises `EntryNotFound`."""
    found = standing(history).messages.get(message_id)
    if found is None:
        raise EntryNotFound(f"message {message_id}")
    return found


def opening_for_message(casebook: Casebook, source: Dossier, message: StandingMessage, because: Because) -> Opening:
    """A new dossier for one message, of the customer who wrote it."""
    owner = message.event.customer_id
    ordinal = casebook.next_ordinal(owner)
    dossier_id = ids.dossier_id(owner, ordinal)
    same = owner == source.customer_id
    event = DossierOpened(
        customer_id=owner,
        customer_name=source.view.customer_name if same else message.event.message.sender.display_name,
        ordinal=ordinal,
        number=ids.dossier_number(dossier_id),
        subject=subject_of(message.event.message),
        because=because,
    )
    return Opening(dossier_id, event)


def _held(source: Dossier, conversation_id: str) -> ConversationView:
    held = conversation_of(source.view, conversation_id)
    if held is None:
        raise ConversationNotFound(conversation_id)
    return held


def _id_of(destination: Dossier | Opening, source: Dossier) -> str:
    destination_id = destination.id if isinstance(destination, Dossier) else destination.dossier_id
    if destination_id == source.id:
        raise InvalidCommand("It is in this dossier already.")
    return destination_id


def _readied(writing: _Writing, destination: Dossier | Opening) -> list[Draft]:
    """A new dossier opens; one that was closed because everything had left it is again what it was."""
    if isinstance(destination, Opening):
        return [writing.draft(destination.event)]
    if destination.view.merged_into is None:
        return []
    status = destination.memory.status_before_merge or Status.OPEN
    return [writing.draft(StatusChanged(status=status, because=writing.mover.because))]


def _again(writing: _Writing, source: Dossier, each: StandingMessage | StandingReply, moving: frozenset[str]) -> Draft:
    if isinstance(each, StandingMessage):
        moved: dict[str, object] = {"moved_from": source.id, "because": writing.mover.because}
        return writing.draft(each.event.model_copy(update=moved), like=each.entry)
    reply = each.on(moving)
    assert reply is not None  # noqa: S101 only those on the moving conversations are asked for
    states = source.memory.deliveries
    linked = ReplyLinked(
        reply=reply,
        agent=each.agent,
        states={each.outbound_id: states[each.outbound_id] for each in reply.targets if each.outbound_id in states},
        moved_from=source.id,
    )
    return writing.draft(linked, like=each.entry)


def _going(here: Standing, conversation_ids: Sequence[str]) -> dict[str, int]:
    """How many messages and replies go with each conversation; a reply goes when its last target here does."""
    counted = dict.fromkeys(conversation_ids, 0)
    for message in here.messages.values():
        if message.event.conversation_id in counted:
            counted[message.event.conversation_id] += 1
    for reply in here.replies.values():
        targets = {each.conversation.conversation_id for each in reply.reply.targets}
        if targets <= counted.keys():
            counted[max(targets, key=list(conversation_ids).index)] += 1
    return counted


def _closed_when_empty(writing: _Writing, conversations: int, messages: int, destination_id: str) -> list[Draft]:
    if conversations > 0 or messages > 0:
        return []
    evidence = (Evidence(code="nothing-left"), *writing.mover.because.evidence)
    because = writing.mover.because.model_copy(update={"evidence": evidence})
    return [writing.draft(StatusChanged(status=Status.CLOSED, because=because, merged_into=destination_id))]
