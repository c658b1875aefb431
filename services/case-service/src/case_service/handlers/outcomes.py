"""What a command that moves something comes to, and opening the casebook that it is decided in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from omnifil_contracts.identity import Because

from case_service.domain.casebook import Casebook
from case_service.domain.commanding import Order
from case_service.domain.decisions import Decision
from case_service.domain.dossier import Dossier
from case_service.domain.errors import DossierNotFound
from case_service.domain.lookups import Lookup
from case_service.domain.moving import Leg, Mover, carry_over
from case_service.domain.opening import Opening
from case_service.domain.policy import Policy
from case_service.handlers.histories import Histories
from case_service.handlers.settling import open_casebook
from case_service.ports import Timeline


@dataclass(frozen=True)
class Outcome:
    """What a command adds, in a casebook that holds all who are concerned; and between which dossiers it moves."""

    decision: Decision
    casebook: Casebook
    from_dossier_id: str | None = None
    to_dossier_id: str | None = None


class Opener:
    """Opens casebooks for what is to be corrected."""

    def __init__(self, timeline: Timeline, policy: Policy) -> None:
        self._timeline = timeline
        self._policy = policy

    async def open(
        self,
        dossiers: Iterable[str | None],
        *,
        customers: Iterable[str | None] = (),
        conversations: Iterable[str] = (),
    ) -> Casebook:
        """With these, what these customers have, and where these conversations are."""
        lookup = Lookup(
            dossiers=frozenset(each for each in dossiers if each is not None),
            customers=frozenset(each for each in customers if each is not None),
            conversations=frozenset(conversations),
        )
        return await open_casebook(self._timeline, lookup, self._policy.patterns)


class Overtaken(Exception):
    """The dossier has changed while this was decided: decide again."""


def unchanged(casebook: Casebook, dossier: Dossier) -> Dossier:
    """The dossier that the plan was made of, as this casebook has it. Raises `Overtaken`."""
    found = present(casebook, dossier.id)
    if found.seq != dossier.seq:
        raise Overtaken(dossier.id)
    return found


def present(casebook: Casebook, dossier_id: str) -> Dossier:
    """Raises `DossierNotFound`."""
    found = casebook.get(dossier_id)
    if found is None:
        raise DossierNotFound(dossier_id)
    return found


def mover(order: Order, because: Because | None = None) -> Mover:
    return Mover(order.agent, order.now, because or order.because, order.effect)


async def moved(
    casebook: Casebook, legs: Sequence[Leg], order: Order, histories: Histories, because: Because | None = None
) -> Outcome:
    """These legs, carried out."""
    legs = [replace(leg, there=await histories.replies_there(leg.source, leg.destination)) for leg in legs]
    destination = legs[-1].destination
    to_dossier_id = destination.dossier_id if isinstance(destination, Opening) else destination.id
    decision = carry_over(legs, mover(order, because))
    return Outcome(decision, casebook, legs[0].source.id, to_dossier_id)
