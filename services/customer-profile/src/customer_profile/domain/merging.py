"""Two customers who are one person, and one who is two: links all of it, so that it can be taken back."""

from collections.abc import Iterable, Sequence

from omnifil_contracts import ids
from omnifil_contracts.identity import Because, Evidence, Identity

from customer_profile.domain import handles, standing
from customer_profile.domain.evidence import each_once
from customer_profile.domain.identities import AGENT, KnownIdentity, Link, link_id
from customer_profile.domain.linking import (
    AgentCommand,
    CustomerConflict,
    CustomerNotFound,
    IdentityNotFound,
    IdentityNotLinkable,
    NothingToUndo,
    confirmed,
)


class MergeNotFound(Exception):
    """No identity was ever moved by a merge of this id."""

    def __init__(self, merge_id: str) -> None:
        super().__init__(f"There is no merge {merge_id}.")


class NothingToMerge(Exception):
    """A customer is one with themself."""

    def __init__(self) -> None:
        super().__init__("The two are one customer already.")


class NothingToSplit(Exception):
    """Nobody would be left."""

    def __init__(self) -> None:
        super().__init__("These are all handles of the customer: there would be nobody to part them from.")


def merge_id(command_id: str) -> str:
    """The id of the merge that this command makes."""
    return ids.event_id("customer-merge", command_id)


def merge(
    customer_id: str,
    other_id: str,
    identities: Sequence[KnownIdentity],
    relied_on: Because | None,
    command: AgentCommand,
) -> list[KnownIdentity]:
    """All handles of the other are this customer's; the states that are new. `identities`: all that either had or has.

    How sure each is and whether it is shared does not change. One handle that stays is among the new states, so that
    of two merges in opposite directions one is too late. Raises `CustomerNotFound`, `CustomerConflict` (one of the two
    has no handle any more), `NothingToMerge`, `IdentityNotLinkable`.
    """
    if customer_id == other_id:
        raise NothingToMerge
    own, others = _held(customer_id, identities), _held(other_id, identities)
    for state in (*own, *others):
        if handles.is_unproven(state.identity.kind):
            raise IdentityNotLinkable(state.identity.kind)
    merging = merge_id(command.command_id)
    evidence = each_once((confirmed(command), *(relied_on.evidence if relied_on else ())))
    because = Because(rule=AGENT, evidence=(*evidence, Evidence(code="customers-merged")))
    moved = [_moved(state, customer_id, because, command, place, merging) for place, state in enumerate(others)]
    return [*moved, own[0].relied_on()]


def split(
    customer_id: str, chosen: Sequence[Identity], identities: Sequence[KnownIdentity], command: AgentCommand
) -> list[KnownIdentity]:
    """These handles are another person's; the states that are new. `identities`: all that the customer had or has.

    They go to whom they all came from, if they came from one and the same; else to a customer who is new. One handle
    that stays is among the new states. Raises `CustomerNotFound`, `CustomerConflict`, `IdentityNotFound`,
    `NothingToSplit`.
    """
    held = {state.key: state for state in _held(customer_id, identities)}
    known = {state.key: state for state in identities}
    for identity in chosen:
        if identity.key not in known:
            raise IdentityNotFound(identity.kind)
        if identity.key not in held:
            raise CustomerConflict(known[identity.key].customer_id)
    going = [state for key, state in held.items() if key in {identity.key for identity in chosen}]
    staying = [state for state in held.values() if state not in going]
    if not staying:
        raise NothingToSplit
    origins = {_came_from(state) for state in going}
    origin = origins.pop() if len(origins) == 1 else None
    to = (
        origin if origin not in (None, customer_id) else ids.event_id("customer-split", customer_id, command.command_id)
    )
    because = Because(rule=AGENT, evidence=(confirmed(command), Evidence(code="customer-split")))
    moved = [_moved(state, str(to), because, command, place) for place, state in enumerate(going)]
    return [*moved, staying[0].relied_on()]


def undo_merge(merging: str, identities: Sequence[KnownIdentity], command: AgentCommand) -> list[KnownIdentity]:
    """Every handle that the merge moved returns; the states that are new. `identities`: all that were moved by it, and
    all of those who have them now.

    It returns also when merges since took it further, for it went along for belonging there. It stays where an agent
    has linked it for itself since. What came since for coming with a handle that returns goes with it; whatever else
    came stays with the customer. Raises `MergeNotFound`, `NothingToUndo`.
    """
    if not any(link.merge_id == merging for state in identities for link in state.links):
        raise MergeNotFound(merging)
    because = Because(rule=AGENT, evidence=(Evidence(code="merge-undone"),))
    ordered = sorted(identities, key=lambda state: handles.strength(state.identity))
    after: dict[str, KnownIdentity] = {}
    went_to: dict[str, str] = {}
    """Customers that handles leave, and to whom they go, by the key of the handle."""
    for state in ordered:
        link = _merge_link(state, merging)
        if link is None:
            continue
        below = standing.below(state.links, link.link_id)
        to = below.customer_id if below is not None else ids.customer_id(state.key)
        after[state.key] = _moved(state, to, because, command, len(after), merging, undoes=link.link_id)
        went_to[state.key] = to
    if not after:
        raise NothingToUndo("The merge does not hold any more: its handles have returned, or were linked anew since.")
    left = {state.key: state.customer_id for state in ordered if state.key in after}
    while following := [state for state in ordered if state.key not in after and _rests_on(state, left)]:
        for state in following:
            anchor = str(_base(state).rests_on)
            left[state.key], went_to[state.key] = state.customer_id, went_to[anchor]
            after[state.key] = _moved(state, went_to[anchor], because, command, len(after), rests_on=anchor)
    return list(after.values())


def standing_merges(state: KnownIdentity) -> Iterable[tuple[Link, str]]:
    """The merges that can be taken back of this handle, and whose it was before each."""
    links = standing.standing(state.links)
    for place in range(len(links) - 1, 0, -1):
        link = links[place]
        if link.merge_id is None:
            return
        yield link, links[place - 1].customer_id


def _merge_link(state: KnownIdentity, merging: str) -> Link | None:
    return next((link for link, _ in standing_merges(state) if link.merge_id == merging), None)


def _base(state: KnownIdentity) -> Link:
    """The link that it rests on when merges are left out."""
    links = standing.standing(state.links)
    return next((link for link in reversed(links) if link.merge_id is None), links[0])


def _rests_on(state: KnownIdentity, left: dict[str, str]) -> bool:
    """Whether it came along with one of these, and is still where that was."""
    anchor = _base(state).rests_on
    return anchor is not None and left.get(anchor) == state.customer_id


def _came_from(state: KnownIdentity) -> str | None:
    links = standing.standing(state.links)
    return links[-2].customer_id if len(links) > 1 else None


def _held(customer_id: str, identities: Sequence[KnownIdentity]) -> list[KnownIdentity]:
    """Never empty; the strongest first."""
    held = [state for state in identities if state.customer_id == customer_id]
    if not held:
        gone = [state for state in identities if customer_id in state.customers]
        if not gone:
            raise CustomerNotFound(customer_id)
        raise CustomerConflict(gone[0].customer_id)
    return sorted(held, key=lambda state: handles.strength(state.identity))


def _moved(
    state: KnownIdentity, to: str, because: Because, command: AgentCommand, place: int, merging: str | None = None,
    undoes: str | None = None, rests_on: str | None = None,
) -> KnownIdentity:  # fmt: skip
    # A command id stands once in the store: at the first handle that it moves.
    cause = command.command_id if place == 0 else f"{command.command_id}/{place}"
    return state.linked(
        Link(
            link_id=link_id(state.key, command.command_id),
            customer_id=to,
            assurance=state.assurance,
            at=command.at,
            because=because,
            actor=command.agent,
            caused_by=cause,
            undoes=undoes,
            merge_id=merging,
            rests_on=rests_on,
            shared=state.shared,
        )
    )
