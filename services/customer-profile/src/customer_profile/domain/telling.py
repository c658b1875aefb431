"""What a source tells of somebody: facts are kept with the handle, and handles that it knows to be one person's are
linked where that is safe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from omnifil_contracts.identity import Actor, Assurance, Because, Evidence, Identity
from omnifil_contracts.profile import ProfileUpdated

from customer_profile.domain import handles, names
from customer_profile.domain.facts import NOTHING, heard
from customer_profile.domain.identities import (
    AGENT,
    NEVER,
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
from customer_profile.domain.roles import is_role_address


class NotVouchedFor(Exception):
    """Nobody can vouch for a handle that is marked as unproven."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"A handle of kind {kind} proves nothing: name the handle itself, as {handles.base_kind(kind)}."
        )


def compared(update: ProfileUpdated, region: str | None = None) -> ProfileUpdated:
    """With its handles in the form in which they are compared, each once. Raises `NotVouchedFor`."""
    named = (update.identity, *update.also)
    if unproven := [identity.kind for identity in named if handles.is_unproven(identity.kind)]:
        raise NotVouchedFor(unproven[0])
    identity, *others = dict.fromkeys(handles.normalised(each, region) for each in named)
    return update.model_copy(update={"identity": identity, "also": tuple(others)})


def named_in(update: ProfileUpdated) -> list[str]:
    """The keys of the handles that it names."""
    return [identity.key for identity in (update.identity, *update.also)]


@dataclass(frozen=True)
class Trust:
    """`sources` vouch for the handles that they name; nobody does for mailboxes that several persons read (`roles`:
    local parts beside the usual ones)."""

    sources: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()


def told(
    update: ProfileUpdated, known: Mapping[str, KnownIdentity], trust: Trust, anchors: Anchors = NO_ANCHORS
) -> dict[str, KnownIdentity]:
    """By key, the handles that are known in another state afterwards. The update is `compared`.

    `known` holds those of `named_in` with their facts, and where a trusted source names several, all handles of their
    customers. A handle that nobody has used yet becomes known, with a customer of its own.
    """
    identity = update.identity
    one = known.get(identity.key) or _made_known(update, identity, trust, anchors)
    if update.source in trust.sources:
        one = one.assured(Assurance.CHANNEL, update.occurred_at, (_known_to(update, identity),))
    after = {identity.key: _with_facts(one, update)}
    for other in update.also:
        if update.source in trust.sources:
            after |= _together(update, other, known, after, trust, anchors)
        # Said of both, so that an agent is asked whichever of them writes.
        if other.key in known:
            back = update.model_copy(
                update={"identity": other, "also": (identity,), "attributes": (), "records": (), "consents": ()}
            )
            after[other.key] = _with_facts({**known, **after}[other.key], back)
    return {key: state for key, state in after.items() if state is not known.get(key)}


def _with_facts(state: KnownIdentity, update: ProfileUpdated) -> KnownIdentity:
    facts = heard(state.facts or NOTHING, update)
    if facts == (state.facts or NOTHING):
        return state
    after = state.hearing(facts)
    name = facts.newest("name")
    if name is not None and name.value is not None and not state.has_written:
        after = after.named(name.value[:200], name.at)
    return after


def _together(
    update: ProfileUpdated,
    other: Identity,
    before: Mapping[str, KnownIdentity],
    after: Mapping[str, KnownIdentity],
    trust: Trust,
    anchors: Anchors,
) -> dict[str, KnownIdentity]:
    """Links the two where both are proven and one person's alone, and one of the customers is nobody yet but handles
    that sources know, under no other person's name: they all go to the other. What has written has dossiers, and only
    an agent moves those."""
    known = {**before, **after}
    first = known[update.identity.key]
    second = known.get(other.key) or _made_known(update, other, trust, anchors)
    if not (_is_proven(first, trust) and _is_proven(second, trust)):
        return {}
    if other.key in known and first.customer_id == second.customer_id:
        return {}
    known[second.key] = second
    for moved, stays in ((second, first), (first, second)):
        family = [state for state in known.values() if state.customer_id == moved.customer_id]
        others = [state for state in known.values() if state.customer_id == stays.customer_id]
        if all(_may_be_moved(state, stays.customer_id, known) for state in family) and _may_be_one(family, others):
            links = [_link(update, state.identity, stays) for state in family]
            # What is new began as nobody's: there is no customer that it leaves.
            return {
                state.key: state.linked(link) if state.key in before else replace(state, links=(link,))
                for state, link in zip(family, links, strict=True)
            }
    return {}


def _may_be_moved(state: KnownIdentity, customer_id: str, known: Mapping[str, KnownIdentity]) -> bool:
    """Nobody has written from it and no agent has said whose it is; and it is not the second of what one has once."""
    return (
        not state.has_written
        and not any(link.actor.kind == AGENT for link in state.links)
        and not _would_be_a_second(state.identity, customer_id, known)
    )


def _may_be_one(several: Sequence[KnownIdentity], others: Sequence[KnownIdentity]) -> bool:
    """By their names: a family's address that a source has with each of them does not make one person of them."""
    return all(names.may_be_one(one.display_name, other.display_name) for one in several for other in others)


def _is_proven(state: KnownIdentity, trust: Trust) -> bool:
    """Somebody's, and nobody else's."""
    return (
        state.assurance.at_least(Assurance.CHANNEL)
        and handles.can_be_proven(state.identity)
        and not handles.is_anonymous(state.identity)
        and not state.shared
        and not is_role_address(state.identity, trust.roles)
    )


def _would_be_a_second(identity: Identity, customer_id: str, known: Mapping[str, KnownIdentity]) -> bool:
    return identity.kind in handles.ONE_EACH and any(
        state.identity.kind == identity.kind and state.customer_id == customer_id and state.identity != identity
        for state in known.values()
    )


def _made_known(update: ProfileUpdated, identity: Identity, trust: Trust, anchors: Anchors) -> KnownIdentity:
    """A handle that only the source knows so far: whoever proves it finds everything in place."""
    assurance = Assurance.CHANNEL if update.source in trust.sources else Assurance.CLAIMED
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


def _link(update: ProfileUpdated, moved: Identity, stays: KnownIdentity) -> Link:
    values = {"source": update.source, "kind": stays.identity.kind, "handle": stays.identity.value}
    return Link(
        link_id=link_id(moved.key, f"{_cause(update)}/{stays.key}"),
        customer_id=stays.customer_id,
        rests_on=stays.key,
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
