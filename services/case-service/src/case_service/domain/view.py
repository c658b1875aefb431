"""The fold of a timeline into the `DossierView` that agents see. docs/view.md specifies it, event by event."""

from datetime import datetime
from typing import Any

from omnifil_contracts.dossier import (
    Assigned,
    ConversationLinked,
    ConversationUnlinked,
    ConversationView,
    CustomerErased,
    CustomerReassigned,
    DossierOpened,
    DossierRelated,
    DossierUnrelated,
    DossierView,
    LastMessage,
    MessageLinked,
    MessageUnlinked,
    RelatedDossier,
    ReplyLinked,
    ReplyRequested,
    ReplyUnlinked,
    Status,
    StatusChanged,
    SuggestionMade,
    SuggestionResolved,
    TimelineEntry,
    Unassigned,
)

from case_service.domain.erased_view import without_person

EXCERPT_CHARS = 140

Changes = dict[str, Any]


class Hole(Exception):
    """An entry does not follow the one before it: something between them is missing."""


def project(dossier_id: str, view: DossierView | None, entry: TimelineEntry) -> DossierView:
    """The view after this entry. One that is already in it changes nothing. Raises `Hole`."""
    if view is None:
        return _opened(dossier_id, entry)
    if entry.seq <= view.seq:
        return view
    if entry.seq != view.seq + 1:
        raise Hole(f"{dossier_id}: entry {entry.seq} after {view.seq}")
    envelope: Changes = {"seq": entry.seq, "last_entry_at": max(view.last_entry_at, entry.occurred_at)}
    return view.model_copy(update=envelope | _changes(view, entry))


def excerpt(text: str) -> str:
    return text[:EXCERPT_CHARS]


def _opened(dossier_id: str, entry: TimelineEntry) -> DossierView:
    event = entry.event
    if entry.seq != 1 or not isinstance(event, DossierOpened):
        raise Hole(f"{dossier_id}: its first entry is missing")
    return DossierView(
        dossier_id=dossier_id,
        seq=1,
        number=event.number,
        customer_id=event.customer_id,
        customer_name=event.customer_name,
        status=Status.OPEN,
        subject=event.subject,
        follows=event.follows,
        opened_at=entry.occurred_at,
        last_entry_at=entry.occurred_at,
    )


def _changes(view: DossierView, entry: TimelineEntry) -> Changes:
    match entry.event:
        case ConversationLinked() as event:
            return {"conversations": _with_conversation(view, event)}
        case ConversationUnlinked() as event:
            return _without_conversation(view, event)
        case MessageLinked() as event:
            return _with_message(view, event)
        case MessageUnlinked() as event:
            return _without(view, event.message_id)
        case ReplyUnlinked() as event:
            return {} if event.stays else _without(view, event.reply_id)
        case ReplyRequested() as event:
            return _with_reply(view, event, entry.occurred_at)
        case ReplyLinked() as event:
            changes = _with_reply(view, event.reply, entry.occurred_at)
            return changes | {"messages": view.messages} if event.joins else changes
        case StatusChanged() as event:
            waits = view.unanswered_since if event.status.is_live else None
            return {"status": event.status, "merged_into": event.merged_into, "unanswered_since": waits}
        case DossierRelated() as event:
            other = RelatedDossier(dossier_id=event.dossier_id, number=event.number)
            known = any(each.dossier_id == event.dossier_id for each in view.related)
            return {} if known else {"related": (*view.related, other)}
        case DossierUnrelated() as event:
            return {"related": tuple(each for each in view.related if each.dossier_id != event.dossier_id)}
        case Assigned() as event:
            return {"assigned_to": event.agent}
        case Unassigned():
            return {"assigned_to": None}
        case SuggestionMade(suggestion=made):
            if any(each.suggestion_id == made.suggestion_id for each in view.suggestions):
                return {}
            return {"suggestions": (*view.suggestions, made)}
        case SuggestionResolved() as event:
            rest = tuple(each for each in view.suggestions if each.suggestion_id != event.suggestion_id)
            return {"suggestions": rest}
        case CustomerReassigned() as event:
            return {"customer_id": event.customer_id, "customer_name": event.customer_name}
        case CustomerErased() as event:
            return without_person(view, event)
        case _:
            return {}


def _with_conversation(view: DossierView, event: ConversationLinked) -> tuple[ConversationView, ...]:
    linked_id = event.conversation.conversation_id
    if any(each.conversation.conversation_id == linked_id for each in view.conversations):
        return _replaced(view, linked_id, {"because": event.because})
    return (*view.conversations, ConversationView(conversation=event.conversation, because=event.because))


def _without_conversation(view: DossierView, event: ConversationUnlinked) -> Changes:
    gone = conversation_of(view, event.conversation_id)
    messages = max(view.messages - event.messages, 0)
    last = view.last_message
    if not messages or (last is not None and gone is not None and last.at == gone.last_message_at):
        last = None
    return {
        "conversations": tuple(each for each in view.conversations if each is not gone),
        "suggestions": tuple(each for each in view.suggestions if each.conversation_id != event.conversation_id),
        "messages": messages,
        "last_message": last,
        "unanswered_since": view.unanswered_since if messages else None,
    }


def _without(view: DossierView, said: str) -> Changes:
    messages = max(view.messages - 1, 0)
    is_last = view.last_message is not None and view.last_message.message_id == said
    return {
        "messages": messages,
        "last_message": None if is_last or not messages else view.last_message,
        "unanswered_since": view.unanswered_since if messages else None,
    }


def _with_message(view: DossierView, event: MessageLinked) -> Changes:
    message = event.message
    at, inbound = message.received_at, message.direction == "inbound"
    changes: Changes = {"messages": view.messages + 1}
    conversation = conversation_of(view, event.conversation_id)
    if conversation is not None and not _is_later(conversation.last_message_at, at):
        said: Changes = {"last_message_at": at}
        if inbound:
            said["reply_window_ends_at"] = message.reply_window_ends_at
            by_customer = message.automatic is None and event.customer_id == view.customer_id
            if by_customer or conversation.identity is None:
                primary = message.sender.primary
                said |= {
                    "identity": primary.identity,
                    "assurance": primary.assurance.value,
                    "display_name": message.sender.display_name,
                }
        changes["conversations"] = _replaced(view, event.conversation_id, said)
    if not _is_later(_last_at(view), at):
        changes["last_message"] = LastMessage(
            message_id=message.message_id,
            channel=message.channel,
            at=at,
            author="customer" if inbound else "company",
            text=excerpt(message.text),
        )
    if inbound and message.automatic is None:
        changes["unanswered_since"] = at if view.unanswered_since is None else min(view.unanswered_since, at)
    elif not inbound:
        changes["unanswered_since"] = _still_unanswered(view, at)
    return changes


def _with_reply(view: DossierView, reply: ReplyRequested, at: datetime) -> Changes:
    conversations = view.conversations
    targets = {target.conversation.conversation_id for target in reply.targets}
    if targets:
        conversations = tuple(
            each.model_copy(update={"last_message_at": at})
            if each.conversation.conversation_id in targets and not _is_later(each.last_message_at, at)
            else each
            for each in conversations
        )
    changes: Changes = {
        "messages": view.messages + 1,
        "conversations": conversations,
        "unanswered_since": _still_unanswered(view, at),
    }
    if not _is_later(_last_at(view), at):
        changes["last_message"] = LastMessage(
            message_id=reply.reply_id,
            channel=reply.targets[0].conversation.channel,
            at=at,
            author="company",
            text=excerpt(reply.text),
        )
    return changes


def conversation_of(view: DossierView, conversation_id: str) -> ConversationView | None:
    """The conversation of the view with this id, if it is in it."""
    for each in view.conversations:
        if each.conversation.conversation_id == conversation_id:
            return each
    return None


def _replaced(view: DossierView, conversation_id: str, changes: Changes) -> tuple[ConversationView, ...]:
    return tuple(
        each.model_copy(update=changes) if each.conversation.conversation_id == conversation_id else each
        for each in view.conversations
    )


def _still_unanswered(view: DossierView, answered_at: datetime) -> datetime | None:
    return view.unanswered_since if _is_later(view.unanswered_since, answered_at) else None


def _last_at(view: DossierView) -> datetime | None:
    return view.last_message.at if view.last_message is not None else None


def _is_later(instant: datetime | None, than: datetime) -> bool:
    return instant is not None and instant > than
