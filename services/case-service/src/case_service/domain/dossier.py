"""The state of a dossier: the view that agents see, and what else deciding needs to remember. Bounded; no bodies."""

from dataclasses import dataclass
from typing import Any

from omnifil_contracts.dossier import (
    ConversationLinked,
    ConversationUnlinked,
    CustomerReassigned,
    DeliveryState,
    DeliveryUpdated,
    DossierOpened,
    DossierView,
    MessageLinked,
    ReplyLinked,
    ReplyRequested,
    Status,
    StatusChanged,
    SuggestionMade,
    SuggestionResolved,
    TimelineEntry,
)
from omnifil_contracts.identity import Assurance
from omnifil_contracts.message import InboundMessage, Participant
from omnifil_contracts.record import Instant, Value
from pydantic import Field

from case_service.domain.references import DEFAULT_PATTERNS, Patterns, references_in
from case_service.domain.view import project

_PARTICIPANTS, _THREAD_IDS, _REPLIES, _DELIVERIES, _SUGGESTIONS, _REFERENCES, _ALIASES = 100, 20, 20, 300, 300, 50, 300


class Thread(Value):
    """What answering in a conversation, and recognising who takes part in it, needs."""

    customer_id: str | None = None
    """Who wrote in it last, as identified."""
    participants: tuple[str, ...] = ()
    """Identity keys of assured senders and of people in copy."""
    subject: str | None = None
    answers: str | None = None
    """Provider id of the customer's last message."""
    provider_ids: tuple[str, ...] = ()
    """Newest first, our own sent ones among them."""
    copies: tuple[Participant, ...] = ()
    moved_from: str | None = None
    """The dossier that it came from with its last move."""


class Memory(Value):
    """What the view does not show and a decision needs."""

    ordinal: int
    threads: dict[str, Thread] = Field(default_factory=dict)
    aliases: dict[str, str] = Field(default_factory=dict)
    """Other conversation ids that messages came under → the conversation that they were found to be part of."""
    moved_to: dict[str, str] = Field(default_factory=dict)
    """Conversations that left → the dossier they went to."""
    replies: tuple[tuple[int, str], ...] = ()
    """`seq` and agent of the last replies."""
    sent: dict[str, str] = Field(default_factory=dict)
    """The replies of this dossier: outbound id → conversation."""
    deliveries: dict[str, DeliveryState] = Field(default_factory=dict)
    """Last state by outbound id."""
    suggestions: dict[str, bool | None] = Field(default_factory=dict)
    """Every suggestion made: accepted, refused, or null while nobody decided."""
    references: tuple[str, ...] = ()
    last_activity_at: Instant
    closed_at: Instant | None = None
    status_before_merge: Status | None = None
    appended_at: Instant
    """`at` of the newest entry."""


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
    return Dossier(view, dossier.memory.model_copy(update={"appended_at": entry.at, **changes}))


def _remembered(dossier: Dossier, entry: TimelineEntry, patterns: Patterns) -> dict[str, Any]:
    memory = dossier.memory
    match entry.event:
        case ConversationLinked() as event:
            linked_id = event.conversation.conversation_id
            thread = memory.threads.get(linked_id, Thread()).model_copy(update={"moved_from": event.moved_from})
            return {
                "threads": {**memory.threads, linked_id: thread},
                "moved_to": {key: value for key, value in memory.moved_to.items() if key != linked_id},
            }
        case ConversationUnlinked() as event:
            return {
                "threads": {key: value for key, value in memory.threads.items() if key != event.conversation_id},
                "moved_to": {**memory.moved_to, event.conversation_id: event.moved_to},
                # A conversation that goes on elsewhere leaves its replies here, and what becomes of them.
                "sent": {
                    key: value
                    for key, value in memory.sent.items()
                    if not event.messages or value != event.conversation_id
                },
            }
        case MessageLinked() as event:
            return _with_message(memory, event, patterns)
        case ReplyRequested() as event:
            return {
                "replies": (*memory.replies, (entry.seq, entry.actor.id))[-_REPLIES:],
                "sent": _sent(memory, event),
                "last_activity_at": max(memory.last_activity_at, entry.occurred_at),
            }
        case ReplyLinked() as event:
            return {
                "sent": _sent(memory, event.reply),
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


def _with_message(memory: Memory, event: MessageLinked, patterns: Patterns) -> dict[str, Any]:
    message = event.message
    named = tuple(each.key for each in references_in(patterns, message.subject, message.text))
    changes: dict[str, Any] = {
        "last_activity_at": max(memory.last_activity_at, message.received_at),
        "references": tuple(dict.fromkeys((*memory.references, *named)))[-_REFERENCES:],
    }
    if message.conversation.conversation_id != event.conversation_id:
        aliases = {**memory.aliases, message.conversation.conversation_id: event.conversation_id}
        changes["aliases"] = _bounded(aliases, _ALIASES)
    thread = memory.threads.get(event.conversation_id)
    if thread is not None:
        changes["threads"] = {**memory.threads, event.conversation_id: _after(thread, event)}
    return changes


def _after(thread: Thread, event: MessageLinked) -> Thread:
    message = event.message
    changes: dict[str, Any] = {
        "provider_ids": (message.provider_message_id, *thread.provider_ids)[:_THREAD_IDS],
        "participants": _participants(thread, message),
        "subject": message.subject or thread.subject,
    }
    if message.direction == "inbound" and message.automatic is None:
        changes |= {
            "customer_id": event.customer_id,
            "answers": message.provider_message_id,
            "copies": tuple(each for each in message.participants if each.role in ("to", "cc")),
        }
    return thread.model_copy(update=changes)


def _participants(thread: Thread, message: InboundMessage) -> tuple[str, ...]:
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


def _sent(memory: Memory, reply: ReplyRequested) -> dict[str, str]:
    targets = {target.outbound_id: target.conversation.conversation_id for target in reply.targets}
    return _bounded({**memory.sent, **targets}, _DELIVERIES)


def _still_sent(memory: Memory, event: ConversationUnlinked) -> dict[str, str]:
    if not event.messages:
        return memory.sent
    return {key: value for key, value in memory.sent.items() if value != event.conversation_id}


def _bounded(values: dict[str, Any], limit: int) -> dict[str, Any]:
    """The newest of them: a dictionary remembers in which order its keys came."""
    return values if len(values) <= limit else dict(list(values.items())[-limit:])
