"""What a source tells of somebody: facts are kept with the handle, and handles that it knows to be one person's are
linked where that is safe."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from omnifil_contracts.identity import Actor, Assurance, Because, Evidence, Identity
from omnifil_contracts.profile import ProfileUpdated

from customer_profile.domain import handles
from customer_profile.domain.facts import NOTHING, heard
from customer_profile.domain.identities import (
    AGENT,
    NEW_CUSTOMER,
    NO_ANCHORS,
    SAME_AT_SOURCE,
    Anchors,
    Assured,
    KnownIdentity,
    Link,
    first_customer,
    link_id,
)

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a handle was last seen that has never written."""

ONE_EACH = frozenset({"loyalty-number", "customer-number", "shop-account"})
"""Kinds of which a person has one: two of them at one person are two persons who share a handle, or a conflict that an
agent shall look at."""


class NotVouchedFor(Exception):
    """Nobody can vouch for a handle that is marked as unproven."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"A handle of kind {kind} proves nothing: name the handle itself, as {handles.base_kind(kind)}."
        )


def named_in(update: ProfileUpdated) -> list[str]:
    """The keys of the handles that it names. Raises `NotVouchedFor`."""
    named = (update.identity, *update.also)
    if unproven := [identity.kind for identity in named if handles.is_unproven(identity.kind)]:
        raise NotVouchedFor(unproven[0])
    return [handles.normalised(identity).key for identity in named]


def told(
    update: ProfileUpdated, known: Mapping[str, KnownIdentity], *, trusted: bool, anchors: Anchors = NO_ANCHORS
) -> dict[str, KnownIdentity]:
    """By key, the handles that are known in another state afterwards.

    `known` holds those of `named_in` with their facts, and where a trusted source names several, all handles of their
    customers. A handle that nobody has used yet becomes known, with a customer of its own.
    """
    identity = handles.normalised(update.identity)
    others = [other for other in map(handles.normalised, update.also) if other != identity]
    one = known.get(identity.key) or _made_known(update, identity, anchors, trusted=trusted)
    after = {identity.key: _with_facts(one, update)}
    for other in others:
        if trusted:
            after |= _together(update, identity, other, {**known, **after}, anchors)
        # Said of both, so that an agent is asked whichever of them writes.
        if other.key in known:
            back = update.model_copy(
                update={"identity": other, "also": (identity,), "attributes": (), "records": (), "consents": ()}
            )
            after[other.key] = _with_facts({**known, **after}[other.key], back)
    return {key: state for key, state in after.items() if state is not known.get(key)}


def has_written(state: KnownIdentity) -> bool:
    """Whether any message came from it: else we only know of it."""
    return state.seen_at > NEVER


def _with_facts(state: KnownIdentity, update: ProfileUpdated) -> KnownIdentity:
    facts = heard(state.facts or NOTHING, update)
    if facts == (state.facts or NOTHING):
        return state
    after = state.hearing(facts)
    name = facts.newest("name")
    if name is not None and name.value is not None and not has_written(state):
        after = after.named(name.value[:200], name.at)
    return after


def _together(
    update: ProfileUpdated,
    one: Identity,
    other: Identity,
    known: Mapping[str, KnownIdentity],
    anchors: Anchors,
) -> dict[str, KnownIdentity]:
    """Links the two where both are proven, no agent has said anything of them, and one has never written: it goes to
    the other. A handle that has written has dossiers, and only an agent moves those to somebody else."""
    first, second = known[one.key], known.get(other.key)
    if second is None:
        if handles.is_anonymous(other) or _would_be_a_second(other, first.customer_id, known):
            return {}
        made = _made_known(update, other, anchors, trusted=True)
        return {other.key: replace(made, links=(_link(update, other, one, first.customer_id),))}
    moved, stays = (second, first) if not has_written(second) else (first, second)
    if (
        moved.customer_id == stays.customer_id
        or has_written(moved)
        or not (_may_be_linked(moved) and _may_be_linked(stays))
        or _would_be_a_second(moved.identity, stays.customer_id, known)
    ):
        return {}
    link = _link(update, moved.identity, stays.identity, stays.customer_id)
    if link.link_id in {each.link_id for each in moved.links}:
        return {}
    return {moved.key: moved.linked(link)}


def _may_be_linked(state: KnownIdentity) -> bool:
    """Proven, one person's, and not an agent's decision already."""
    return (
        state.assurance.at_least(Assurance.CHANNEL)
        and not handles.is_anonymous(state.identity)
        and not any(link.actor.kind == AGENT for link in state.links)
    )


def _would_be_a_second(identity: Identity, customer_id: str, known: Mapping[str, KnownIdentity]) -> bool:
    return identity.kind in ONE_EACH and any(
        state.identity.kind == identity.kind and state.customer_id == customer_id and state.identity != identity
        for state in known.values()
    )


def _made_known(update: ProfileUpdated, identity: Identity, anchors: Anchors, *, trusted: bool) -> KnownIdentity:
    """A handle that only the source knows so far: whoever proves it finds everything in place."""
    assurance = Assurance.CHANNEL if trusted else Assurance.CLAIMED
    link = Link(
        link_id=link_id(identity.key, _cause(update)),
        customer_id=first_customer(identity.key, anchors),
        assurance=assurance,
        at=update.occurred_at,
        because=Because(rule=NEW_CUSTOMER, evidence=(_known_to(update, identity),)),
        actor=_actor(update),
        caused_by=_cause(update),
    )
    return KnownIdentity(
        identity=identity,
        version=1,
        assurance=assurance,
        links=(link,),
        channel=update.source,
        seen_at=NEVER,
        assurances=(Assured(assurance, update.occurred_at, link.because.evidence),),
    )


def _link(update: ProfileUpdated, moved: Identity, stays: Identity, customer_id: str) -> Link:
    values = {"source": update.source, "kind": stays.kind, "handle": stays.value}
    return Link(
        link_id=link_id(moved.key, _cause(update)),
        customer_id=customer_id,
        assurance=Assurance.CHANNEL,
        at=update.occurred_at,
        because=Because(rule=SAME_AT_SOURCE, evidence=(Evidence(code="same-at-source", values=values),)),
        actor=_actor(update),
        caused_by=_cause(update),
    )


def _known_to(update: ProfileUpdated, identity: Identity) -> Evidence:
    return Evidence(code="known-to-source", values={"source": update.source, "kind": identity.kind})


def _actor(update: ProfileUpdated) -> Actor:
    return Actor(kind="integration", id=update.source)


def _cause(update: ProfileUpdated) -> str:
    return f"profile:{update.source}:{update.update_id}"
