"""What an agent should look at: where a message would have gone, had its sender been sure."""

from collections.abc import Iterator
from datetime import datetime

from omnifil_contracts import ids
from omnifil_contracts.dossier import Suggestion, SuggestionMade
from omnifil_contracts.identity import SYSTEM, Because, Evidence

from case_service.domain.casebook import Casebook, Draft
from case_service.domain.dossier import Dossier
from case_service.domain.policy import Window
from case_service.domain.rules import Sighting, permission


def suggestions(
    casebook: Casebook, sighting: Sighting, dossier_id: str, conversation_id: str, dossier: Dossier | None
) -> Iterator[Draft]:
    """Those that are new for this conversation; `dossier` None: it is only being opened."""
    identified = sighting.identified
    if identified.message.automatic is not None:
        return
    made = set(dossier.memory.suggestions) if dossier else set()
    found = [*_refused(sighting, dossier_id, conversation_id)]
    found += _same_person(casebook, sighting, dossier_id, conversation_id, dossier)
    for suggestion in found:
        if suggestion.suggestion_id not in made:
            made.add(suggestion.suggestion_id)
            yield Draft(
                SuggestionMade(suggestion=suggestion),
                SYSTEM,
                identified.message.received_at,
                f"sug:{suggestion.suggestion_id}",
            )


def _refused(sighting: Sighting, dossier_id: str, conversation_id: str) -> Iterator[Suggestion]:
    """A token or a thread pointed to a dossier where this sender may not write."""
    for rule, candidates in (("token", sighting.by_token), ("thread", sighting.by_thread)):
        for candidate in candidates:
            if candidate.dossier.id != dossier_id and permission(candidate, sighting.identified) is None:
                yield Suggestion(
                    suggestion_id=ids.suggestion_id(dossier_id, conversation_id, candidate.dossier.id),
                    kind="same-matter",
                    conversation_id=conversation_id,
                    customer_id=candidate.dossier.customer_id,
                    customer_name=candidate.dossier.view.customer_name,
                    dossier_id=candidate.dossier.id,
                    because=Because(rule=rule, evidence=(candidate.evidence, Evidence(code="not-a-participant"))),
                )


def _same_person(
    casebook: Casebook, sighting: Sighting, dossier_id: str, conversation_id: str, dossier: Dossier | None
) -> Iterator[Suggestion]:
    """customer-profile knows customers whom the sender may be."""
    here = dossier.customer_id if dossier else sighting.identified.customer_id
    for candidate in sighting.identified.suggestions:
        live = live_dossiers(casebook, candidate.customer_id, sighting.identified.message.received_at, sighting.window)
        only = live[0] if len(live) == 1 else None
        if candidate.customer_id == here or (only is not None and only.id == dossier_id):
            continue
        if not candidate.linkable and only is None:
            continue
        yield Suggestion(
            suggestion_id=ids.suggestion_id(dossier_id, conversation_id, candidate.customer_id),
            kind="same-customer" if candidate.linkable else "same-matter",
            conversation_id=conversation_id,
            identity=candidate.identity,
            customer_id=candidate.customer_id,
            customer_name=candidate.display_name,
            dossier_id=only.id if only else None,
            because=candidate.because,
        )


def live_dossiers(casebook: Casebook, customer_id: str, at: datetime, window: Window) -> list[Dossier]:
    """The customer's live dossiers that had a message or a reply within the window before `at`."""
    return [
        dossier
        for dossier in casebook.of_customer(customer_id)
        if dossier.is_live and at - dossier.memory.last_activity_at <= window.joins
    ]
