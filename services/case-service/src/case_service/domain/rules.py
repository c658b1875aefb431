"""Which dossier? Four rules in order; the first that fires wins, and says why.

A rule is a function of one sighting. It returns a verdict, or None: "not by me". Evidence codes are stable, readers
translate them; the README lists them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from omnifil_contracts.identity import Assurance, Because, Evidence
from omnifil_contracts.message import IdentifiedMessage

from case_service.domain.dossier import Dossier
from case_service.domain.policy import Window
from case_service.domain.references import Reference


@dataclass(frozen=True)
class Candidate:
    """A conversation of a dossier that a message points to, and what points there."""

    dossier: Dossier
    conversation_id: str
    evidence: Evidence


@dataclass(frozen=True)
class Sighting:
    """A message, and all that the rules may look at."""

    identified: IdentifiedMessage
    by_token: Sequence[Candidate]
    by_thread: Sequence[Candidate]
    of_customer: Sequence[Dossier]
    """The customer's dossiers, oldest first; merged ones left out."""
    named: frozenset[Reference]
    """Order numbers and the like in this message."""
    window: Window


@dataclass(frozen=True)
class Verdict:
    """Where the message belongs. `dossier` None: a new one. `conversation_id` None: its conversation is new there."""

    because: Because
    dossier: Dossier | None = None
    conversation_id: str | None = None


Rule = Callable[[Sighting], Verdict | None]


def by_token(sighting: Sighting) -> Verdict | None:
    """A reference that we minted, intact, brought back by somebody who may use it."""
    return _first_permitted("token", sighting, sighting.by_token)


def by_thread(sighting: Sighting) -> Verdict | None:
    """The conversation, or a message that this one answers, is in a dossier, and the sender may write there."""
    return _first_permitted("thread", sighting, sighting.by_thread)


def by_same_customer(sighting: Sighting) -> Verdict | None:
    """An assured customer with one live dossier in the window, or one that shares an order number with the message."""
    if not sighting.identified.assured or sighting.identified.message.automatic is not None:
        return None
    live = _in_window(sighting)
    if len(live) == 1:
        return _joined(live[0], sighting, Evidence(code="one-live-dossier", values={"number": live[0].view.number}))
    if len(live) > 1:
        return _sharing_a_reference(live, sighting)
    if any(dossier.is_live for dossier in sighting.of_customer):
        return None
    closed = _recently_closed(sighting)
    if len(closed) == 1:
        return _joined(closed[0], sighting, Evidence(code="recently-closed", values={"number": closed[0].view.number}))
    return _sharing_a_reference(closed, sighting)


def otherwise_new(sighting: Sighting) -> Verdict:
    """None of the others: a dossier of its own."""
    return Verdict(Because(rule="new", evidence=(_why_none_other(sighting),)))


RULES: tuple[Rule, ...] = (by_token, by_thread, by_same_customer, otherwise_new)


def correlate(sighting: Sighting) -> Verdict:
    """The verdict of the first rule that fires."""
    for rule in RULES:
        verdict = rule(sighting)
        if verdict is not None:
            return verdict
    raise AssertionError("otherwise_new always fires")


def permission(candidate: Candidate, identified: IdentifiedMessage) -> Evidence | None:
    """Why this sender may write in that conversation; None: may not (invariant I5).

    Knowing a Message-ID, quoting a token or a number proves nothing about who somebody is.
    """
    if identified.customer_id == candidate.dossier.customer_id:
        return Evidence(code="same-customer", values=_named(candidate.dossier))
    if not identified.assured:
        return None
    known = candidate.dossier.memory.threads[candidate.conversation_id].participants
    for each in identified.message.sender.identities:
        if each.assurance.at_least(Assurance.CHANNEL) and each.identity.key in known:
            return Evidence(code="known-participant", values={"handle": each.identity.value})
    return None


def _first_permitted(rule: str, sighting: Sighting, candidates: Sequence[Candidate]) -> Verdict | None:
    for candidate in candidates:
        permitted = permission(candidate, sighting.identified)
        if permitted is not None:
            because = Because(rule=rule, evidence=(candidate.evidence, permitted))
            return Verdict(because, candidate.dossier, candidate.conversation_id)
    return None


def _joined(dossier: Dossier, sighting: Sighting, telling: Evidence) -> Verdict:
    days = max(_idle(dossier, sighting).days, 0)
    within = Evidence(code="within-window", values={"days": str(days), "limit": str(sighting.window.joins.days)})
    same = Evidence(code="same-customer", values=_named(dossier))
    return Verdict(Because(rule="customer", evidence=(telling, same, within)), dossier)


def _sharing_a_reference(dossiers: Sequence[Dossier], sighting: Sighting) -> Verdict | None:
    wanted = {reference.key: reference for reference in sighting.named}
    sharing = [dossier for dossier in dossiers if wanted.keys() & set(dossier.memory.references)]
    if len(sharing) != 1:
        return None
    shared = sorted(wanted.keys() & set(sharing[0].memory.references))[0]
    reference = wanted[shared]
    telling = Evidence(code=f"same-{reference.kind}-number", values={"number": reference.number})
    return _joined(sharing[0], sighting, telling)


def _in_window(sighting: Sighting) -> list[Dossier]:
    return [
        dossier
        for dossier in sighting.of_customer
        if dossier.is_live and _idle(dossier, sighting) <= sighting.window.joins
    ]


def _recently_closed(sighting: Sighting) -> list[Dossier]:
    return [dossier for dossier in sighting.of_customer if reopens(dossier, sighting.identified, sighting.window)]


def reopens(dossier: Dossier, identified: IdentifiedMessage, window: Window) -> bool:
    """Whether the dossier is closed, but so recently that this message opens it again."""
    closed_at = dossier.memory.closed_at
    return closed_at is not None and identified.message.received_at - closed_at <= window.reopens


def _idle(dossier: Dossier, sighting: Sighting) -> timedelta:
    return sighting.identified.message.received_at - dossier.memory.last_activity_at


def _named(dossier: Dossier) -> dict[str, str]:
    return {"customer": dossier.view.customer_name} if dossier.view.customer_name else {}


def _why_none_other(sighting: Sighting) -> Evidence:
    identified = sighting.identified
    if identified.message.automatic is not None:
        return Evidence(code="automatic", values={"kind": identified.message.automatic})
    if sighting.by_token or sighting.by_thread:
        return Evidence(code="not-a-participant")
    if not sighting.of_customer:
        return Evidence(code="first-contact")
    if not identified.assured:
        return Evidence(code="not-assured")
    live = _in_window(sighting)
    if len(live) > 1:
        return Evidence(code="several-live-dossiers", values={"count": str(len(live))})
    if any(dossier.is_live for dossier in sighting.of_customer):
        return Evidence(code="outside-window", values={"limit": str(sighting.window.joins.days)})
    return Evidence(code="no-live-dossier")
