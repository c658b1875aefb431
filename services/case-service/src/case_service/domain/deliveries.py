"""What became of a reply, noted in the dossier that has it now. It never goes backwards."""

from omnifil_contracts.delivery import DeliveryReported
from omnifil_contracts.dossier import DeliveryState, DeliveryUpdated
from omnifil_contracts.identity import SYSTEM

from case_service.domain.casebook import Casebook
from case_service.domain.decisions import Addition, Decision, Draft
from case_service.domain.dossier import Dossier
from case_service.domain.lookups import Lookup

_RANK = {DeliveryState.SENT: 1, DeliveryState.DELIVERED: 2, DeliveryState.READ: 3}


def lookup_of_report(report: DeliveryReported) -> Lookup:
    return Lookup(dossiers=frozenset([report.dossier_id]), conversations=frozenset([report.conversation_id]))


def note_delivery(casebook: Casebook, report: DeliveryReported) -> Decision:
    """Nothing when the dossier is unknown or the state is not news."""
    dossier = _dossier_of(casebook, report)
    if dossier is None or not is_news(dossier.memory.deliveries.get(report.outbound_id), report.state):
        return ()
    event = DeliveryUpdated(
        outbound_id=report.outbound_id,
        conversation_id=report.conversation_id,
        state=report.state,
        reason=report.reason,
        provider_message_id=report.provider_message_id,
    )
    effect = f"dlv:{report.outbound_id}:{report.state.value}"
    return (Addition(dossier.id, (Draft(event, SYSTEM, report.at, effect),)),)


def is_news(known: DeliveryState | None, reported: DeliveryState) -> bool:
    """A failure counts only before an arrival; after a failure any better news is welcome."""
    if known is None or reported is known:
        return known is None
    if reported is DeliveryState.FAILED:
        return known is DeliveryState.SENT
    if known is DeliveryState.FAILED:
        return True
    return _RANK[reported] > _RANK[known]


def _dossier_of(casebook: Casebook, report: DeliveryReported) -> Dossier | None:
    """A reply moves with its conversation, and stays where a conversation only went on elsewhere.

    Of one that has been forgotten the report goes as far as the whole conversation did.
    """
    seen: set[str] = set()
    dossier = farthest = casebook.get(report.dossier_id)
    whole = True
    while dossier is not None and dossier.id not in seen:
        if report.outbound_id in dossier.memory.sent:
            return dossier
        if whole:
            farthest = dossier
        whole = whole and report.conversation_id not in dossier.memory.remains
        seen.add(dossier.id)
        dossier = casebook.get(dossier.memory.moved_to.get(report.conversation_id, ""))
    return farthest
