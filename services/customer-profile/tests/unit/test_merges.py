"""Customers who turn out to be one person, or two; and agents who change their mind."""

import asyncio
from collections.abc import Collection

import pytest
from customer_profile.domain.identities import KnownIdentity
from customer_profile.domain.linking import CustomerConflict, CustomerNotFound, IdentityNotLinkable, NothingToUndo
from customer_profile.domain.merging import MergeNotFound, NothingToMerge, NothingToSplit
from customer_profile.ports import CommandReused
from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.identity import Assurance
from profile_scenes.people import AMELIE, CLAIRE, chat, mail, messenger, signed, unproven_mail, vouched, written
from profile_scenes.scene import Scene

MESSENGER = "messenger:page/1"


async def two(scene: Scene) -> tuple[str, str]:
    """Claire by mail; and by Messenger and a signed phone, as somebody else."""
    one = await scene.hear(mail(name="Claire Martin"))
    other = await scene.hear(written("social", vouched(MESSENGER), signed("phone:+33612345678"), name="Claire Martin"))
    assert one.customer_id != other.customer_id
    return one.customer_id, other.customer_id


def keys(customer: CustomerChanged) -> set[str]:
    return {each.identity.key for each in customer.identities}


async def test_all_handles_of_the_other_are_the_customers(scene: Scene) -> None:
    claire, other = await two(scene)
    before = await scene.desk.customer(other)
    merged = await scene.merges(claire, other)
    assert keys(merged) == {f"email:{CLAIRE}", MESSENGER, "phone:+33612345678"}
    (merge,) = merged.merges
    assert (merge.other_customer_id, merge.other_name, merge.actor) == (other, "Claire Martin", AMELIE)
    assert {each.code for each in merge.because.evidence} == {"agent-confirmed", "customers-merged"}
    gone = await scene.desk.customer(other)
    assert (gone.merged_into, gone.identities, gone.merges) == (claire, (), ())
    assert gone.version > before.version
    # A merge proves nothing of a handle: each is as sure as it was.
    sure = {each.identity.key: each.assurance for each in before.identities}
    assert {key: sure[key] for key in sure} == {
        each.identity.key: each.assurance for each in merged.identities if each.identity.key in sure
    }
    assert (await scene.hear(messenger("1"))).customer_id == claire


async def test_after_weeks_a_merge_is_taken_back_and_everything_is_where_it_was(scene: Scene) -> None:
    claire, other = await two(scene)
    before = [await scene.desk.customer(each) for each in (claire, other)]
    merge_id = (await scene.merges(claire, other)).merges[0].merge_id
    for week in range(1, 5):
        await scene.hear(messenger("1", minutes=week * 7 * 24 * 60))
    back = await scene.undoes(merge_id)
    assert back.customer_id == other
    after = [await scene.desk.customer(each) for each in (claire, other)]
    assert [keys(each) for each in after] == [keys(each) for each in before]
    assert [each.merged_into for each in after] == [None, None]
    assert [each.merges for each in after] == [(), ()]
    assert all(now.version > then.version for now, then in zip(after, before, strict=True))
    with pytest.raises(NothingToUndo):
        await scene.undoes(merge_id, "command-again")


async def test_what_came_since_stays_unless_it_came_with_a_handle_that_returns(scene: Scene) -> None:
    claire, other = await two(scene)
    merge_id = (await scene.merges(claire, other)).merges[0].merge_id
    await scene.hear(chat("with-mail", signed(f"email:{CLAIRE}"), minutes=1))
    await scene.hear(chat("with-phone", signed("phone:+33612345678"), minutes=2))
    await scene.hear(chat("with-phone", signed("phone:+33612345678"), signed("shop-account:7"), minutes=3))
    assert await scene.owner("visitor:with-phone") == claire
    await scene.undoes(merge_id)
    assert await scene.owner("visitor:with-mail") == claire
    assert await scene.owner("visitor:with-phone") == other
    assert await scene.owner("shop-account:7") == other


async def test_a_merge_inside_a_merge_is_taken_back_in_any_order(scene: Scene) -> None:
    for order in (("one", "two"), ("two", "one")):
        scene = Scene()
        claire, other = await two(scene)
        paul = (await scene.hear(mail("paul@customer.test"))).customer_id
        merges = {"one": (await scene.merges(claire, other)).merges[0].merge_id}
        merged = await scene.merges(paul, claire, "command-two")
        merges["two"] = merged.merges[0].merge_id
        assert {each.other_customer_id for each in merged.merges} == {claire, other}
        for number, name in enumerate(order):
            await scene.undoes(merges[name], f"command-undo-{number}")
        for customer, held in (
            (claire, {f"email:{CLAIRE}"}),
            (other, {MESSENGER, "phone:+33612345678"}),
            (paul, {"email:paul@customer.test"}),
        ):
            assert keys(await scene.desk.customer(customer)) == held, order


async def test_a_handle_that_an_agent_linked_since_stays_where_the_agent_put_it(scene: Scene) -> None:
    claire, other = await two(scene)
    paul = (await scene.hear(mail("paul@customer.test"))).customer_id
    merge_id = (await scene.merges(claire, other)).merges[0].merge_id
    await scene.links(MESSENGER, paul, "command-link")
    await scene.undoes(merge_id)
    assert await scene.owner(MESSENGER) == paul
    assert await scene.owner("phone:+33612345678") == other


async def test_some_handles_are_another_persons(scene: Scene) -> None:
    claire = (await scene.hear(chat("v1", signed(f"email:{CLAIRE}"), signed("shop-account:7")))).customer_id
    parted = await scene.splits(claire, "shop-account:7", "visitor:v1")
    assert parted.customer_id != claire
    assert keys(parted) == {"shop-account:7", "visitor:v1"}
    assert keys(await scene.desk.customer(claire)) == {f"email:{CLAIRE}"}
    # What an agent has parted no message puts together again.
    again = await scene.hear(chat("v1", signed(f"email:{CLAIRE}"), signed("shop-account:7"), minutes=1))
    assert again.customer_id == claire
    assert await scene.owner("shop-account:7") == parted.customer_id
    assert [each.customer_id for each in again.suggestions] == [parted.customer_id]
    # And whoever thinks better of it merges the two.
    assert keys(await scene.merges(claire, parted.customer_id)) == {f"email:{CLAIRE}", "shop-account:7", "visitor:v1"}


async def test_what_is_split_off_returns_to_whom_it_came_from(scene: Scene) -> None:
    claire, other = await two(scene)
    await scene.merges(claire, other)
    assert (await scene.splits(claire, MESSENGER)).customer_id == other


async def test_nobody_is_split_into_nothing_or_by_what_is_not_theirs(scene: Scene) -> None:
    claire, other = await two(scene)
    with pytest.raises(NothingToSplit):
        await scene.splits(claire, f"email:{CLAIRE}")
    with pytest.raises(CustomerConflict) as conflict:
        await scene.splits(claire, MESSENGER)
    assert conflict.value.customer_id == other


async def test_who_is_gone_or_proves_nothing_is_not_merged(scene: Scene) -> None:
    claire, other = await two(scene)
    unproven = (await scene.hear(unproven_mail())).customer_id
    for pair in ((claire, unproven), (unproven, claire)):
        with pytest.raises(IdentityNotLinkable):
            await scene.merges(*pair)
    with pytest.raises(NothingToMerge):
        await scene.merges(claire, claire)
    with pytest.raises(CustomerNotFound):
        await scene.merges(claire, "nobody")
    with pytest.raises(MergeNotFound):
        await scene.undoes("no-such-merge")
    await scene.merges(claire, other)
    with pytest.raises(CustomerConflict) as conflict:
        await scene.merges(other, claire, "command-3")
    assert conflict.value.customer_id == claire


async def test_a_command_takes_effect_once_and_is_answered_alike(scene: Scene) -> None:
    claire, other = await two(scene)
    merged = await scene.merges(claire, other)
    assert await scene.merges(claire, other) == merged
    merge_id = merged.merges[0].merge_id
    parted = await scene.splits(claire, MESSENGER)
    assert await scene.splits(claire, MESSENGER) == parted
    back = await scene.undoes(merge_id)
    assert await scene.undoes(merge_id) == back
    for again in (
        scene.splits(claire, MESSENGER, command_id="command-undo"),
        scene.merges(claire, other, "command-split"),
    ):
        with pytest.raises(CommandReused):
            await again


async def test_of_two_agents_who_merge_at_once_one_is_told(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    claire, other = await two(scene)
    paul = (await scene.hear(mail("paul@customer.test"))).customer_id
    for turn, pairs in enumerate([((claire, other), (paul, other)), ((claire, paul), (paul, claire))]):
        _together(scene, monkeypatch, len(pairs))
        answers = await asyncio.gather(
            *(scene.merges(*pair, f"command-{turn}-{number}") for number, pair in enumerate(pairs)),
            return_exceptions=True,
        )
        monkeypatch.undo()
        (conflict,) = [each for each in answers if isinstance(each, BaseException)]
        assert isinstance(conflict, CustomerConflict), conflict
        (merged,) = [each for each in answers if isinstance(each, CustomerChanged)]
        assert conflict.customer_id == merged.customer_id
        await scene.undoes(merged.merges[0].merge_id, f"command-undo-{turn}")


async def test_the_same_command_twice_at_once_is_one_merge(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    claire, other = await two(scene)
    _together(scene, monkeypatch, 2)
    one, again = await asyncio.gather(scene.merges(claire, other), scene.merges(claire, other))
    assert one == again
    assert len(one.merges) == 1


async def test_a_preview_shows_what_the_two_do_not_agree_on_and_changes_nothing(scene: Scene) -> None:
    one = await scene.hear(
        chat("v1", signed("loyalty-number:111 222"), signed(f"email:{CLAIRE}"), name="Claire Martin")
    )
    other = await scene.hear(chat("v2", signed("loyalty-number:333"), name="Paul Petit"))
    before = [await scene.desk.customer(each.customer_id) for each in (one, other)]
    preview = await scene.desk.merge_preview(one.customer_id, other.customer_id)
    assert [preview.customer, preview.other] == before
    assert {each.attribute: {value.value for value in each.values} for each in preview.conflicts} == {
        "loyalty-number": {"111222", "333"},
        "name": {"Claire Martin", "Paul Petit"},
    }
    assert [await scene.desk.customer(each.customer_id) for each in (one, other)] == before


async def test_a_merge_keeps_how_each_became_sure(scene: Scene) -> None:
    claire, other = await two(scene)
    await scene.hear(chat("v9", signed(MESSENGER), minutes=5))
    merged = await scene.merges(claire, other)
    (linked,) = [each for each in merged.identities if each.identity.key == MESSENGER]
    assert [(each.assurance, [evidence.code for evidence in each.evidence]) for each in linked.history] == [
        (Assurance.CHANNEL, ["platform-account"]),
        (Assurance.VERIFIED, ["signed-by-site"]),
    ]


def _together(scene: Scene, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """So many see the store before any of them writes."""
    load, arrived, all_there = scene.identities.of_customers, [], asyncio.Event()

    async def load_together(customers: Collection[str]) -> dict[str, list[KnownIdentity]]:
        states = await load(customers)
        arrived.append(customers)
        if len(arrived) == count:
            all_there.set()
        await all_there.wait()
        return states

    monkeypatch.setattr(scene.identities, "of_customers", load_together)
