"""The state of a customer: what the identities that are or were theirs say together."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from omnifil_contracts.customer import (
    AssuranceChange,
    CustomerChanged,
    CustomerMerge,
    LinkedIdentity,
    ReleasedIdentity,
)
from omnifil_contracts.identity import Because

from customer_profile.domain import card, handles
from customer_profile.domain.facts import Facts
from customer_profile.domain.identities import KnownIdentity, Link, Named
from customer_profile.domain.merging import standing_merges

_HANDLES_TOLD = 400
"""The surest: a record of Kafka holds them with all their reasons, and one that it refuses would stop all others."""


def compose(customer_id: str, identities: Sequence[KnownIdentity]) -> CustomerChanged:
    """The whole state. `identities` are all that have a link to this customer, now or before; at least one.

    `version` is the sum of theirs: identities never leave this set and their versions only grow, so that it grows with
    every change, over restarts too, and nobody has to keep a counter.
    """
    held = [state for state in identities if state.customer_id == customer_id]
    lost = [state for state in identities if state.customer_id != customer_id]
    held.sort(key=lambda state: (-state.assurance.rank, handles.strength(state.identity)))
    lost.sort(key=lambda state: handles.strength(state.identity))
    now_with = {state.customer_id for state in lost}
    own_links = [link for state in identities for link in state.links if link.customer_id == customer_id]
    return CustomerChanged(
        customer_id=customer_id,
        version=sum(state.version for state in identities),
        display_name=name_of(customer_id, identities),
        languages=_languages(held),
        identities=tuple(_linked(state) for state in held[:_HANDLES_TOLD]),
        released=tuple(_released(customer_id, state) for state in lost),
        merges=_merges(held, identities),
        merged_into=now_with.pop() if not held and len(now_with) == 1 else None,
        first_seen_at=min(link.at for link in own_links),
        changed_at=max(_changes(customer_id, identities)),
        profile=card.profile_of(_facts(held), [state.identity for state in held]),
    )


def name_of(customer_id: str, identities: Sequence[Named]) -> str | None:
    """What to call the customer by; one who has lost every handle keeps the name."""
    held = [state for state in identities if state.customer_id == customer_id]
    return display_name(held) or display_name(identities)


def display_name(identities: Sequence[Named]) -> str | None:
    """The latest name of the surest handle that has one."""
    named = [(state.assurance.rank, state.named_at, state.display_name) for state in identities if state.named_at]
    return max(named)[2] if named else None


def _languages(held: Sequence[KnownIdentity]) -> tuple[str, ...]:
    """As they write, then as sources say."""
    counted = Counter(language for state in held for language in state.languages)
    written = [language for language, _ in counted.most_common()]
    return tuple(dict.fromkeys([*written, *card.languages_of(_facts(held))]))


def _facts(held: Sequence[KnownIdentity]) -> list[Facts]:
    return [state.facts for state in held if state.facts is not None]


def _merges(held: Sequence[KnownIdentity], identities: Sequence[KnownIdentity]) -> tuple[CustomerMerge, ...]:
    """Each once, however many handles it moved."""
    found = {str(link.merge_id): (link, other) for state in held for link, other in standing_merges(state)}
    newest = sorted(found.items(), key=lambda each: (each[1][0].at, each[0]), reverse=True)
    return tuple(
        CustomerMerge(
            merge_id=merge_id,
            other_customer_id=other,
            other_name=display_name([state for state in identities if other in state.customers]),
            at=link.at,
            because=link.because,
            actor=link.actor,
        )
        for merge_id, (link, other) in newest
    )


def _linked(state: KnownIdentity) -> LinkedIdentity:
    return LinkedIdentity(
        identity=state.identity,
        as_written=state.spellings,
        shared=state.shared,
        shared_because=_why_shared(state),
        history=tuple(
            AssuranceChange(assurance=each.assurance, at=each.at, evidence=each.evidence) for each in state.assurances
        ),
        assurance=state.assurance,
        link_id=state.link.link_id,
        since=state.link.at,
        because=state.link.because,
        actor=state.link.actor,
    )


def _why_shared(state: KnownIdentity) -> Because | None:
    """Why the first of the links said so since which it is."""
    because = None
    for link in reversed(state.links):
        if not link.shared:
            break
        because = link.because
    return because


def _released(customer_id: str, state: KnownIdentity) -> ReleasedIdentity:
    """The identity is its present owner's, whatever happened in between; the link is the one that took it away."""
    link = _taken_by(customer_id, state)
    return ReleasedIdentity(
        identity=state.identity,
        as_written=state.spellings,
        to_customer_id=state.customer_id,
        link_id=link.link_id,
        at=link.at,
        because=link.because,
        actor=link.actor,
    )


def _taken_by(customer_id: str, state: KnownIdentity) -> Link:
    last_own = max(at for at, link in enumerate(state.links) if link.customer_id == customer_id)
    return state.links[last_own + 1]


def _changes(customer_id: str, identities: Sequence[KnownIdentity]) -> list[datetime]:
    """When anything happened to this customer: handles that came, went, or got another name."""
    instants: list[datetime] = []
    for state in identities:
        if state.customer_id == customer_id:
            instants.append(state.link.at)
            if state.named_at is not None:
                instants.append(state.named_at)
            if state.facts is not None and (heard_at := state.facts.newest_at) is not None:
                instants.append(heard_at)
        else:
            instants.append(_taken_by(customer_id, state).at)
    return instants
