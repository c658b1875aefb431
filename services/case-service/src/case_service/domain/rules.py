"""Which dossier? Four rules in order; the first that fires wins, and says why.

A rule is a function of one sighting. It returns a verdict, or None: "not by me". Evidence codes are stable, readers
translate them; the README lists them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from omnifil_contracts.identity import Assurance, Because, Evidence
from omnifil_contracts.message import IdentifiedMessage

from case_service.domain.dossier import Dossier
from case_service.domain.memory import Thread
from case_service.domain.parting import parted, parted_evidence
from case_service.domain.policy import Window
from case_service.domain.scoring import Match
from case_service.domain.sighting import Candidate, Sighting


@dataclass(frozen=True)
class Verdict:
    """Where the message belongs. `dossier` None: a new one. `conversation_id` None: its conversation is new there."""

    because: Because
    dossier: Dossier | None = None
    conversation_id: str | None = None
    follows: Dossier | None = None
    """The dossier, closed too long ago, that the new one follows up."""


Rule = Callable[[Sighting], Verdict | None]

_MOST_CONVERSATIONS = 50
"""A dossier with so many takes in no more by itself. All that it remembers of them is written with every message, and
whoever begins a thread with each mail would make it larger than a document can be: nobody's would be shown any more."""


def by_token(sighting: Sighting) -> Verdict | None:
    """A reference that we minted, intact, brought back by somebody who may use it."""
    return _first_permitted("token", sighting, sighting.by_token)


def by_thread(sighting: Sighting) -> Verdict | None:
    """The conversation, or a message that this one answers, is in a dossier, and the sender may write there.

    A conversation that goes on for ever says so only as long as it does not pause, or where the matter is the same.
    """
    if sighting.talks:
        return _in_the_talk(sighting)
    return _first_permitted("thread", sighting, sighting.by_thread)


def by_same_customer(sighting: Sighting) -> Verdict | None:
    """An assured customer has a dossier that the message is about, as surely as the channel's threshold asks."""
    if not sighting.identified.assured or sighting.is_automatic or not sighting.matches:
        return None
    best = sighting.matches[0]
    if best.percent < sighting.window.threshold or _is_full(best.dossier):
        return None
    if best.dossier.is_live or reopens(best.dossier, sighting.identified, sighting.window):
        return Verdict(Because(rule="customer", evidence=tuple(_why_joined(best, sighting))), best.dossier)
    days = (sighting.at - (best.dossier.memory.closed_at or sighting.at)).days
    too_long = Evidence(code="closed-too-long", values={"days": str(days), "limit": str(sighting.window.reopens.days)})
    because = Because(rule="follow-up", evidence=(*_why_joined(best, sighting), too_long))
    return Verdict(because, follows=best.dossier)


def otherwise_new(sighting: Sighting) -> Verdict:
    """None of the others: a dossier of its own."""
    return Verdict(Because(rule="new", evidence=tuple(_why_none_other(sighting))))


RULES: tuple[tuple[str, Rule], ...] = (("token", by_token), ("thread", by_thread), ("customer", by_same_customer))


def correlate(sighting: Sighting) -> Verdict:
    """The verdict of the first rule that is on and fires."""
    for name, rule in RULES:
        if name in sighting.window.rules:
            verdict = rule(sighting)
            if verdict is not None:
                return verdict
    return otherwise_new(sighting)


def permission(candidate: Candidate, identified: IdentifiedMessage, window: Window) -> Evidence | None:
    """Why this sender may write in that conversation; None: may not (invariant I5).

    Knowing a Message-ID, quoting a token or a number proves nothing about who somebody is. Who proves nothing at all is
    known by the unproven handle alone: it goes on in what was begun under it, and brings nobody along.
    """
    thread = candidate.dossier.memory.threads[candidate.conversation_id]
    if identified.customer_id == candidate.dossier.customer_id:
        primary = identified.message.sender.primary
        if identified.assured or primary.assurance.at_least(Assurance.CHANNEL):
            return Evidence(code="same-customer", values=_named(candidate.dossier))
        if not window.unproven_goes_on or _brings_somebody(identified, thread):
            return None
        return Evidence(code="same-unproven-handle", values={"handle": primary.identity.value})
    if not identified.assured:
        return None
    known = thread.participants
    for each in identified.message.sender.identities:
        if each.assurance.at_least(Assurance.CHANNEL) and each.identity.key in known:
            return Evidence(code="known-participant", values={"handle": each.identity.value})
    return None


def _brings_somebody(identified: IdentifiedMessage, thread: Thread) -> bool:
    """Whether people are copied in who were not: by somebody else in the sender's name, it would let them in."""
    present = {*thread.participants, *(each.identity.key for each in thread.copies)}
    return any(each.identity.key not in present for each in identified.message.participants)


def score_of(match: Match, sighting: Sighting, second: int = 0) -> Evidence:
    """How sure it is, beside what was asked for and the next best."""
    values = {"percent": str(match.percent), "limit": str(sighting.window.threshold), "second": str(second)}
    return Evidence(code="score", values=values)


def reopens(dossier: Dossier, identified: IdentifiedMessage, window: Window) -> bool:
    """Whether the dossier is closed, but so recently that this message opens it again."""
    closed_at = dossier.memory.closed_at
    return closed_at is not None and identified.message.received_at - closed_at <= window.reopens


def is_participant(verdict: Verdict) -> bool:
    """Whether the writer is let in as a person in copy, not as the customer."""
    return any(each.code == "known-participant" for each in verdict.because.evidence)


def _first_permitted(rule: str, sighting: Sighting, candidates: Sequence[Candidate]) -> Verdict | None:
    own = sighting.identified.message.conversation.conversation_id
    for candidate in candidates:
        permitted = permission(candidate, sighting.identified, sighting.window)
        if permitted is not None and not parted(candidate.dossier, own):
            because = Because(rule=rule, evidence=(candidate.evidence, permitted))
            return Verdict(because, candidate.dossier, candidate.conversation_id)
    return None


def _in_the_talk(sighting: Sighting) -> Verdict | None:
    own = sighting.identified.message.conversation.conversation_id
    talks = [each for each in sighting.talks if not parted(each.dossier, own)]
    newest = talks[0] if talks else None
    if newest is None:
        return None
    if newest.dossier.is_live and sighting.at - newest.heard_at <= (sighting.window.pause or timedelta.max):
        return _first_permitted("thread", sighting, [newest])
    best = sighting.matches[0] if sighting.matches else None
    if best is None or best.percent < sighting.window.threshold:
        return None
    if not (best.dossier.is_live or reopens(best.dossier, sighting.identified, sighting.window)):
        return None
    verdict = _first_permitted("thread", sighting, [each for each in talks if each.dossier is best.dossier])
    if verdict is None:
        return None
    told = (*verdict.because.evidence, *best.evidence, *best.against, score_of(best, sighting, _second(sighting)))
    return Verdict(verdict.because.model_copy(update={"evidence": told}), verdict.dossier, verdict.conversation_id)


def _why_joined(best: Match, sighting: Sighting) -> Iterator[Evidence]:
    named, others = best.evidence[:1] if best.is_named else (), best.evidence[1:] if best.is_named else best.evidence
    yield from named
    live = _in_window(sighting)
    number = best.dossier.view.number
    if not best.dossier.is_live:
        yield Evidence(code="recently-closed", values={"number": number})
    elif len(live) > 1:
        yield Evidence(code="best-of-several", values={"number": number, "count": str(len(live))})
    else:
        yield Evidence(code="one-live-dossier", values={"number": number})
    yield Evidence(code="same-customer", values=_named(best.dossier))
    yield from others
    yield from best.against
    yield score_of(best, sighting, _second(sighting))


def _second(sighting: Sighting) -> int:
    return sighting.matches[1].percent if len(sighting.matches) > 1 else 0


def _is_full(dossier: Dossier) -> bool:
    return len(dossier.view.conversations) >= _MOST_CONVERSATIONS


def _in_window(sighting: Sighting) -> list[Dossier]:
    return [
        dossier
        for dossier in sighting.of_customer
        if dossier.is_live and _idle(dossier, sighting) <= sighting.window.joins
    ]


def _idle(dossier: Dossier, sighting: Sighting) -> timedelta:
    return sighting.at - dossier.memory.last_activity_at


def _named(dossier: Dossier) -> dict[str, str]:
    return {"customer": dossier.view.customer_name} if dossier.view.customer_name else {}


def _why_none_other(sighting: Sighting) -> Iterator[Evidence]:
    identified = sighting.identified
    if identified.message.automatic is not None:
        yield Evidence(code="automatic", values={"kind": identified.message.automatic})
    elif sighting.talks and sighting.matches:
        yield Evidence(code="another-talk", values={"number": sighting.talks[0].dossier.view.number})
        yield from sighting.matches[0].against
        yield score_of(sighting.matches[0], sighting, _second(sighting))
    elif sighting.by_token or sighting.by_thread:
        own = identified.message.conversation.conversation_id
        parting = [each.dossier for each in (*sighting.by_token, *sighting.by_thread) if parted(each.dossier, own)]
        yield parted_evidence(parting[0]) if parting else Evidence(code="not-a-participant")
    elif not sighting.of_customer:
        yield Evidence(code="first-contact")
    elif not identified.assured:
        yield Evidence(code="not-assured")
    elif not sighting.matches:
        live = any(dossier.is_live for dossier in sighting.of_customer)
        limit = {"limit": str(sighting.window.joins.days)}
        yield Evidence(code="outside-window", values=limit) if live else Evidence(code="no-live-dossier")
    else:
        yield from _why_not_sure(sighting)


def _why_not_sure(sighting: Sighting) -> Iterator[Evidence]:
    best, live = sighting.matches[0], _in_window(sighting)
    if _is_full(best.dossier):
        values = {"number": best.dossier.view.number, "limit": str(_MOST_CONVERSATIONS)}
        yield Evidence(code="full-dossier", values=values)
    elif len(live) > 1:
        yield Evidence(code="several-live-dossiers", values={"count": str(len(live))})
    else:
        yield Evidence(code="not-sure-enough", values={"number": best.dossier.view.number})
    yield from best.against
    yield score_of(best, sighting, _second(sighting))
