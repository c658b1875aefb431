"""Saying that two dossiers have to do with each other, or not any more: in both, or not at all."""

from omnifil_contracts.dossier import DossierRelated, DossierUnrelated, Event
from omnifil_contracts.identity import Because

from case_service.domain.commanding import Order
from case_service.domain.decisions import Addition
from case_service.domain.dossier import Dossier
from case_service.domain.errors import InvalidCommand
from case_service.domain.undoing import Relation
from case_service.handlers.outcomes import Opener, Outcome, mover, present


async def relate(opener: Opener, dossier: Dossier, relation: Relation, order: Order, because: Because) -> Outcome:
    """Nothing where it is so already. Raises `DossierNotFound` and `InvalidCommand`."""
    if relation.dossier_id == dossier.id:
        raise InvalidCommand("A dossier cannot be related to itself.")
    casebook = await opener.open([dossier.id, relation.dossier_id])
    here, there = present(casebook, dossier.id), present(casebook, relation.dossier_id)
    events = [
        (one.id, _event(other, relation.related, because))
        for one, other in ((here, there), (there, here))
        if _is_related(one, other) is not relation.related
    ]
    drafts = mover(order, because).drafts([event for _, event in events])
    decision = tuple(Addition(dossier_id, (draft,)) for (dossier_id, _), draft in zip(events, drafts, strict=True))
    return Outcome(decision, casebook, here.id, there.id)


def _is_related(dossier: Dossier, other: Dossier) -> bool:
    return any(each.dossier_id == other.id for each in dossier.view.related)


def _event(other: Dossier, related: bool, because: Because) -> Event:
    if related:
        return DossierRelated(dossier_id=other.id, number=other.view.number, because=because)
    return DossierUnrelated(dossier_id=other.id, because=because)
