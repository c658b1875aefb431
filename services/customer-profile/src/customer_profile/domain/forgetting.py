"""What others' identities hold of a person who is erased: nothing, afterwards."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from omnifil_contracts.identity import Evidence

from customer_profile.domain.facts import Facts
from customer_profile.domain.identities import KnownIdentity, Link


@dataclass(frozen=True)
class Forgotten:
    """Who is erased: their customer ids, the keys of their handles, what they were called."""

    customer_ids: frozenset[str]
    identities: frozenset[str]
    names: frozenset[str]

    @cached_property
    def words(self) -> frozenset[str]:
        """What evidence may say of them."""
        return self.names | {key.partition(":")[2] for key in self.identities}


def without(state: KnownIdentity, forgotten: Forgotten) -> KnownIdentity:
    """Somebody else's identity that says nothing of them; the state itself where it does not.

    That it was theirs for a time stays, for the messages of then; why it was does not.
    """
    words = forgotten.words
    # What a handle was called while it was theirs is their name; of who only bears the same it stays.
    their_name = state.display_name in forgotten.names and not forgotten.customer_ids.isdisjoint(state.customers)
    after = replace(
        state,
        display_name=None if their_name else state.display_name,
        named_at=None if their_name else state.named_at,
        links=tuple(_link_without(link, forgotten, words) for link in state.links),
        companies=tuple(
            each
            for each in state.companies
            if each.customer_id not in forgotten.customer_ids and each.account not in forgotten.identities
        ),
        assurances=tuple(replace(each, evidence=_evidence_without(each.evidence, words)) for each in state.assurances),
        facts=None if state.facts is None else _facts_without(state.facts, forgotten),
        same=tuple((source, other) for source, other in state.same if other.key not in forgotten.identities),
    )
    return state if after == state else replace(after, version=state.version + 1)


def _link_without(link: Link, forgotten: Forgotten, words: frozenset[str]) -> Link:
    rests_on = None if link.rests_on in forgotten.identities else link.rests_on
    if link.customer_id in forgotten.customer_ids:
        because, actor = link.because.model_copy(update={"evidence": ()}), link.actor.model_copy(update={"name": None})
        return replace(link, because=because, actor=actor, rests_on=rests_on)
    evidence = _evidence_without(link.because.evidence, words)
    if evidence == link.because.evidence and rests_on == link.rests_on:
        return link
    return replace(link, because=link.because.model_copy(update={"evidence": evidence}), rests_on=rests_on)


def _evidence_without(evidence: Iterable[Evidence], words: frozenset[str]) -> tuple[Evidence, ...]:
    """The facts' codes stay; what filled their sentences goes where it names them."""
    return tuple(each if words.isdisjoint(each.values.values()) else Evidence(code=each.code) for each in evidence)


def _facts_without(facts: Facts, forgotten: Forgotten) -> Facts:
    same = tuple(each for each in facts.same if each.identity.key not in forgotten.identities)
    return facts if same == facts.same else facts.model_copy(update={"same": same})
