"""How sure it is that a message is about the same matter as a dossier of the same customer.

Each fact counts for or against, in units of log odds (`weights`); the dossiers compete with each other and with
"something new" for the hundred percent. A public measurement of live cases stands behind it: 27 % of new conversations
began while another of the same person was open, and 72 % of those had another subject.

First comes what is named (order, invoice, parcel, dossier numbers), then what is said, then when and where.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from math import exp

from omnifil_contracts.identity import Evidence
from omnifil_contracts.message import IdentifiedMessage

from case_service.domain.dossier import Dossier
from case_service.domain.likeness import Likeness, likenesses
from case_service.domain.phrases import greets, says_that_it_goes_on, says_that_it_is_new
from case_service.domain.policy import Window
from case_service.domain.references import Reference, dossier_numbers_in
from case_service.domain.subjects import is_answer
from case_service.domain.weights import WEIGHTS, after_silence
from case_service.domain.words import Words, stems_of_names, words_of

_LITTLE = 1.0
"""A message that tells less than this ("Hello?") says nothing for or against by its words."""
_LONG_NUMBER = 5
_MOST_SURE = 99
"""Percent: a comparison is never certain, and a threshold of 100 means that no score joins."""
_MOST_SHARED, _MOST_UNSHARED = 4.0, 6.0


@dataclass(frozen=True)
class Asked:
    """The message that is compared, and what is worked out of it once."""

    identified: IdentifiedMessage
    named: tuple[Reference, ...]
    heard: Mapping[str, datetime] = field(default_factory=dict)
    """The dossiers that have the very conversation, where that goes on for ever: when it was last heard in them."""

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
    def greets(self) -> bool:
        return greets(self.identified.message.text)

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
class Fact:
    """What counts for (or against) a dossier: amounts by their name in `weights`, and the words for all of them
    together. `evidence` None: it counts, and needs no words."""

    amounts: Mapping[str, float]
    evidence: Evidence | None = None

    @property
    def counts(self) -> float:
        return sum(WEIGHTS[name] * amount for name, amount in self.amounts.items())


def matches(asked: Asked, dossiers: Sequence[Dossier], window: Window) -> list[Match]:
    """Those of the customer's dossiers that the message may be about, the surest first."""
    facts = facts_of(asked, dossiers, window)
    odds = {each.id: exp(min(sum(fact.counts for fact in of), 30.0)) for each, of in facts}
    whole = 1 + sum(odds.values())
    found = [_match(asked, each, of, min(round(100 * odds[each.id] / whole), _MOST_SURE)) for each, of in facts]
    # Of equals the one that was alive last.
    return sorted(found, key=lambda each: (-each.percent, -each.dossier.memory.last_activity_at.timestamp()))


def facts_of(asked: Asked, dossiers: Sequence[Dossier], window: Window) -> list[tuple[Dossier, tuple[Fact, ...]]]:
    """What speaks for and against each dossier that is in reach."""
    at = asked.identified.message.received_at
    reached = [each for each in dossiers if _is_in_reach(asked, each, at, window)]
    if not reached:
        return []
    # Compared against all of the customer's: what stands in each of them tells little.
    likes = likenesses(asked.words, [each.memory.profile for each in dossiers])
    by_id = {each.id: like for each, like in zip(dossiers, likes, strict=True)}
    return [(each, tuple(_facts(asked, each, by_id[each.id], at))) for each in reached]


def _is_in_reach(asked: Asked, dossier: Dossier, at: datetime, window: Window) -> bool:
    if dossier.view.merged_into is not None:
        return False
    if dossier.id in asked.heard:
        return True
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
    if not asked.named:
        return
    here = set(dossier.memory.references)
    for reference in asked.named:
        if reference.key in here:
            yield Evidence(code="same-reference", values={"kind": reference.kind, "number": reference.number})
    for key, (other, named) in asked.aliases.items():
        if key in here:
            values = {"kind": named.kind, "number": named.number, "other_kind": other.kind, "other": other.number}
            yield Evidence(code="related-record", values=values)


def _facts(asked: Asked, dossier: Dossier, likeness: Likeness, at: datetime) -> Iterator[Fact]:
    yield Fact({"before": 1})
    yield from _of_names(asked, dossier)
    yield from _of_phrases(asked, dossier)
    yield _of_words(asked, dossier, likeness)
    yield from _of_time(asked, dossier, at)
    yield from _of_place(asked, dossier)


def _of_names(asked: Asked, dossier: Dossier) -> Iterator[Fact]:
    shared = next(_shared_references(asked, dossier), None)
    if shared is not None:
        yield Fact({"named": 1}, shared)
        return
    if not asked.named:
        return
    kinds = {reference.kind: reference for reference in map(Reference.of_key, dossier.memory.references)}
    for reference in asked.named:
        theirs = kinds.get(reference.kind)
        if theirs is not None:
            values = {"kind": reference.kind, "number": reference.number, "theirs": theirs.number}
            yield Fact({"named_other": 1}, Evidence(code="other-reference", values=values))
            return


def _of_phrases(asked: Asked, dossier: Dossier) -> Iterator[Fact]:
    if asked.begins is not None:
        yield Fact({"begins": 1}, Evidence(code="says-new-matter", values={"words": asked.begins}))
    elif asked.goes_on is not None:
        yield Fact({"goes_on": 1}, Evidence(code="says-same-matter", values={"words": asked.goes_on}))
    if dossier.id in asked.heard and asked.greets:
        yield Fact({"greets": 1})


def _of_words(asked: Asked, dossier: Dossier, likeness: Likeness) -> Fact:
    topics, theirs = asked.words.topics, dossier.memory.profile.topics
    amounts: dict[str, float] = {}
    if topics and theirs:
        amounts["other_topic" if topics.isdisjoint(theirs) else "same_topic"] = 1
    if likeness.weight < _LITTLE:
        return Fact(amounts | {"little": 1}, Evidence(code="says-little"))
    if _has_other_numbers(asked.words, dossier.memory.profile.words):
        amounts["other_number"] = 1
    amounts["shared"] = min(likeness.shared, _MOST_SHARED)
    amounts["unshared"] = min(likeness.weight - likeness.shared, _MOST_UNSHARED)
    if likeness.words or "same_topic" in amounts:
        values = {"percent": str(likeness.percent), "words": ", ".join(likeness.words)}
        return Fact(amounts, Evidence(code="same-text", values=values) if likeness.words else None)
    return Fact(amounts | {"nothing_shared": 1}, Evidence(code="other-text"))


def _has_other_numbers(words: Words, theirs: Mapping[str, int]) -> bool:
    """Both name numbers as long as those of orders, and none of them is the same."""
    numbers = [stem for stem in words.by_stem if len(stem) > _LONG_NUMBER and stem[0] == "#"]
    if not numbers or any(number in theirs for number in numbers):
        return False
    return any(len(stem) > _LONG_NUMBER and stem[0] == "#" for stem in theirs)


def _of_time(asked: Asked, dossier: Dossier, at: datetime) -> Iterator[Fact]:
    heard = asked.heard.get(dossier.id)
    silent = abs(at - (dossier.memory.closed_at or dossier.memory.last_activity_at))
    minutes = silent / timedelta(minutes=1)
    place = "talk" if heard is not None else "apart"
    values = {"minutes": str(int(minutes))} if minutes < 60 * 48 else {"days": str(silent.days)}
    amounts = after_silence(f"{place}_{'live' if dossier.is_live else 'closed'}", minutes)
    yield Fact(amounts, Evidence(code="recent" if minutes < 60 * 48 else "idle", values=values))
    if dossier.is_live and dossier.view.unanswered_since is None:
        yield Fact({"answered": 1})


def _of_place(asked: Asked, dossier: Dossier) -> Iterator[Fact]:
    """Who goes on with a matter by mail answers in its thread, as a rule; a new one is called otherwise."""
    if dossier.id in asked.heard:
        return
    message = asked.identified.message
    places = {(each.conversation.channel, each.conversation.account) for each in dossier.view.conversations}
    if any(channel == message.channel for channel, _ in places):
        yield Fact({"same_channel_answer" if is_answer(message.subject) else "same_channel": 1})
    if (message.channel, message.account) in places:
        values = {"channel": message.channel, "account": message.account}
        yield Fact({"same_account": 1}, Evidence(code="same-account", values=values))


def _match(asked: Asked, dossier: Dossier, facts: Sequence[Fact], percent: int) -> Match:
    # What is named comes first, whatever it counts: it is what people look at.
    told = sorted(
        (fact for fact in facts if fact.evidence is not None),
        key=lambda fact: ("named" not in fact.amounts, -abs(fact.counts)),
    )
    speaking_for = tuple(fact.evidence for fact in told if fact.evidence is not None and fact.counts >= 0)
    against = tuple(fact.evidence for fact in told if fact.evidence is not None and fact.counts < 0)
    return Match(dossier, percent, speaking_for, against, _is_named(asked, dossier))
