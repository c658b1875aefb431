"""What of a dossier is about a person: what an export shows, and what an erasure empties."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from omnifil_contracts.dossier import (
    ConversationLinked,
    ConversationUnlinked,
    CustomerErased,
    CustomerReassigned,
    DeliveryUpdated,
    DossierOpened,
    DossierView,
    Event,
    MessageLinked,
    MessageUnlinked,
    ReplyLinked,
    ReplyRequested,
    SuggestionMade,
    TimelineEntry,
)
from omnifil_contracts.erasure import ERASED, emptied
from omnifil_contracts.identity import Actor, AssuredIdentity, Evidence, Identity
from omnifil_contracts.message import Attachment, Participant
from omnifil_contracts.record import Value

V = TypeVar("V", bound=Value)
_TELLING_CHARS = 6


@dataclass(frozen=True)
class Sought:
    """A person: their customer ids, and the keys of their handles."""

    customer_ids: frozenset[str]
    identities: frozenset[str] = frozenset()

    @property
    def handles(self) -> tuple[str, ...]:
        return tuple(key.partition(":")[2] for key in self.identities)


@dataclass
class Cleared:
    """A dossier without the person. `entries` holds those that change, by `seq`; the rest names what of them is kept
    elsewhere, too."""

    event: CustomerErased
    entries: dict[int, TimelineEntry] = field(default_factory=dict)
    conversations: set[str] = field(default_factory=set)
    outbound: set[str] = field(default_factory=set)
    messages: set[str] = field(default_factory=set)
    blobs: set[str] = field(default_factory=set)
    moved_to: set[str] = field(default_factory=set)


def of_person(view: DossierView, history: Sequence[TimelineEntry], sought: Sought) -> list[TimelineEntry]:
    """The entries that are about the person; what others wrote in the same dossier is not among them, nor who else
    somebody may be."""
    about = _About(view, history, sought)
    return [
        entry.model_copy(update={"event": _without_candidate(entry.event)})
        for entry in history
        if about.is_theirs(entry.event)
    ]


def view_of_person(view: DossierView, history: Sequence[TimelineEntry], sought: Sought) -> DossierView:
    """The dossier as the person may see it: theirs with its name and subject, and of its conversations only theirs."""
    about = _About(view, history, sought)
    theirs = about.dossier_is_theirs
    return view.model_copy(
        update={
            "customer_name": view.customer_name if theirs else None,
            "subject": view.subject if theirs else None,
            "conversations": tuple(
                each for each in view.conversations if each.conversation.conversation_id in about.alone
            ),
            "suggestions": (),
            "last_message": None,
        }
    )


def clear(view: DossierView, history: Sequence[TimelineEntry], sought: Sought) -> Cleared:
    """The dossier without the person; `view` is the fold of `history`."""
    about = _About(view, history, sought)
    theirs = [entry.event for entry in history if about.is_theirs(entry.event)]
    cleared = Cleared(about.erased(theirs))
    for entry in history:
        left = _entry_left(entry, about)
        if left != entry:
            cleared.entries[entry.seq] = left
        if moved_to := getattr(entry.event, "moved_to", None):
            cleared.moved_to.add(moved_to)
    for event in theirs:
        _note(cleared, event)
    cleared.conversations = set(about.alone)
    return cleared


class _About:
    """Who wrote where in this dossier, and what therefore is the person's."""

    def __init__(self, view: DossierView, history: Sequence[TimelineEntry], sought: Sought) -> None:
        self.sought = sought
        self.view = view
        self.dossier_is_theirs = view.customer_id in sought.customer_ids
        writers: dict[str, set[str]] = {}
        for event in (entry.event for entry in history):
            if isinstance(event, ConversationLinked):
                writers.setdefault(event.conversation.conversation_id, set())
            elif isinstance(event, MessageLinked) and event.message.direction == "inbound":
                writers.setdefault(event.conversation_id, set()).add(self._writer(event))
        self.alone = frozenset(
            each for each, who in writers.items() if (who <= sought.customer_ids if who else self.dossier_is_theirs)
        )
        opened = history[0].event if history else None
        self._opened = isinstance(opened, DossierOpened) and opened.customer_id in sought.customer_ids

    def _writer(self, event: MessageLinked) -> str:
        """By the handle, too: what they wrote before the handle was linked came under another customer's id."""
        theirs = event.message.sender.primary.identity.key in self.sought.identities
        return next(iter(self.sought.customer_ids)) if theirs else event.customer_id

    def is_theirs(self, event: Event) -> bool:
        ids = self.sought.customer_ids
        match event:
            case MessageLinked():
                if event.message.direction == "inbound":
                    return self._writer(event) in ids
                return event.conversation_id in self.alone
            case ReplyRequested():
                return self._went_to_them_alone(event)
            case ReplyLinked(reply=reply):
                return self._went_to_them_alone(reply)
            case ConversationLinked(conversation=conversation):
                return conversation.conversation_id in self.alone
            case ConversationUnlinked() | MessageUnlinked() | DeliveryUpdated():
                return event.conversation_id in self.alone
            case DossierOpened():
                return event.customer_id in ids
            case CustomerReassigned():
                return bool(ids & {event.customer_id, event.previous_customer_id})
            case SuggestionMade(suggestion=made):
                handle = made.identity.key if made.identity is not None else ""
                theirs = made.customer_id in ids or handle in self.sought.identities
                return theirs or made.conversation_id in self.alone
            case CustomerErased():
                return False
            case _:
                return self.dossier_is_theirs

    def _went_to_them_alone(self, reply: ReplyRequested) -> bool:
        return all(target.conversation.conversation_id in self.alone for target in reply.targets)

    def erased(self, theirs: Iterable[Event]) -> CustomerErased:
        """The entry that says so."""
        view, alone = self.view, self.alone
        said = {name for event in theirs for name in _said(event)}
        shown = {each.conversation.conversation_id: each.identity for each in view.conversations}
        return CustomerErased(
            customer_ids=tuple(sorted(self.sought.customer_ids)),
            is_theirs=self.dossier_is_theirs,
            subject=self.dossier_is_theirs or self._opened,
            conversation_ids=tuple(each for each in shown if each in alone),
            handles_in=tuple(
                each
                for each, handle in shown.items()
                if each not in alone and handle is not None and self._is_handle(handle)
            ),
            last_message=view.last_message is not None and view.last_message.message_id in said,
        )

    def _is_handle(self, handle: Identity) -> bool:
        return handle.key in self.sought.identities or handle.value == ERASED


def _entry_left(entry: TimelineEntry, about: _About) -> TimelineEntry:
    event = entry.event
    left: Any = emptied(event) if about.is_theirs(event) else _unmentioned(event, about.sought)
    if about.dossier_is_theirs and isinstance(left, DossierOpened):
        left = left.model_copy(update={"subject": None})
    if isinstance(event, CustomerReassigned) and event.customer_id not in about.sought.customer_ids:
        left = left.model_copy(update={"customer_name": event.customer_name})
    actor = entry.actor
    if actor.kind == "customer" and actor.id in about.sought.customer_ids:
        actor = emptied(actor)
    return entry.model_copy(update={"event": left, "actor": actor})


def _unmentioned(value: V, sought: Sought) -> V:
    """Somebody else's entry without the person's handles: in copy, as a recipient, in what a decision rests on."""
    changes: dict[str, Any] = {}
    for name in type(value).model_fields:
        held = getattr(value, name)
        if isinstance(held, tuple) and held and isinstance(held[0], Value):
            changes[name] = tuple(_each_unmentioned(held, sought))
        elif isinstance(held, Value) and not isinstance(held, Actor | Attachment):
            changes[name] = _unmentioned(held, sought)
    if isinstance(value, Identity) and value.key in sought.identities:
        changes["value"] = ERASED
    if isinstance(value, Evidence) and _mentions(value.values, sought):
        changes["values"] = {}
    changes = {name: after for name, after in changes.items() if after != getattr(value, name)}
    return value.model_copy(update=changes) if changes else value


def _each_unmentioned(held: Iterable[Any], sought: Sought) -> Iterator[Any]:
    for each in held:
        if isinstance(each, Participant) and each.identity.key in sought.identities:
            continue
        if isinstance(each, AssuredIdentity) and each.identity.key in sought.identities:
            continue
        yield _unmentioned(each, sought) if isinstance(each, Value) else each


def _mentions(values: Mapping[str, str], sought: Sought) -> bool:
    # A short handle stands by chance in other people's numbers.
    return any(
        handle == said or (len(handle) >= _TELLING_CHARS and handle in said)
        for said in values.values()
        for handle in sought.handles
    )


def _without_candidate(event: Event) -> Event:
    """A suggestion tells of two, of whom one is somebody else."""
    if not isinstance(event, SuggestionMade):
        return event
    bare = emptied(event.suggestion)
    return event.model_copy(
        update={"suggestion": bare.model_copy(update={"identity": None, "customer_id": None, "dossier_id": None})}
    )


def _said(event: Event) -> Iterator[str]:
    """By which ids a view may show this as its last message."""
    if isinstance(event, MessageLinked):
        yield event.message.message_id
    elif isinstance(event, ReplyRequested):
        yield event.reply_id
    elif isinstance(event, ReplyLinked):
        yield event.reply.reply_id


def _note(cleared: Cleared, event: Event) -> None:
    """What of this is kept elsewhere, too: in the blob store, by the channels."""
    if isinstance(event, MessageLinked):
        cleared.messages.add(event.message.message_id)
        files = (*event.message.attachments, event.message.raw)
        cleared.blobs |= {each.sha256 for each in files if each is not None}
    elif isinstance(event, ReplyRequested | ReplyLinked):
        reply = event.reply if isinstance(event, ReplyLinked) else event
        cleared.outbound |= {target.outbound_id for target in reply.targets}
        cleared.blobs |= {each.sha256 for each in reply.attachments}
