"""Taking back what an entry says, also an undo."""

from dataclasses import dataclass, field, replace

from omnifil_contracts.commands import Undo
from omnifil_contracts.dossier import DossierMerged, DossierUnmerged
from omnifil_contracts.identity import Because, Evidence

from case_service.domain.casebook import Casebook
from case_service.domain.commanding import Order
from case_service.domain.cuts import Cut
from case_service.domain.dossier import Dossier
from case_service.domain.errors import NothingToUndo
from case_service.domain.going import Going, going_with_message
from case_service.domain.moving import Leg
from case_service.domain.opening import Opening, opening_for, opening_for_message
from case_service.domain.standing import Standing
from case_service.domain.undoing import Alone, Departures, FetchBack, Relation, SendBack, brought_by, plan_undo
from case_service.handlers.histories import Histories
from case_service.handlers.outcomes import Opener, Outcome, moved, present, unchanged
from case_service.handlers.relating import relate


class Undoing:
    """Decides what an undo does; of one command, for it remembers the histories that it has read."""

    def __init__(self, opener: Opener, histories: Histories) -> None:
        self._opener = opener
        self._histories = histories

    async def undo(self, dossier: Dossier, command: Undo, order: Order) -> Outcome:
        """Raises `CommandRefused` with its reason."""
        plan = plan_undo(dossier, await self._histories.of(dossier), command.seq)
        told = Evidence(code="link-undone", values={"agent": order.agent.name or order.agent.id})
        because = Because(rule="agent", evidence=(told,))
        match plan:
            case Relation():
                return await relate(self._opener, dossier, plan, order, because)
            case SendBack():
                return await self._send_back(dossier, plan, order, because)
            case FetchBack():
                return await self._fetch_back(dossier, plan, order, because)

    async def _send_back(self, dossier: Dossier, plan: SendBack, order: Order, because: Because) -> Outcome:
        here = await self._histories.standing(dossier)
        threads = (dossier.memory.threads.get(each) for each in plan.going.conversations)
        writers = {thread.customer_id for thread in threads if thread is not None}
        writers |= {here.messages[each].event.customer_id for each in plan.going.messages}
        casebook = await self._opener.open([dossier.id, plan.to_dossier], customers=[dossier.customer_id, *writers])
        source, history = unchanged(casebook, dossier), await self._histories.of(dossier)
        destination: Dossier | Opening
        if plan.to_dossier is not None:
            destination = present(casebook, plan.to_dossier)
        elif plan.going.conversations:
            destination = opening_for(casebook, source, next(iter(plan.going.conversations)), because)
        else:
            destination = opening_for_message(casebook, source, here.messages[plan.going.messages[0]], because)
        leg = Leg(source, history, plan.going, destination)
        if plan.of_merge and isinstance(destination, Dossier):
            leg = replace(leg, leaving=(_unmerged(destination, because),))
        return await moved(casebook, [leg], order, self._histories, because)

    async def _fetch_back(self, home: Dossier, plan: FetchBack, order: Order, because: Because) -> Outcome:
        casebook, alone = await self._with_all_places(home, plan)
        unchanged(casebook, home)
        goings: dict[str, _Collected] = {}
        for conversation_id, moved_to in plan.conversations.items():
            held = casebook.holder(conversation_id, moved_to)
            if held is not None and held[0].id != home.id:
                holder, name = held
                history, here = await self._histories.of(holder), await self._histories.standing(holder)
                goings.setdefault(holder.id, _Collected()).conversations[name] = brought_by(
                    history, here, name, home.id
                )
        for said, holder_id in alone.items():
            if holder_id != home.id:
                goings.setdefault(holder_id, _Collected()).alone.append(said)
        legs = [
            await self._leg_home(present(casebook, holder_id), collected, home, plan, because)
            for holder_id, collected in goings.items()
        ]
        legs = [leg for leg in legs if leg.going]
        if not legs:
            raise NothingToUndo("what went is nowhere to be found")
        return await moved(casebook, legs, order, self._histories, because)

    async def _leg_home(
        self, holder: Dossier, collected: "_Collected", home: Dossier, plan: FetchBack, because: Because
    ) -> Leg:
        here = await self._histories.standing(holder)
        going = collected.going(here)
        if not plan.of_merge and going.messages:
            going = going_with_message(holder, here, here.messages[going.messages[0]])
        leg = Leg(holder, await self._histories.of(holder), going, home)
        if plan.again:
            merged = DossierMerged(dossier_id=holder.id, number=holder.view.number, because=because)
            return replace(leg, arriving=(merged,))
        return replace(leg, leaving=(_unmerged(home, because),)) if plan.of_merge else leg

    async def _with_all_places(self, home: Dossier, plan: FetchBack) -> tuple[Casebook, dict[Alone, str]]:
        """Where each thing that went alone stands now, in a casebook that has all these dossiers."""
        known: frozenset[str] = plan.dossiers | {home.id}
        while True:
            casebook = await self._opener.open(known, conversations=plan.conversations)
            found: dict[Alone, str] = {}
            further: set[str] = set()
            departures: dict[str, Departures] = {}
            for said, moved_to in plan.alone.items():
                at: str | None = moved_to
                while at is not None:
                    dossier = casebook.get(at)
                    if dossier is None:
                        further.add(at)
                        break
                    if said.stands_in(await self._histories.standing(dossier)):
                        found[said] = at
                        break
                    if at not in departures:
                        departures[at] = Departures(await self._histories.of(dossier))
                    at = departures[at].of(said)
            if not further:
                return casebook, found
            known |= further


@dataclass
class _Collected:
    """What one dossier gives back."""

    conversations: dict[str, Cut | None] = field(default_factory=dict)
    alone: list[Alone] = field(default_factory=list)

    def going(self, here: Standing) -> Going:
        """Without what goes along with its conversation anyhow."""
        messages, replies = [], []
        for said in self.alone:
            if said.conversation_ids:
                if left := tuple(each for each in said.conversation_ids if each not in self.conversations):
                    replies.append((said.said_id, left))
            elif here.messages[said.said_id].event.conversation_id not in self.conversations:
                messages.append(said.said_id)
        return Going(self.conversations, messages, replies)


def _unmerged(home: Dossier, because: Because) -> DossierUnmerged:
    return DossierUnmerged(dossier_id=home.id, number=home.view.number, because=because)
