"""What agents correct: where conversations and messages belong, and which dossiers have to do with each other."""

from collections.abc import Sequence
from dataclasses import replace

from omnifil_contracts.commands import (
    MergeDossier,
    MoveConversation,
    MoveMessage,
    RelateDossier,
    SplitConversation,
    Undo,
    UnrelateDossier,
)
from omnifil_contracts.dossier import DossierMerged, Event, TimelineEntry
from omnifil_contracts.identity import Actor, Because
from omnifil_contracts.message import Conversation

from case_service.domain.casebook import Casebook
from case_service.domain.commanding import Order
from case_service.domain.cuts import Cut
from case_service.domain.dossier import Dossier
from case_service.domain.errors import ConversationNotFound, DossierChanged, EntryNotFound, InvalidCommand
from case_service.domain.going import Going, everything, freed_by, going_with_message
from case_service.domain.moving import Leg
from case_service.domain.opening import Opening, opening_for, opening_for_message
from case_service.domain.policy import Policy
from case_service.domain.standing import StandingMessage
from case_service.domain.undoing import Relation
from case_service.handlers.histories import Histories
from case_service.handlers.outcomes import Opener, Outcome, moved, present, unchanged
from case_service.handlers.relating import relate
from case_service.handlers.undoing import Undoing
from case_service.ports import Timeline

Correction = MoveConversation | MoveMessage | SplitConversation | MergeDossier | RelateDossier | UnrelateDossier | Undo
Move = MoveConversation | MoveMessage | SplitConversation


class Corrections:
    """Decides; whoever asks writes it, or only looks at it."""

    def __init__(self, timeline: Timeline, policy: Policy) -> None:
        self._timeline = timeline
        self._opener = Opener(timeline, policy)

    async def refuse_changed(self, dossier: Dossier, seen_seq: int | None, agent: Actor) -> None:
        """Raises `DossierChanged` if another agent has moved or related something since."""
        if seen_seq is None:
            return
        seqs = [seq for seq, by in dossier.memory.changes if seq > seen_seq and by != agent.id]
        if seqs:
            raise DossierChanged(await self._entries(dossier, seqs), dossier.view.merged_into)

    async def decide(self, dossier: Dossier, command: Correction, order: Order) -> Outcome:
        """Raises `CommandRefused` with its reason, and `Overtaken`."""
        histories = Histories(self._timeline)
        match command:
            case MoveConversation():
                return await self._move_conversation(dossier, command, order, histories)
            case SplitConversation():
                return await self._split(dossier, command, order, histories)
            case MoveMessage():
                return await self._move_message(dossier, command, order, histories)
            case MergeDossier():
                return await self._merge(dossier, command, order, histories)
            case RelateDossier(dossier_id=other):
                return await relate(self._opener, dossier, Relation(other, True), order, order.because)
            case UnrelateDossier(dossier_id=other):
                return await relate(self._opener, dossier, Relation(other, False), order, order.because)
            case Undo():
                return await Undoing(self._opener, histories).undo(dossier, command, order)

    async def join(
        self, dossier: Dossier, conversation_id: str, into: str, order: Order, because: Because, before: Sequence[Event]
    ) -> Outcome:
        """An accepted suggestion: the conversation goes to that dossier, or the one that has got everything of it."""
        into = await self._merged_into(into)
        casebook = await self._opener.open([dossier.id, into])
        source, destination = unchanged(casebook, dossier), present(casebook, into)
        histories = Histories(self._timeline)
        leg = Leg(source, await histories.of(source), Going({conversation_id: None}), destination, leaving=before)
        return await moved(casebook, [leg], order, histories, because)

    async def _move_conversation(
        self, dossier: Dossier, command: MoveConversation, order: Order, histories: Histories
    ) -> Outcome:
        conversation_id = command.conversation_id
        thread = dossier.memory.threads.get(conversation_id)
        if thread is None:
            raise ConversationNotFound(conversation_id)
        casebook = await self._open_for(dossier, command, thread.customer_id)
        source = unchanged(casebook, dossier)
        destination = _destination(casebook, command) or opening_for(
            casebook, source, conversation_id, order.because, customer_id=command.to_customer_id
        )
        leg = Leg(source, await histories.of(source), Going({conversation_id: None}), destination)
        return await moved(casebook, [leg], order, histories)

    async def _split(self, dossier: Dossier, command: SplitConversation, order: Order, histories: Histories) -> Outcome:
        if not dossier.has_conversation(command.conversation_id):
            raise ConversationNotFound(command.conversation_id)
        first = await _message(dossier, command.from_message_id, histories)
        if first.event.conversation_id != command.conversation_id:
            raise InvalidCommand("This message is not one of that conversation.")
        casebook = await self._open_for(dossier, command, first.event.customer_id)
        source = unchanged(casebook, dossier)
        destination = _destination(casebook, command) or opening_for_message(
            casebook, source, first, order.because, customer_id=command.to_customer_id
        )
        cut = Cut(first.entry.seq, first.entry.occurred_at, command.from_message_id)
        leg = Leg(source, await histories.of(source), Going({command.conversation_id: cut}), destination)
        return await moved(casebook, [leg], order, histories)

    async def _move_message(
        self, dossier: Dossier, command: MoveMessage, order: Order, histories: Histories
    ) -> Outcome:
        message = await _message(dossier, command.message_id, histories)
        own = freed_by(await histories.standing(dossier), message)
        casebook = await self._open_for(dossier, command, message.event.customer_id, own)
        source = unchanged(casebook, dossier)
        destination = _destination(casebook, command) or opening_for_message(
            casebook, source, message, order.because, customer_id=command.to_customer_id
        )
        going = going_with_message(source, await histories.standing(source), message)
        if own is not None and going.messages and _is_alias_here(casebook, own, source):
            # What comes next in it would be put back where an agent has just said that it does not belong.
            going = replace(going, freed={command.message_id: own})
        leg = Leg(source, await histories.of(source), going, destination)
        return await moved(casebook, [leg], order, histories)

    async def _merge(self, dossier: Dossier, command: MergeDossier, order: Order, histories: Histories) -> Outcome:
        if command.into_dossier_id == dossier.id:
            raise InvalidCommand("A dossier cannot be merged into itself.")
        casebook = await self._opener.open([dossier.id, command.into_dossier_id])
        source, destination = unchanged(casebook, dossier), present(casebook, command.into_dossier_id)
        for each in (source, destination):
            if each.view.merged_into is not None:
                seqs = [seq for seq, _ in each.memory.changes]
                raise DossierChanged(await self._entries(each, seqs[-1:]), each.view.merged_into)
        came = DossierMerged(dossier_id=source.id, number=source.view.number, because=order.because)
        going = everything(source, await histories.standing(source))
        leg = Leg(source, await histories.of(source), going, destination, arriving=(came,), empties=True)
        return await moved(casebook, [leg], order, histories)

    async def _open_for(
        self, dossier: Dossier, command: Move, writer: str | None, own: Conversation | None = None
    ) -> Casebook:
        if command.to_dossier_id is not None and command.to_customer_id is not None:
            raise InvalidCommand("Name a dossier or a customer, not both: a dossier has its customer.")
        customers = [] if command.to_dossier_id else [dossier.customer_id, writer, command.to_customer_id]
        return await self._opener.open(
            [dossier.id, command.to_dossier_id],
            customers=customers,
            conversations=[own.conversation_id] if own is not None else (),
        )

    async def _merged_into(self, dossier_id: str) -> str:
        """The dossier, or the one that has got everything of it since."""
        seen: set[str] = set()
        while dossier_id not in seen:
            seen.add(dossier_id)
            found = (await self._timeline.load([dossier_id])).get(dossier_id)
            dossier_id = (found.view.merged_into if found else None) or dossier_id
        return dossier_id

    async def _entries(self, dossier: Dossier, seqs: Sequence[int]) -> list[TimelineEntry]:
        if not seqs:
            return []
        found = await self._timeline.entries(
            dossier.id, after_seq=min(seqs) - 1, before_seq=max(seqs) + 1, limit=max(seqs) - min(seqs) + 1
        )
        return [entry for entry in found if entry.seq in seqs]


async def _message(dossier: Dossier, message_id: str, histories: Histories) -> StandingMessage:
    found = (await histories.standing(dossier)).messages.get(message_id)
    if found is None:
        raise EntryNotFound(f"message {message_id}")
    return found


def _is_alias_here(casebook: Casebook, own: Conversation, source: Dossier) -> bool:
    held = casebook.holder(own.conversation_id)
    return held is not None and held[0].id == source.id and held[1] != own.conversation_id


def _destination(casebook: Casebook, command: Move) -> Dossier | Opening | None:
    """Where it goes; None: into a dossier of its own."""
    return present(casebook, command.to_dossier_id) if command.to_dossier_id is not None else None
