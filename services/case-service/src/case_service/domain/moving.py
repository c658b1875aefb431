"""Moving conversations, messages and whole dossiers between dossiers.

A move adds to all dossiers that it concerns at once. The destination gets what was said again, as entries that say
where they come from; the source keeps its history and says where it went.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from omnifil_contracts.dossier import (
    ConversationLinked,
    ConversationUnlinked,
    ConversationView,
    Event,
    MessageUnlinked,
    ReplyLinked,
    ReplyUnlinked,
    Status,
    StatusChanged,
    TimelineEntry,
)
from omnifil_contracts.identity import Actor, Because, Evidence
from omnifil_contracts.message import Conversation

from case_service.domain.decisions import Addition, Decision, Draft
from case_service.domain.dossier import Dossier
from case_service.domain.errors import ConversationNotFound, EntryNotFound, InvalidCommand
from case_service.domain.going import Going
from case_service.domain.opening import Opening
from case_service.domain.parting import carried_along
from case_service.domain.standing import Standing, StandingMessage, StandingReply, Taken, standing
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
class Leg:
    """What goes from one dossier to another. `history` is the source's whole timeline, as of `source.seq`.

    `there` are the replies that stand in the destination, also those that its memory has forgotten. `leaving` is added
    to the source ahead of the move, `arriving` to the destination.
    """

    source: Dossier
    history: Sequence[TimelineEntry]
    going: Going
    destination: Dossier | Opening
    there: Collection[str] = ()
    leaving: Sequence[Event] = ()
    arriving: Sequence[Event] = ()
    empties: bool = False
    """Close the source for being empty even if nothing went."""


class _Writing:
    """Numbers the effects of one move over all its dossiers."""

    def __init__(self, mover: Mover) -> None:
        self.mover = mover
        self.drafts: dict[str, list[Draft]] = {}
        self.arrived: set[tuple[str, str]] = set()
        """Dossiers and the replies that this move brings them: another leg may have more targets of the same."""
        self._count = 0

    def add(self, dossier_id: str, event: Event, *, like: TimelineEntry | None = None) -> None:
        """An event of the mover, or again what somebody said, with its author and time."""
        actor, at = (like.actor, like.occurred_at) if like else (self.mover.actor, self.mover.at)
        draft = Draft(event, actor, at, self.mover.effect(self._count))
        self.drafts.setdefault(dossier_id, []).append(draft)
        self._count += 1


def carry_over(legs: Sequence[Leg], mover: Mover, *, after: Sequence[Event] = ()) -> Decision:
    """All legs at once. `after` is added to the last destination, behind what came."""
    writing = _Writing(mover)
    readied: set[str] = set()
    for leg in legs:
        destination_id = _id_of(leg)
        for event in leg.leaving:
            writing.add(leg.source.id, event)
        if destination_id not in readied:
            readied.add(destination_id)
            for event in _readied(leg, mover):
                writing.add(destination_id, event)
        for event in leg.arriving:
            writing.add(destination_id, event)
        _carry(writing, leg, destination_id)
    for event in after:
        writing.add(_id_of(legs[-1]), event)
    return tuple(Addition(dossier_id, tuple(drafts)) for dossier_id, drafts in writing.drafts.items())


def move_conversations(
    source: Dossier,
    history: Sequence[TimelineEntry],
    conversation_ids: Sequence[str],
    destination: Dossier | Opening,
    mover: Mover,
    *,
    there: Collection[str] = (),
    before: Sequence[Event] = (),
    after: Sequence[Event] = (),
) -> Decision:
    """Whole conversations with all that was said in them. `history` is the source's whole timeline.

    `before` is added to the source ahead of the move, `after` to the destination behind it.
    """
    going = Going(dict.fromkeys(conversation_ids))
    return carry_over([Leg(source, history, going, destination, there, leaving=before)], mover, after=after)


def _carry(writing: _Writing, leg: Leg, destination_id: str) -> None:
    source, because = leg.source, writing.mover.because
    here, parts = standing(leg.history), leg.going.conversations
    moving = [_held(source, each) for each in parts]
    taken = here.take(parts)
    kept = [each for each in source.memory.threads if each not in parts]
    # Only what agents part stays parted, and only they put it together again.
    stays = tuple(kept) if because.rule == "agent" else ()
    joins = _joined(leg) if because.rule == "agent" else frozenset()
    for held in moving:
        conversation_id = held.conversation.conversation_id
        linked = ConversationLinked(
            conversation=held.conversation,
            because=because,
            moved_from=source.id,
            parted_from=carried_along(source, conversation_id, parted_now=stays, joins=joins),
        )
        writing.add(destination_id, linked)
    alone = _alone(here, leg.going)
    for each in sorted((*taken.said, *alone), key=lambda said: said.entry.seq):
        if (own := _own(leg, each)) is not None:
            there = carried_along(source, own.conversation_id, parted_now=(*stays, *parts), joins=joins)
            linked = ConversationLinked(conversation=own, because=because, moved_from=source.id, parted_from=there)
            writing.add(destination_id, linked)
        if isinstance(each, StandingMessage):
            writing.add(destination_id, _message_again(leg, each, because), like=each.entry)
        else:
            arrives = (destination_id, each.reply.reply_id)
            linked_again = _reply_again(leg, each, here, joins=arrives in writing.arrived)
            writing.add(destination_id, linked_again, like=each.entry)
            writing.arrived.add(arrives)
    for held in moving:
        writing.add(source.id, _unlinked(leg, held, destination_id, taken, here, stays, because))
    for each in alone:
        writing.add(source.id, _unlinked_alone(each, destination_id, here, because))
        if (own := _own(leg, each)) is not None:
            left = ConversationUnlinked(
                conversation_id=own.conversation_id, moved_to=destination_id, because=because, parted_from=stays
            )
            writing.add(source.id, left)
    if (leg.going or leg.empties) and not kept and not here.count:
        evidence = (Evidence(code="nothing-left"), *because.evidence)
        told = because.model_copy(update={"evidence": evidence})
        writing.add(source.id, StatusChanged(status=Status.CLOSED, because=told, merged_into=destination_id))


def _joined(leg: Leg) -> frozenset[str]:
    there = leg.destination.memory.threads if isinstance(leg.destination, Dossier) else {}
    return frozenset(leg.going.conversations) | frozenset(there)


def _own(leg: Leg, each: StandingMessage | StandingReply) -> Conversation | None:
    return leg.going.freed.get(each.event.message.message_id) if isinstance(each, StandingMessage) else None


def _alone(here: Standing, going: Going) -> list[StandingMessage | StandingReply]:
    """What goes without its conversation; removed from what stands."""
    found: list[StandingMessage | StandingReply] = []
    for message_id in going.messages:
        message = here.messages.pop(message_id, None)
        if message is None:
            raise EntryNotFound(f"message {message_id}")
        found.append(message)
    for reply_id, conversation_ids in going.replies:
        reply = here.take_reply(reply_id, conversation_ids)
        if reply is not None:
            found.append(reply)
    return found


def _held(source: Dossier, conversation_id: str) -> ConversationView:
    held = conversation_of(source.view, conversation_id)
    if held is None:
        raise ConversationNotFound(conversation_id)
    return held


def _id_of(leg: Leg) -> str:
    destination_id = leg.destination.id if isinstance(leg.destination, Dossier) else leg.destination.dossier_id
    if destination_id == leg.source.id:
        raise InvalidCommand("It is in this dossier already.")
    return destination_id


def _readied(leg: Leg, mover: Mover) -> list[Event]:
    """A new dossier opens. One that was closed because everything had left it is again what it was; one that was
    closed otherwise opens again when something live comes, or nobody would see that somebody waits there."""
    destination = leg.destination
    if isinstance(destination, Opening):
        return [destination.event]
    waits = leg.source.is_live and leg.source.view.unanswered_since is not None
    if destination.view.merged_into is not None:
        status = destination.memory.status_before_merge or Status.OPEN
    elif not destination.is_live and waits:
        status = Status.REOPENED
    else:
        return []
    return [StatusChanged(status=status, because=mover.because)]


def _message_again(leg: Leg, each: StandingMessage, because: Because) -> Event:
    moved: dict[str, object] = {"moved_from": leg.source.id, "because": because}
    if (own := _own(leg, each)) is not None:
        moved["conversation_id"] = own.conversation_id
    return each.event.model_copy(update=moved)


def _reply_again(leg: Leg, each: StandingReply, here: Standing, *, joins: bool) -> Event:
    states = here.states
    return ReplyLinked(
        reply=each.reply,
        agent=each.agent,
        states={one.outbound_id: states[one.outbound_id] for one in each.reply.targets if one.outbound_id in states},
        moved_from=leg.source.id,
        joins=joins or each.reply.reply_id in leg.there,
    )


def _unlinked(
    leg: Leg,
    held: ConversationView,
    destination_id: str,
    taken: Taken,
    left: Standing,
    stays: tuple[str, ...],
    because: Because,
) -> ConversationUnlinked:
    conversation_id = held.conversation.conversation_id
    cut = leg.going.conversations[conversation_id]
    itself = (conversation_id,) if because.rule == "agent" and left.is_left_of(conversation_id) else ()
    return ConversationUnlinked(
        conversation_id=conversation_id,
        moved_to=destination_id,
        messages=taken.counts[conversation_id],
        because=because,
        since_seq=cut.seq if cut else None,
        since_at=cut.at if cut else None,
        since_message_id=cut.message_id if cut else None,
        parted_from=(*stays, *itself),
    )


def _unlinked_alone(
    each: StandingMessage | StandingReply, destination_id: str, left: Standing, because: Because
) -> MessageUnlinked | ReplyUnlinked:
    if isinstance(each, StandingMessage):
        return MessageUnlinked(
            message_id=each.event.message.message_id,
            conversation_id=each.event.conversation_id,
            moved_to=destination_id,
            because=because,
        )
    return ReplyUnlinked(
        reply_id=each.reply.reply_id,
        conversation_ids=tuple(dict.fromkeys(one.conversation.conversation_id for one in each.reply.targets)),
        moved_to=destination_id,
        stays=each.reply.reply_id in left.replies,
        because=because,
    )
