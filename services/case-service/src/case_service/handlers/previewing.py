"""What a command would move, to look at before it is given. Nothing is written."""

from omnifil_contracts.commands import Command
from omnifil_contracts.dossier import (
    ConversationLinked,
    DossierOpened,
    MessageLinked,
    ReplyLinked,
    StatusChanged,
)
from omnifil_contracts.identity import Actor
from omnifil_contracts.views import MovePreview
from omnifil_servicekit.errors import Transient

from case_service.domain.commanding import Order
from case_service.domain.errors import DossierNotFound, InvalidCommand
from case_service.domain.lookups import Lookup
from case_service.domain.policy import Policy
from case_service.domain.view import conversation_of
from case_service.handlers.corrections import Correction, Corrections
from case_service.handlers.outcomes import Outcome, Overtaken, present
from case_service.handlers.settling import ROUNDS, Clock, open_casebook
from case_service.ports import Timeline

_NOBODY = "preview"


class Previewing:
    """Decides as `Commands` does, and stops there."""

    def __init__(self, timeline: Timeline, policy: Policy, clock: Clock) -> None:
        self._timeline = timeline
        self._policy = policy
        self._clock = clock
        self._corrections = Corrections(timeline, policy)

    async def preview(self, dossier_id: str, command: Command, agent: Actor) -> MovePreview:
        """Raises `CommandRefused` with its reason, as the command would, and `Transient`."""
        if not isinstance(command, Correction):
            raise InvalidCommand("This command moves nothing that could be shown beforehand.")
        for _ in range(ROUNDS):
            lookup = Lookup(dossiers=frozenset([dossier_id]))
            dossier = (await open_casebook(self._timeline, lookup, self._policy.patterns)).get(dossier_id)
            if dossier is None:
                raise DossierNotFound(dossier_id)
            order = Order(_NOBODY, agent, self._clock())
            try:
                return _shown(dossier_id, await self._corrections.decide(dossier, command, order), order)
            except Overtaken:
                continue
        raise Transient(f"Dossier {dossier_id} is being written by many at once: try again.")


def _shown(dossier_id: str, outcome: Outcome, order: Order) -> MovePreview:
    casebook = outcome.casebook
    casebook.record(outcome.decision, order.now)
    events = [draft.event for addition in outcome.decision for draft in addition.drafts]
    source = present(casebook, outcome.from_dossier_id or dossier_id)
    destination = present(casebook, outcome.to_dossier_id) if outcome.to_dossier_id else None
    linked = [each.conversation.conversation_id for each in events if isinstance(each, ConversationLinked)]
    there = [conversation_of(destination.view, each) for each in linked] if destination else []
    return MovePreview(
        from_dossier=source.view,
        to_dossier=destination.view if destination else None,
        opens=any(isinstance(each, DossierOpened) for each in events),
        conversations=tuple(each for each in there if each is not None),
        messages=sum(isinstance(each, MessageLinked) for each in events),
        replies=sum(isinstance(each, ReplyLinked) for each in events),
        empties_source=any(isinstance(each, StatusChanged) and each.merged_into is not None for each in events),
        other_customer=destination is not None and destination.customer_id != source.customer_id,
    )
