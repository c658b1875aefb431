"""What is appended where, once it is decided which dossier a message belongs to: in which conversation, with what."""

from collections.abc import Iterator
from dataclasses import dataclass

from omnifil_contracts import ids
from omnifil_contracts.dossier import (
    ConversationLinked,
    ConversationUnlinked,
    DossierOpened,
    Event,
    MessageLinked,
    Status,
    StatusChanged,
)
from omnifil_contracts.identity import SYSTEM, Actor, Because, Evidence
from omnifil_contracts.message import Conversation, IdentifiedMessage, InboundMessage

from case_service.domain.casebook import Casebook
from case_service.domain.decisions import Addition, Decision, Draft
from case_service.domain.dossier import Dossier
from case_service.domain.parting import carried_along, parted, parted_evidence
from case_service.domain.rules import Verdict, by_same_customer
from case_service.domain.sighting import Sighting
from case_service.domain.subjects import subject_of
from case_service.domain.suggesting import suggestions
from case_service.domain.view import conversation_of

_BRANCHES = 4


def own_conversations(message: InboundMessage) -> Iterator[Conversation]:
    """The message's conversation, and what it is called where others hold that id: a branch for this sender alone.

    A stranger who writes into somebody's thread gets a conversation that can be answered, but not the thread.
    """
    own, sender = message.conversation, message.sender.primary.identity.key
    yield own
    for number in range(_BRANCHES):
        branch = ids.conversation_id(own.channel, own.account, f"{own.key}\n{sender}\n{number}")
        yield own.model_copy(update={"conversation_id": branch})


@dataclass(frozen=True)
class _Place:
    """The conversation that a message goes into: a new one, or one that is taken along from a closed dossier."""

    conversation: Conversation
    taken_from: Dossier | None = None

    @property
    def claims(self) -> tuple[str, ...]:
        return () if self.taken_from is not None else (self.conversation.conversation_id,)


def _place_of(casebook: Casebook, sighting: Sighting, target: Dossier | None) -> _Place:
    """Of a conversation that goes on for ever what is closed is taken along; beside what is live it gets a branch."""
    for talk in sorted(sighting.talks, key=lambda each: each.conversation_id != _own_id(sighting)):
        held = conversation_of(talk.dossier.view, talk.conversation_id)
        if talk.dossier.is_live or talk.dossier is target or held is None:
            continue
        if target is None or not parted(target, talk.conversation_id):
            return _Place(held.conversation, talk.dossier)
    return _Place(_unclaimed_conversation(casebook, sighting.identified.message))


def _own_id(sighting: Sighting) -> str:
    return sighting.identified.message.conversation.conversation_id


def _unclaimed_conversation(casebook: Casebook, message: InboundMessage) -> Conversation:
    for own in own_conversations(message):
        if not casebook.is_claimed(own.conversation_id):
            return own
    own = message.conversation
    alone = ids.conversation_id(own.channel, own.account, f"{own.key}\n{message.message_id}")
    return own.model_copy(update={"conversation_id": alone})


def in_dossier(casebook: Casebook, sighting: Sighting, verdict: Verdict, dossier: Dossier) -> Decision:
    """Linked to a dossier that is there: into its conversation, or with a new one of its own."""
    identified, because = sighting.identified, verdict.because
    drafts: list[Draft] = []
    claims: list[str] = []
    left: tuple[Addition, ...] = ()
    if verdict.conversation_id is None:
        place = _place_of(casebook, sighting, dossier)
        drafts.append(_conversation_linked(identified, place, because))
        claims += place.claims
        left = _left(identified, place, dossier.id, because)
        conversation_id = place.conversation.conversation_id
    else:
        conversation_id = verdict.conversation_id
        alias = identified.message.conversation.conversation_id
        if not casebook.is_claimed(alias):
            claims.append(alias)
    drafts.append(_message_linked(identified, conversation_id, because))
    drafts += _status_after(identified, dossier)
    drafts += suggestions(casebook, sighting, dossier.id, conversation_id, dossier)
    return (Addition(dossier.id, tuple(drafts), tuple(claims)), *left)


def in_new_dossier(casebook: Casebook, sighting: Sighting, verdict: Verdict) -> Decision:
    identified, because = sighting.identified, verdict.because
    place = _place_of(casebook, sighting, None)
    conversation_id = place.conversation.conversation_id
    follows = verdict.follows.id if verdict.follows is not None else None
    dossier_id, opened = _opened(casebook, identified, because, follows=follows)
    drafts = [
        opened,
        _conversation_linked(identified, place, because),
        _message_linked(identified, conversation_id, because),
    ]
    if identified.message.automatic is not None:
        # Kept, but nobody has to answer a machine.
        event = StatusChanged(status=Status.CLOSED, because=because)
        drafts.append(_draft(identified, event, SYSTEM, "status"))
    drafts += suggestions(casebook, sighting, dossier_id, conversation_id, None)
    return (Addition(dossier_id, tuple(drafts), place.claims), *_left(identified, place, dossier_id, because))


def beside_it(verdict: Verdict, closed: Dossier, sighting: Sighting) -> Verdict:
    """A person in copy comes back to what has long been closed: that opens something of their own, and takes the
    customer's conversation nowhere."""
    return Verdict(Because(rule="new", evidence=(*verdict.because.evidence, _closed_too_long(closed, sighting))))


def _closed_too_long(closed: Dossier, sighting: Sighting) -> Evidence:
    days = (sighting.at - (closed.memory.closed_at or closed.memory.last_activity_at)).days
    return Evidence(code="closed-too-long", values={"days": str(days), "limit": str(sighting.window.reopens.days)})


def in_follow_up(casebook: Casebook, sighting: Sighting, verdict: Verdict, closed: Dossier) -> Decision:
    """The dossier has been closed for too long: the conversation goes on in the customer's live one, or in a new one.

    What was said stays where it is.
    """
    identified = sighting.identified
    too_long = _closed_too_long(closed, sighting)
    drafts: list[Draft] = []
    other = by_same_customer(sighting) if "customer" in sighting.window.rules else None
    if other is not None and other.dossier is not None and _takes_on(other.dossier, verdict):
        dossier, dossier_id = other.dossier, other.dossier.id
        because = other.because.model_copy(update={"evidence": (*other.because.evidence, too_long)})
        after = list(_status_after(identified, dossier))
    else:
        told = (*verdict.because.evidence, too_long)
        if other is not None and other.dossier is not None and parted(other.dossier, verdict.conversation_id or ""):
            told = (*told, parted_evidence(other.dossier))
        because = Because(rule="follow-up", evidence=told)
        dossier, after = None, []
        dossier_id, opened = _opened(casebook, identified, because, follows=closed.id)
        drafts.append(opened)
    held = conversation_of(closed.view, verdict.conversation_id or "")
    assert held is not None  # noqa: S101 only token and thread lead to a dossier closed that long, by a conversation of it
    place = _Place(held.conversation, closed)
    conversation_id = held.conversation.conversation_id
    drafts += [
        _conversation_linked(identified, place, because),
        _message_linked(identified, conversation_id, because),
        *after,
        *suggestions(casebook, sighting, dossier_id, conversation_id, dossier),
    ]
    return (Addition(dossier_id, tuple(drafts)), *_left(identified, place, dossier_id, because))


def _takes_on(dossier: Dossier, verdict: Verdict) -> bool:
    """Whether the conversation may go on in this dossier."""
    return dossier.is_live and verdict.conversation_id is not None and not parted(dossier, verdict.conversation_id)


def _opened(
    casebook: Casebook, identified: IdentifiedMessage, because: Because, follows: str | None
) -> tuple[str, Draft]:
    ordinal = casebook.next_ordinal(identified.customer_id)
    dossier_id = ids.dossier_id(identified.customer_id, ordinal)
    event = DossierOpened(
        customer_id=identified.customer_id,
        customer_name=identified.customer_name,
        ordinal=ordinal,
        number=ids.dossier_number(dossier_id),
        subject=subject_of(identified.message),
        because=because,
        follows=follows,
    )
    return dossier_id, _draft(identified, event, SYSTEM, "opened")


def _conversation_linked(identified: IdentifiedMessage, place: _Place, because: Because) -> Draft:
    closed, conversation = place.taken_from, place.conversation
    linked = ConversationLinked(conversation=conversation, because=because)
    if closed is not None:
        parted_from = carried_along(closed, conversation.conversation_id)
        linked = linked.model_copy(update={"moved_from": closed.id, "parted_from": parted_from})
    return _draft(identified, linked, SYSTEM, "conversation")


def _left(identified: IdentifiedMessage, place: _Place, went_to: str, because: Because) -> tuple[Addition, ...]:
    """What the closed dossier tells that the conversation was taken from. What was said stays there."""
    if place.taken_from is None:
        return ()
    event = ConversationUnlinked(
        conversation_id=place.conversation.conversation_id, moved_to=went_to, messages=0, because=because
    )
    return (Addition(place.taken_from.id, (_draft(identified, event, SYSTEM, "unlinked"),)),)


def _message_linked(identified: IdentifiedMessage, conversation_id: str, because: Because) -> Draft:
    message = identified.message
    event = MessageLinked(
        message=message,
        conversation_id=conversation_id,
        customer_id=identified.customer_id,
        assured=identified.assured,
        because=because,
    )
    author = Actor(kind="customer", id=identified.customer_id, name=identified.customer_name)
    if message.direction == "echo":
        author = Actor(kind="integration", id=f"{message.channel}/{message.account}")
    return Draft(event, author, message.received_at, f"msg:{message.message_id}")


def _status_after(identified: IdentifiedMessage, dossier: Dossier) -> Iterator[Draft]:
    """A person's word reopens what was closed and ends the waiting; a machine's or our own does neither."""
    message, status = identified.message, dossier.view.status
    if message.automatic is not None or message.direction == "echo":
        return
    came_back = Because(rule="customer-wrote", evidence=(Evidence(code="customer-wrote"),))
    if status is Status.CLOSED:
        yield _draft(identified, StatusChanged(status=Status.REOPENED, because=came_back), SYSTEM, "status")
    elif status is Status.WAITING:
        yield _draft(identified, StatusChanged(status=Status.OPEN, because=came_back), SYSTEM, "status")


def _draft(identified: IdentifiedMessage, event: Event, actor: Actor, effect: str) -> Draft:
    message = identified.message
    return Draft(event, actor, message.received_at, f"msg:{message.message_id}:{effect}")
