"""Whatever is written in whatever order: what must always hold."""

import asyncio
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from omnifil_contracts import ids
from omnifil_contracts.identity import Assurance, AssuredIdentity
from omnifil_contracts.message import InboundMessage
from profile_scenes.people import handle, written
from profile_scenes.scene import Scene

KEYS = [
    "email:a@x.test", "email:b@x.test", "email-unproven:a@x.test", "phone:+33600000001", "shop-account:1",
    "messenger:1", "visitor:1", "visitor:2",
]  # fmt: skip
handles_of_anybody = st.builds(handle, st.sampled_from(KEYS), st.sampled_from(Assurance))


def message(
    channel: str, primary: AssuredIdentity, others: list[AssuredIdentity], name: str | None, echo: bool, minutes: int
) -> InboundMessage:
    direction = "echo" if echo else "inbound"
    return written(channel, primary, *others, name=name, direction=direction, minutes=minutes)


messages = st.lists(
    st.builds(
        message,
        st.sampled_from(["email", "chat", "social"]),
        handles_of_anybody,
        st.lists(handles_of_anybody, max_size=3),
        st.sampled_from([None, "Claire Martin", "Paul Petit"]),
        st.booleans(),
        st.integers(0, 600),
    ),
    min_size=1,
    max_size=12,
)


def in_batches(several: list[InboundMessage], cuts: set[int]) -> list[list[InboundMessage]]:
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(several)), len(several)]
    return [several[start:end] for start, end in pairwise(edges)]


@settings(max_examples=150, deadline=None)
@given(messages, st.sets(st.integers(1, 11)), st.sets(st.integers(1, 11)))
def test_messages_never_move_a_handle_and_batches_make_no_difference(
    several: list[InboundMessage], cuts: set[int], other_cuts: set[int]
) -> None:
    async def play() -> None:
        one, other = Scene(), Scene()
        owners: dict[str, str] = {}
        versions: dict[str, int] = {}
        for batch in in_batches(several, cuts):
            await one.hears(*batch)
            states = await one.identities.by_keys(KEYS)
            for key, customer_id in owners.items():
                if states[key].customer_id != customer_id:
                    assert states[key].shared, "a message moved a handle"
                    first_link = states[key].links[0].link_id
                    of_its_own = (ids.customer_id(key), ids.customer_id(f"shared-handle/{key}/{first_link}"))
                    assert states[key].customer_id in of_its_own, "a message gave a handle to somebody"
                assert len(states[key].links) == 1 + states[key].shared
            owners = {key: state.customer_id for key, state in states.items()}
            for customer in await one.desk.customers(set(owners.values())):
                assert customer.version >= versions.get(customer.customer_id, 1)
                versions[customer.customer_id] = customer.version
        for batch in in_batches(several, other_cuts):
            await other.hears(*batch)
        once = [(each.customer_id, each.because, each.assured) for each in one.announced.messages]
        assert once == [(each.customer_id, each.because, each.assured) for each in other.announced.messages]
        settled = await one.identities.by_keys(KEYS)
        for each in several:  # a redelivery, one by one
            await one.hear(each)
        again = await one.identities.by_keys(KEYS)
        assert {key: state.links for key, state in again.items()} == {key: each.links for key, each in settled.items()}
        if not any(state.shared for state in settled.values()):  # what came before that is told otherwise
            assert [each.customer_id for each in one.announced.messages[len(several) :]] == [each[0] for each in once]

    asyncio.run(play())


@settings(max_examples=150, deadline=None)
@given(messages)
def test_what_is_only_claimed_enters_nobodys_customer(several: list[InboundMessage]) -> None:
    """Who proves nothing is a customer that holds nothing but unproven handles."""

    async def play() -> None:
        scene = Scene()
        for each in await scene.hears(*several):
            customer = await scene.desk.customer(each.customer_id)
            kinds = {linked.identity.kind.endswith("-unproven") for linked in customer.identities}
            # None: all its handles have turned out to be shared since.
            assert len(kinds) <= 1, "a customer holds what is proven beside what is not"
            assert not (each.assured and True in kinds)
            because = {evidence.code for evidence in each.because.evidence}
            assert (
                each.assured
                or "shared-handle" in because
                or all(linked.identity.kind.endswith("-unproven") for linked in customer.identities)
            )
            for suggestion in each.suggestions:
                assert suggestion.customer_id != each.customer_id
                theirs = await scene.desk.customer(suggestion.customer_id)
                proven = not any(linked.identity.kind.endswith("-unproven") for linked in theirs.identities)
                assert suggestion.linkable is (each.assured and proven)

    asyncio.run(play())
