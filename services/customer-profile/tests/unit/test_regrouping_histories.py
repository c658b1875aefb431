"""Any history of messages, merges, splits, marks and undoings: what must always hold."""

import asyncio
from collections.abc import Sequence

from customer_profile.domain.identities import KnownIdentity
from customer_profile.domain.linking import (
    CustomerConflict,
    CustomerNotFound,
    IdentityNotFound,
    IdentityNotLinkable,
    NothingToUndo,
)
from customer_profile.domain.merging import MergeNotFound, NothingToMerge, NothingToSplit, merge_id
from customer_profile.domain.sharing import SharingRules
from customer_profile.handlers import Rules
from hypothesis import given, settings
from hypothesis import strategies as st
from omnifil_contracts import ids
from omnifil_contracts.identity import Assurance
from omnifil_contracts.message import InboundMessage
from profile_scenes.people import handle, written
from profile_scenes.scene import Scene

KEYS = [
    "email:a@x.test", "email:b@x.test", "phone:+33600000001", "shop-account:1", "messenger:1", "messenger:2",
    "email-unproven:a@x.test", "visitor:1",
]  # fmt: skip
NOTHING_SHARED = Rules(sharing=SharingRules(accounts=99))
REFUSED = (
    CustomerConflict, CustomerNotFound, IdentityNotFound, IdentityNotLinkable, MergeNotFound, NothingToMerge,
    NothingToSplit, NothingToUndo,
)  # fmt: skip

Step = tuple[str, int, int, int]
"""What, and three numbers that choose among what there is then."""

messages = st.tuples(st.just("message"), st.integers(0, 7), st.integers(0, 7), st.integers(0, 1))
of_persons = st.tuples(st.just("message"), st.integers(0, 6), st.integers(0, 6), st.just(0))
"""Not of a browser, which two persons may share."""
merges = st.tuples(st.just("merge"), st.integers(0, 9), st.integers(0, 9), st.just(0))
splits = st.tuples(st.just("split"), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
undoings = st.tuples(st.just("undo"), st.integers(0, 9), st.just(0), st.just(0))
single_undoings = st.tuples(st.just("undo-link"), st.integers(0, 9), st.just(0), st.just(0))
marks = st.tuples(st.just("mark"), st.integers(0, 9), st.integers(0, 1), st.just(0))
links = st.tuples(st.just("link"), st.integers(0, 9), st.integers(0, 9), st.just(0))


def of_step(step: Step, number: int) -> InboundMessage:
    """Somebody writes with one or two handles, all under one name."""
    _, first, second, _ = step
    proven = Assurance.VERIFIED
    others = [handle(KEYS[second], proven)] if second != first else []
    return written("chat", handle(KEYS[first], proven), *others, name="Claire Martin", minutes=number)


class Play:
    """A scene, what happened to whom, and what must hold after each step."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.scene = Scene(rules)
        self.versions: dict[str, int] = {}
        self.merges: list[str] = []
        self.before: dict[str, str] = {}
        """By link, whose the handle was when it was made; of a first link the customer who begins with the handle."""

    async def states(self) -> list[KnownIdentity]:
        return sorted((await self.scene.identities.by_keys(KEYS)).values(), key=lambda state: state.key)

    async def owners(self) -> list[str]:
        return sorted({state.customer_id for state in await self.states()})

    async def step(self, step: Step, number: int) -> None:
        what, first, second, third = step
        if what == "message":
            await self.scene.hear(of_step(step, number))
        else:
            before = await self.states()
            try:
                await self.command(what, first, second, third, f"command-{number:04}")
            except REFUSED:
                assert await self.states() == before, "what was refused has left something"
        await self.check()

    async def command(self, what: str, first: int, second: int, third: int, command_id: str) -> None:
        owners, states = await self.owners(), await self.states()
        if not owners:
            return
        one, other = owners[first % len(owners)], owners[second % len(owners)]
        state = states[first % len(states)]
        if what == "merge":
            merged = await self.scene.merges(one, other, command_id)
            assert merge_id(command_id) in {each.merge_id for each in merged.merges}
            self.merges.append(merge_id(command_id))
        elif what == "split":
            held = [each.key for each in states if each.customer_id == one]
            chosen = {held[second % len(held)], held[third % len(held)]}
            await self.scene.splits(one, *sorted(chosen), command_id=command_id)
        elif what == "undo" and self.merges:
            await self.scene.undoes(self.merges[first % len(self.merges)], command_id)
        elif what == "undo-link":
            await self.scene.desk.undo(state.link.link_id, command_id, state.link.actor)
            returned = {each.key: each for each in await self.states()}[state.key]
            assert returned.customer_id == self.before[state.link.link_id]
            assert returned.link.undoes == state.link.link_id
        elif what == "mark":
            await self.scene.marks(state.key, bool(second), command_id)
        elif what == "link":
            await self.scene.links(state.key, other, command_id)

    async def check(self) -> None:
        """Each handle has one owner, all tell the same of it, and versions grow."""
        states = await self.states()
        for state in states:
            owners = [ids.customer_id(state.key), *(link.customer_id for link in state.links)]
            self.before |= {link.link_id: before for link, before in zip(state.links, owners, strict=False)}
        everybody = {customer for state in states for customer in state.customers}
        told: dict[str, str] = {}
        for customer in await self.scene.desk.customers(sorted(everybody)):
            for linked in customer.identities:
                assert told.setdefault(linked.identity.key, customer.customer_id) == customer.customer_id
            for released in customer.released:
                assert released.to_customer_id != customer.customer_id
            assert customer.version >= self.versions.get(customer.customer_id, 1)
            self.versions[customer.customer_id] = customer.version
            kinds = {linked.identity.kind.endswith("-unproven") for linked in customer.identities}
            assert len(kinds) <= 1, "what is proven and what is not are one customer"
        assert told == {state.key: state.customer_id for state in states}

    async def partition(self) -> dict[str, str]:
        return {state.key: state.customer_id for state in await self.states()}


def played(steps: Sequence[Step]) -> None:
    async def play() -> None:
        one = Play()
        for number, step in enumerate(steps):
            await one.step(step, number)

    asyncio.run(play())


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(messages, merges, splits, undoings, single_undoings, marks, links), max_size=14))
def test_each_handle_has_one_owner_and_versions_grow_whatever_happens(steps: list[Step]) -> None:
    played(steps)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(of_persons, min_size=1, max_size=4),
    st.lists(st.one_of(of_persons, merges, splits, undoings, links), max_size=8),
    st.lists(single_undoings, min_size=4, max_size=12),
)
def test_what_each_undo_of_a_link_gives_back_is_whose_it_was_before_that_link(
    first: list[Step], then: list[Step], undone: list[Step]
) -> None:
    """First links among them: what came with another handle, also after merges and splits, gets its own customer."""
    played([*first, *then, *undone])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(of_persons, of_persons, merges), max_size=12), st.randoms(use_true_random=False))
def test_undoing_every_merge_in_any_order_leaves_everybody_as_if_there_had_been_none(
    steps: list[Step], chance: object
) -> None:
    async def play() -> None:
        # Whether a handle is shared is asked of whose it is then: that may differ, and stays as it was found.
        merged, plain = Play(NOTHING_SHARED), Play(NOTHING_SHARED)
        for number, step in enumerate(steps):
            await merged.step(step, number)
            if step[0] == "message":
                await plain.step(step, number)
        order = list(merged.merges)
        chance.shuffle(order)  # type: ignore[attr-defined]
        for number, each in enumerate(order):
            await merged.scene.undoes(each, f"command-undo-{number}")
            await merged.check()
        assert await merged.partition() == await plain.partition()

    asyncio.run(play())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(messages, merges, undoings), max_size=12))
def test_the_same_messages_again_move_nothing(steps: list[Step]) -> None:
    async def play() -> None:
        one = Play()
        for number, step in enumerate(steps):
            await one.step(step, number)
        before = {state.key: state.links for state in await one.states()}
        for number, step in enumerate(steps):
            if step[0] == "message":
                await one.scene.hear(of_step(step, number))
        assert {state.key: state.links for state in await one.states()} == before

    asyncio.run(play())


def test_a_customer_who_is_told_of_is_the_one_whose_the_handles_are() -> None:
    """The play can fail: a state that says otherwise is noticed."""

    async def play() -> None:
        one = Play()
        await one.step(("message", 0, 0, 0), 0)
        one.versions = {customer: 99 for customer in await one.owners()}
        try:
            await one.check()
        except AssertionError:
            return
        raise AssertionError("the play notices nothing")

    asyncio.run(play())
