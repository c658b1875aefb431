"""How sure it is that a message is about the same matter as a dossier of the same customer.

Each fact counts for or against, in units of log odds; the dossiers compete with each other and with "something new" for
the hundred percent. A prior from a public measurement of live cases stands behind it: 27 % of new conversations began
while another of the same person was open, and 72 % of those had another subject.

First comes what is named (order, invoice, parcel, dossier numbers), then what is said, then when and where.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from math import exp, log1p

from omnifil_contracts.identity import Evidence
from omnifil_contracts.message import IdentifiedMessage

from case_service.domain.dossier import Dossier
from case_service.domain.likeness import Likeness, likenesses
from case_service.domain.phrases import says_that_it_goes_on, says_that_it_is_new
from case_service.domain.policy import Window
from case_service.domain.references import Reference, dossier_numbers_in
from case_service.domain.subjects import is_answer
from case_service.domain.words import Words, stems_of_names, words_of


@dataclass(frozen=True)
class Weights:
    """What a fact counts, in log odds. Tuned on the simulator's tuning seeds, never on those that it is judged by."""

    before: float = -1.0
    named: float = 6.0
    named_other: float = -4.0
    shared_word: float = 1.5
    shared_words_most: float = 4.5
    unshared: float = -0.45
    unshared_most: float = -2.6
    goes_on: float = 1.8
    begins: float = -2.5
    same_channel: float = -0.8
    same_account: float = 0.2
    closed: float = -1.2
    waits: float = 0.3


WEIGHTS = Weights()

_BY_MINUTES = ((3, 3.2), (15, 2.6), (60, 1.7), (360, 0.9), (1440, 0.3), (4320, -0.3), (10080, -0.8), (20160, -1.3))
"""What it counts that the dossier was last alive so many minutes before; between these on a line over the logarithm."""
_LITTLE = 1.0
"""A message that tells less than this ("Hello?") says nothing for or against by its words."""


@dataclass(frozen=True)
class Asked:
    """The message that is compared, and what is worked out of it once."""

    identified: IdentifiedMessage
    named: tuple[Reference, ...]

    @cached_property
    def words(self) -> Words:
        message = self.identified.message
        names = stems_of_names((self.identified.customer_name, message.sender.display_name))
        return words_of(message.subject, message.text).without(names)

    @cached_property
    def aliases(self) -> Mapping[str, tuple[Reference, Reference]]:
        """What external records put together with what is named: key → (the other number, the one named)."""
        found: dict[str, tuple[Reference, Reference]] = {}
        named = {reference.key: reference for reference in self.named}
        for related in self.identified.related:
            group = [Reference(each.kind, each.number) for each in related.references]
            here = next((named[each.key] for each in group if each.key in named), None)
            if here is not None:
                found |= {each.key: (each, here) for each in group if each.key not in named}
        return found

    @cached_property
    def goes_on(self) -> str | None:
        message = self.identified.message
        return says_that_it_goes_on(message.subject, message.text)

    @cached_property
    def begins(self) -> str | None:
        message = self.identified.message
        return says_that_it_is_new(message.subject, message.text)

    @cached_property
    def dossier_numbers(self) -> frozenset[str]:
        message = self.identified.message
        return dossier_numbers_in(message.subject, message.text)


@dataclass(frozen=True)
class Match:
    """A dossier that the message may be about: how sure, and why. `is_named`: they share a number."""

    dossier: Dossier
    percent: int
    evidence: tuple[Evidence, ...]
    against: tuple[Evidence, ...]
    is_named: bool


@dataclass(frozen=True)
class _Fact:
    """What counts for (or against) a dossier; `evidence` None: it counts, and needs no words."""

    counts: float
    evidence: Evidence | None = None


def matches(asked: Asked, dossiers: Sequence[Dossier], window: Window) -> list[Match]:
    """Those of the customer's dossiers that the message may be about, the surest first."""
    at = asked.identified.message.received_at
    reached = [each for each in dossiers if _is_in_reach(asked, each, at, window)]
    if not reached:
        return []
    # Compared against all of the customer's: what stands in each of them tells little.
    likes = dict(zip([each.id for each in dossiers], _likes(asked, dossiers), strict=True))
    facts = {each.id: tuple(_facts(asked, each, likes[each.id], at)) for each in reached}
    odds = {each: exp(min(sum(fact.counts for fact in of), 30.0)) for each, of in facts.items()}
    whole = 1 + sum(odds.values())
    found = [_match(asked, each, facts[each.id], round(100 * odds[each.id] / whole)) for each in reached]
    # Of equals the one that was alive last.
    return sorted(found, key=lambda each: (-each.percent, -each.dossier.memory.last_activity_at.timestamp()))


def _likes(asked: Asked, dossiers: Sequence[Dossier]) -> list[Likeness]:
    return likenesses(asked.words, [each.memory.profile for each in dossiers])


def _is_in_reach(asked: Asked, dossier: Dossier, at: datetime, window: Window) -> bool:
    if dossier.view.merged_into is not None:
        return False
    since, limit = dossier.memory.last_activity_at, window.joins
    if not dossier.is_live:
        if not any(thread.answers for thread in dossier.memory.threads.values()):
            return False  # only a machine has written in it
        since, limit = dossier.memory.closed_at or since, window.reopens
    return at - since <= limit or (at - since <= window.names and _is_named(asked, dossier))


def _is_named(asked: Asked, dossier: Dossier) -> bool:
    return any(True for _ in _shared_references(asked, dossier))


def _shared_references(asked: Asked, dossier: Dossier) -> Iterator[Evidence]:
    if dossier.view.number in asked.dossier_numbers:
        yield Evidence(code="same-reference", values={"kind": "dossier", "number": dossier.view.number})
    here = set(dossier.memory.references)
    for reference in asked.named:
        if reference.key in here:
            yield Evidence(code="same-reference", values={"kind": reference.kind, "number": reference.number})
    for key, (other, named) in asked.aliases.items():
        if key in here:
            values = {"kind": named.kind, "number": named.number, "other_kind": other.kind, "other": other.number}
            yield Evidence(code="related-record", values=values)


def _facts(asked: Asked, dossier: Dossier, likeness: Likeness, at: datetime) -> Iterator[_Fact]:
    yield _Fact(WEIGHTS.before)
    yield from _of_names(asked, dossier)
    yield from _of_words(asked, likeness)
    yield from _of_time(dossier, at)
    yield from _of_place(asked, dossier)


def _of_names(asked: Asked, dossier: Dossier) -> Iterator[_Fact]:
    shared = list(_shared_references(asked, dossier))
    if shared:
        yield _Fact(WEIGHTS.named, shared[0])
        return
    kinds = {Reference.of_key(key).kind: Reference.of_key(key) for key in dossier.memory.references}
    for reference in asked.named:
        theirs = kinds.get(reference.kind)
        if theirs is not None:
            values = {"kind": reference.kind, "number": reference.number, "theirs": theirs.number}
            yield _Fact(WEIGHTS.named_other, Evidence(code="other-reference", values=values))
            return


def _of_words(asked: Asked, likeness: Likeness) -> Iterator[_Fact]:
    if asked.begins is not None:
        yield _Fact(WEIGHTS.begins, Evidence(code="says-new-matter", values={"words": asked.begins}))
    elif asked.goes_on is not None:
        yield _Fact(WEIGHTS.goes_on, Evidence(code="says-same-matter", values={"words": asked.goes_on}))
    if likeness.weight < _LITTLE:
        yield _Fact(0.0, Evidence(code="says-little"))
        return
    like = min(WEIGHTS.shared_word * likeness.shared, WEIGHTS.shared_words_most)
    unlike = max(WEIGHTS.unshared * (likeness.weight - likeness.shared), WEIGHTS.unshared_most)
    values = {"percent": str(likeness.percent), "words": ", ".join(likeness.words)}
    if likeness.words:
        yield _Fact(like + unlike, Evidence(code="same-text", values=values))
    else:
        yield _Fact(like + unlike, Evidence(code="other-text"))


def _of_time(dossier: Dossier, at: datetime) -> Iterator[_Fact]:
    alive = dossier.memory.closed_at if not dossier.is_live else None
    idle = abs(at - (alive or dossier.memory.last_activity_at))
    minutes = idle / timedelta(minutes=1)
    values = {"minutes": str(int(minutes))} if minutes < 60 * 48 else {"days": str(idle.days)}
    yield _Fact(_by_minutes(minutes), Evidence(code="recent" if minutes < 60 * 48 else "idle", values=values))
    if not dossier.is_live:
        yield _Fact(WEIGHTS.closed)
    elif dossier.view.unanswered_since is not None:
        yield _Fact(WEIGHTS.waits)


def _by_minutes(minutes: float) -> float:
    before = _BY_MINUTES[0]
    if minutes <= before[0]:
        return before[1]
    for until in _BY_MINUTES[1:]:
        if minutes <= until[0]:
            way = (log1p(minutes) - log1p(before[0])) / (log1p(until[0]) - log1p(before[0]))
            return before[1] + way * (until[1] - before[1])
        before = until
    return before[1]


def _of_place(asked: Asked, dossier: Dossier) -> Iterator[_Fact]:
    """Who goes on with a matter on the same channel answers in its thread; a thread of its own speaks for something
    else. Another channel does not."""
    message = asked.identified.message
    places = {(each.conversation.channel, each.conversation.account) for each in dossier.view.conversations}
    if any(channel == message.channel for channel, _ in places) and not is_answer(message.subject):
        yield _Fact(WEIGHTS.same_channel)
    if (message.channel, message.account) in places:
        values = {"channel": message.channel, "account": message.account}
        yield _Fact(WEIGHTS.same_account, Evidence(code="same-account", values=values))


def _match(asked: Asked, dossier: Dossier, facts: Sequence[_Fact], percent: int) -> Match:
    told = sorted((fact for fact in facts if fact.evidence is not None), key=lambda fact: -abs(fact.counts))
    speaking_for = tuple(fact.evidence for fact in told if fact.evidence is not None and fact.counts >= 0)
    against = tuple(fact.evidence for fact in told if fact.evidence is not None and fact.counts < 0)
    return Match(dossier, percent, speaking_for, against, _is_named(asked, dossier))
