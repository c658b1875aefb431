"""What an agent should look at: where a message would have gone, had its sender been sure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from omnifil_contracts import ids
from omnifil_contracts.dossier import Suggestion, SuggestionMade
from omnifil_contracts.identity import SYSTEM, Because, Evidence

from case_service.domain.casebook import Casebook
from case_service.domain.decisions import Draft
from case_service.domain.dossier import Dossier
from case_service.domain.policy import Window
from case_service.domain.rules import permission, score_of
from case_service.domain.sighting import Sighting

_Question = tuple[str, str, str | None]


def suggestions(
    casebook: Casebook, sighting: Sighting, dossier_id: str, conversation_id: str, dossier: Dossier | None
) -> Iterator[Draft]:
    """Those that are new for this conversation; `dossier` None: it is only being opened."""
    identified = sighting.identified
    if identified.message.automatic is not None:
        return
    made = set(dossier.memory.suggestions) if dossier else set()
    asked = {_question(each) for each in dossier.view.suggestions} if dossier else set()
    found = [*_refused(sighting, dossier_id, conversation_id)]
    found += _same_person(casebook, sighting, dossier_id, conversation_id, dossier)
    if dossier is None:
        found += _perhaps_the_same(sighting, dossier_id, conversation_id)
    for suggestion in _each_question_once(found):
        if suggestion.suggestion_id not in made and _question(suggestion) not in asked:
            yield Draft(
                SuggestionMade(suggestion=suggestion),
                SYSTEM,
                identified.message.received_at,
                f"sug:{suggestion.suggestion_id}",
            )


def _question(suggestion: Suggestion) -> _Question:
    """What the agent is asked: where this conversation belongs, or whose it is."""
    whom = suggestion.dossier_id if suggestion.kind == "same-matter" else suggestion.customer_id
    return suggestion.conversation_id, suggestion.kind, whom


def _each_question_once(found: Iterable[Suggestion]) -> Iterable[Suggestion]:
    """With all that speaks for it, the most telling first."""
    questions: dict[_Question, Suggestion] = {}
    for suggestion in found:
        first = questions.setdefault(_question(suggestion), suggestion)
        if first is not suggestion:
            known = first.because.evidence
            more = (each for each in suggestion.because.evidence if each not in known)
            because = first.because.model_copy(update={"evidence": (*known, *more)})
            questions[_question(suggestion)] = first.model_copy(update={"because": because})
    return questions.values()


def _refused(sighting: Sighting, dossier_id: str, conversation_id: str) -> Iterator[Suggestion]:
    """A token or a thread pointed to a dossier where this sender may not write."""
    for rule, candidates in (("token", sighting.by_token), ("thread", sighting.by_thread)):
        if any(permission(each, sighting.identified, sighting.window) for each in candidates):
            continue  # what else goes by that name is none of theirs
        for candidate in candidates:
            if candidate.dossier.id != dossier_id:
                yield Suggestion(
                    suggestion_id=ids.suggestion_id(dossier_id, conversation_id, candidate.dossier.id),
                    kind="same-matter",
                    conversation_id=conversation_id,
                    customer_id=candidate.dossier.customer_id,
                    customer_name=candidate.dossier.view.customer_name,
                    dossier_id=candidate.dossier.id,
                    because=Because(rule=rule, evidence=(candidate.evidence, Evidence(code="not-a-participant"))),
                )


def _perhaps_the_same(sighting: Sighting, dossier_id: str, conversation_id: str) -> Iterator[Suggestion]:
    """The customer has a dossier that the message may be about, but that is not sure, or the sender is not."""
    best = sighting.matches[0] if sighting.matches else None
    if best is None or best.percent < sighting.window.suggests:
        return
    second = sighting.matches[1].percent if len(sighting.matches) > 1 else 0
    unsure = () if sighting.identified.assured else (Evidence(code="not-assured"),)
    evidence = (*best.evidence, *unsure, *best.against, score_of(best, sighting, second))
    yield Suggestion(
        suggestion_id=ids.suggestion_id(dossier_id, conversation_id, best.dossier.id),
        kind="same-matter",
        conversation_id=conversation_id,
        customer_id=best.dossier.customer_id,
        customer_name=best.dossier.view.customer_name,
        dossier_id=best.dossier.id,
        because=Because(rule="customer", evidence=evidence),
    )


def _same_person(
    casebook: Casebook, sighting: Sighting, dossier_id: str, conversation_id: str, dossier: Dossier | None
) -> Iterator[Suggestion]:
    """customer-profile knows customers whom the sender may be."""
    here = dossier.customer_id if dossier else sighting.identified.customer_id
    for candidate in sighting.identified.suggestions:
        only = _meant(sighting, live_dossiers(casebook, candidate.customer_id, sighting.at, sighting.window))
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


def _meant(sighting: Sighting, live: Sequence[Dossier]) -> Dossier | None:
    """The one that the message would belong to, were its sender their customer."""
    if len(live) <= 1:
        return live[0] if live else None
    best = sighting.matches_among(live)[0]
    return best.dossier if best.percent >= sighting.window.suggests else None


def live_dossiers(casebook: Casebook, customer_id: str, at: datetime, window: Window) -> list[Dossier]:
    """The customer's live dossiers that had a message or a reply within the window before `at`."""
    return [
        dossier
        for dossier in casebook.of_customer(customer_id)
        if dossier.is_live and at - dossier.memory.last_activity_at <= window.joins
    ]
