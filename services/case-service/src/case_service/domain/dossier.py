"""The state of a dossier as the fold of its timeline: the view that agents see, and what deciding remembers."""

from dataclasses import dataclass
from typing import Any

from omnifil_contracts import ids
from omnifil_contracts.dossier import (
    ConversationLinked,
    ConversationUnlinked,
    CustomerReassigned,
    DeliveryUpdated,
    DossierMerged,
    DossierOpened,
    DossierRelated,
    DossierUnmerged,
    DossierUnrelated,
    DossierView,
    Event,
    MessageLinked,
    MessageUnlinked,
    ReplyLinked,
    ReplyRequested,
    ReplyUnlinked,
    StatusChanged,
    SuggestionMade,
    SuggestionResolved,
    TimelineEntry,
)
from omnifil_contracts.identity import Assurance
from omnifil_contracts.message import Participant

from case_service.domain.cuts import cut_of
from case_service.domain.memory import Memory, Sent, Thread
from case_service.domain.references import DEFAULT_PATTERNS, Patterns, references_in
from case_service.domain.separations import after_link, after_unlink
from case_service.domain.view import project
from case_service.domain.words import words_of

_PARTICIPANTS, _THREAD_IDS, _REPLIES, _SUGGESTIONS, _REFERENCES, _ALIASES = 100, 20, 20, 300, 50, 300
# Read and written with every message: what a dossier of thousands of replies remembers of them costs each (`make
# bench-scale`). Of an older reply a late report is noted where the reply was made, even if it should come out of order.
_SENT, _DELIVERIES = 40, 100
_CHANGES, _REMAINS = 50, 50
_STRUCTURAL = (
    ConversationLinked,
    ConversationUnlinked,
    MessageUnlinked,
    ReplyUnlinked,
    DossierMerged,
    DossierUnmerged,
    DossierRelated,
    DossierUnrelated,
    CustomerReassigned,
)


@dataclass(frozen=True, slots=True)
class Dossier:
    """A dossier as deciding sees it: the fold of its timeline up to `view.seq`."""

    view: DossierView
    memory: Memory

    @property
    def id(self) -> str:
        return self.view.dossier_id

    @property
    def seq(self) -> int:
        return self.view.seq

    @property
    def customer_id(self) -> str:
        return self.view.customer_id

    @property
    def is_live(self) -> bool:
        return self.view.status.is_live

    def has_conversation(self, conversation_id: str) -> bool:
        return conversation_id in self.memory.threads


def evolve(
    dossier_id: str,
    dossier: Dossier | None,
    entry: TimelineEntry,
    patterns: Patterns = DEFAULT_PATTERNS,
) -> Dossier:
    """The dossier after this entry; one it already holds changes nothing. Raises `Hole`."""
    view = project(dossier_id, dossier.view if dossier else None, entry)
    if dossier is None:
        opened = entry.event
        assert isinstance(opened, DossierOpened)  # noqa: S101 project() has refused everything else
        return Dossier(view, Memory(ordinal=opened.ordinal, last_activity_at=entry.occurred_at, appended_at=entry.at))
    if view is dossier.view:
        return dossier
    changes = _remembered(dossier, entry, patterns)
    if entry.actor.kind == "agent" and is_structural(entry.event):
        changes["changes"] = (*dossier.memory.changes, (entry.seq, entry.actor.id))[-_CHANGES:]
    return Dossier(view, dossier.memory.model_copy(update={"appended_at": entry.at, **changes}))


def is_structural(event: Event) -> bool:
    """Whether this moves or relates something: what two agents should not do to one dossier at once."""
    return isinstance(event, _STRUCTURAL) or (isinstance(event, StatusChanged) and event.merged_into is not None)


def _remembered(dossier: Dossier, entry: TimelineEntry, patterns: Patterns) -> dict[str, Any]:
    memory = dossier.memory
    match entry.event:
        case ConversationLinked() as event:
            linked_id = event.conversation.conversation_id
            began = memory.remains.get(linked_id, Thread())
            thread = memory.threads.get(linked_id, began).model_copy(update={"moved_from": event.moved_from})
            return {
                "remains": {key: value for key, value in memory.remains.items() if key != linked_id},
                "threads": {**memory.threads, linked_id: thread},
                "moved_to": {key: value for key, value in memory.moved_to.items() if key != linked_id},
                "parted": after_link(memory.parted, event, memory.threads.keys()),
            }
        case ConversationUnlinked() as event:
            return _without_conversation(memory, event)
        case ReplyUnlinked() as event:
            gone = {ids.outbound_id(event.reply_id, each) for each in event.conversation_ids}
            return {"sent": {key: value for key, value in memory.sent.items() if key not in gone}}
        case MessageLinked() as event:
            return _with_message(dossier, event, patterns)
        case ReplyRequested() as event:
            return {
                "replies": (*memory.replies, (entry.seq, entry.actor.id))[-_REPLIES:],
                "sent": _sent(memory, event, entry),
                "last_activity_at": max(memory.last_activity_at, entry.occurred_at),
            }
        case ReplyLinked() as event:
            return {
                "sent": _sent(memory, event.reply, entry),
                "deliveries": _bounded({**memory.deliveries, **event.states}, _DELIVERIES),
                "last_activity_at": max(memory.last_activity_at, entry.occurred_at),
            }
        case DeliveryUpdated() as event:
            return _with_delivery(memory, event)
        case StatusChanged() as event:
            before = dossier.view.status if event.merged_into else None
            return {
                "closed_at": None if event.status.is_live else entry.occurred_at,
                "status_before_merge": before,
            }
        case SuggestionMade(suggestion=made):
            known = {**memory.suggestions, made.suggestion_id: memory.suggestions.get(made.suggestion_id)}
            return {"suggestions": _bounded(known, _SUGGESTIONS)}
        case SuggestionResolved() as event:
            return {"suggestions": {**memory.suggestions, event.suggestion_id: event.accepted}}
        case CustomerReassigned() as event:
            return {"ordinal": event.ordinal}
        case _:
            return {}


def _with_message(dossier: Dossier, event: MessageLinked, patterns: Patterns) -> dict[str, Any]:
    memory, message = dossier.memory, event.message
    named = tuple(each.key for each in references_in(patterns, message.subject, message.text))
    changes: dict[str, Any] = {
        "last_activity_at": max(memory.last_activity_at, message.received_at),
        "references": tuple(dict.fromkeys((*memory.references, *named)))[-_REFERENCES:],
    }
    if message.direction == "inbound" and message.automatic is None and not memory.profile.is_full:
        changes["profile"] = memory.profile.with_message(words_of(message.subject, message.text))
    if message.conversation.conversation_id != event.conversation_id:
        aliases = {**memory.aliases, message.conversation.conversation_id: event.conversation_id}
        changes["aliases"] = _bounded(aliases, _ALIASES)
    thread = memory.threads.get(event.conversation_id)
    if thread is not None:
        changes["threads"] = {**memory.threads, event.conversation_id: _after(thread, event, dossier.customer_id)}
    return changes


def _after(thread: Thread, event: MessageLinked, owner: str) -> Thread:
    message = event.message
    changes: dict[str, Any] = {
        "provider_ids": (message.provider_message_id, *thread.provider_ids)[:_THREAD_IDS],
        "participants": _participants(thread, event),
        "subject": message.subject or thread.subject,
    }
    if message.direction == "inbound" and message.automatic is None:
        copies = tuple(each for each in message.participants if each.role in ("to", "cc"))
        if thread.customer_id is None or event.customer_id == owner:
            changes["customer_id"] = event.customer_id
        else:  # a person in copy: the answer goes to the customer all the same
            primary = message.sender.primary.identity
            copies = (Participant(identity=primary, role="to", display_name=message.sender.display_name), *copies)
        changes |= {"answers": message.provider_message_id, "copies": copies}
    return thread.model_copy(update=changes)


def _participants(thread: Thread, event: MessageLinked) -> tuple[str, ...]:
    """Whoever only pretends to be somebody copies nobody in, and a machine takes no part."""
    message = event.message
    if message.automatic is not None or not (event.assured or message.direction == "echo"):
        return thread.participants
    assured = [each.identity.key for each in message.sender.identities if each.assurance.at_least(Assurance.CHANNEL)]
    copied = [each.identity.key for each in message.participants]
    return tuple(dict.fromkeys((*thread.participants, *assured, *copied)))[-_PARTICIPANTS:]


def _with_delivery(memory: Memory, event: DeliveryUpdated) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "deliveries": _bounded({**memory.deliveries, event.outbound_id: event.state}, _DELIVERIES)
    }
    thread = memory.threads.get(event.conversation_id)
    sent = event.provider_message_id
    if thread is not None and sent is not None and sent not in thread.provider_ids:
        threaded = thread.model_copy(update={"provider_ids": (sent, *thread.provider_ids)[:_THREAD_IDS]})
        changes["threads"] = {**memory.threads, event.conversation_id: threaded}
    return changes


def _sent(memory: Memory, reply: ReplyRequested, entry: TimelineEntry) -> dict[str, Sent]:
    targets = {
        target.outbound_id: Sent(
            reply_id=reply.reply_id,
            conversation_id=target.conversation.conversation_id,
            seq=entry.seq,
            at=entry.occurred_at,
        )
        for target in reply.targets
    }
    return _bounded({**memory.sent, **targets}, _SENT)


def _without_conversation(memory: Memory, event: ConversationUnlinked) -> dict[str, Any]:
    gone, cut = event.conversation_id, cut_of(event)
    thread = memory.threads.get(gone)
    stays = cut is not None or not event.messages
    changes: dict[str, Any] = {
        "threads": {key: value for key, value in memory.threads.items() if key != gone},
        "moved_to": {**memory.moved_to, gone: event.moved_to},
        "parted": after_unlink(memory.parted, event),
    }
    if stays and thread is not None:
        changes["remains"] = _bounded({**memory.remains, gone: thread}, _REMAINS)
    if event.messages:
        # Replies go with their conversation; those in front of the cut stay, and what becomes of them.
        changes["sent"] = {
            key: value
            for key, value in memory.sent.items()
            if value.conversation_id != gone or (cut is not None and not cut.takes(value.seq, value.at))
        }
    return changes


def _bounded(values: dict[str, Any], limit: int) -> dict[str, Any]:
    """The newest of them: a dictionary remembers in which order its keys came."""
    return values if len(values) <= limit else dict(list(values.items())[-limit:])
