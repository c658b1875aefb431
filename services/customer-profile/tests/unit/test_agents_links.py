"""What agents confirm and take back."""

import asyncio
from collections.abc import Collection

import pytest
from customer_profile.domain.identities import KnownIdentity
from customer_profile.domain.linking import (
    CustomerNotFound,
    IdentityNotFound,
    IdentityNotLinkable,
    MovedMeanwhile,
    NothingToUndo,
)
from customer_profile.ports import CommandReused
from omnifil_contracts import ids
from omnifil_contracts.customer import LinkIdentity
from omnifil_contracts.identity import Assurance, Because, Evidence, Identity
from profile_scenes.people import AMELIE, CLAIRE, chat, mail, messenger, signed, unproven_mail
from profile_scenes.scene import Scene

MESSENGER = "messenger:page/1"


async def claire_and_stranger(scene: Scene) -> tuple[str, str]:
    """Claire is known by mail; somebody writes on Messenger."""
    claire, stranger = await scene.hears(mail(name="Claire Martin"), messenger("1", name="Clairette"))
    return claire.customer_id, stranger.customer_id


async def test_a_confirmed_handle_is_the_customers_for_good(scene: Scene) -> None:
    claire, stranger = await claire_and_stranger(scene)
    state = await scene.links(MESSENGER, claire)
    (linked,) = [each for each in state.identities if each.identity.key == MESSENGER]
    assert (linked.assurance, linked.actor, linked.because.rule) == (Assurance.VERIFIED, AMELIE, "agent")
    assert linked.because.evidence[0].code == "agent-confirmed"
    before = await scene.desk.customer(stranger)
    assert before.merged_into == claire
    assert before.identities == ()
    assert [(each.to_customer_id, each.link_id) for each in before.released] == [(claire, linked.link_id)]
    assert (await scene.hear(messenger("1"))).customer_id == claire


async def test_what_the_agent_relied_on_is_kept(scene: Scene) -> None:
    claire, _ = await claire_and_stranger(scene)
    asked = LinkIdentity(
        identity=Identity(kind="messenger", value="page/1"),
        because=Because(rule="identity", evidence=(Evidence(code="same-name", values={"name": "Claire"}),)),
    )
    state = await scene.desk.link(claire, asked, "command-1", AMELIE)
    (linked,) = [each for each in state.identities if each.identity.key == MESSENGER]
    assert [each.code for each in linked.because.evidence] == ["agent-confirmed", "same-name"]


async def test_undoing_returns_the_handle_as_it_was(scene: Scene) -> None:
    claire, stranger = await claire_and_stranger(scene)
    before = await scene.desk.customer(stranger)
    state = await scene.links(MESSENGER, claire)
    link_id = next(each.link_id for each in state.identities if each.identity.key == MESSENGER)
    after = await scene.desk.undo(link_id, "command-2", AMELIE)
    assert after.customer_id == stranger
    assert after.merged_into is None
    assert [(each.identity, each.assurance) for each in after.identities] == [
        (each.identity, each.assurance) for each in before.identities
    ]
    assert after.version > before.version
    assert [each.to_customer_id for each in (await scene.desk.customer(claire)).released] == [stranger]
    assert (await scene.hear(messenger("1"))).customer_id == stranger
    history = await scene.desk.identity(Identity(kind="messenger", value="page/1"))
    assert [link.undoes for link in history.links] == [None, None, link_id]


async def test_an_undo_can_be_undone(scene: Scene) -> None:
    claire, _ = await claire_and_stranger(scene)
    await scene.links(MESSENGER, claire)
    link_id = (await scene.desk.identity(Identity(kind="messenger", value="page/1"))).link.link_id
    undone = await scene.desk.undo(link_id, "command-2", AMELIE)
    again = await scene.desk.undo(undone.identities[0].link_id, "command-3", AMELIE)
    assert again.customer_id == claire
    assert await scene.owner(MESSENGER) == claire


async def test_undoing_what_was_linked_by_itself_gives_the_handle_a_customer_of_its_own(scene: Scene) -> None:
    claire = await scene.hear(chat("v1", signed(f"email:{CLAIRE}")))
    state = await scene.desk.customer(claire.customer_id)
    visitor = next(each for each in state.identities if each.identity.kind == "visitor")
    after = await scene.desk.undo(visitor.link_id, "command-1", AMELIE)
    assert after.customer_id == ids.customer_id("visitor:v1") != claire.customer_id


async def test_a_customer_is_not_parted_from_the_handle_it_began_with(scene: Scene) -> None:
    claire = await scene.hear(mail())
    link_id = (await scene.desk.customer(claire.customer_id)).identities[0].link_id
    with pytest.raises(NothingToUndo):
        await scene.desk.undo(link_id, "command-1", AMELIE)


async def test_a_link_that_holds_no_more_cannot_be_undone(scene: Scene) -> None:
    claire, _ = await claire_and_stranger(scene)
    first = (await scene.desk.identity(Identity(kind="messenger", value="page/1"))).link.link_id
    await scene.links(MESSENGER, claire)
    for link_id in (first, "no-such-link"):
        with pytest.raises(NothingToUndo):
            await scene.desk.undo(link_id, "command-2", AMELIE)


async def test_the_same_command_again_has_no_second_effect_and_the_same_answer(scene: Scene) -> None:
    claire, _ = await claire_and_stranger(scene)
    first = await scene.links(MESSENGER, claire)
    assert await scene.links(MESSENGER, claire) == first
    link_id = next(each.link_id for each in first.identities if each.identity.key == MESSENGER)
    undone = await scene.desk.undo(link_id, "command-2", AMELIE)
    assert await scene.desk.undo(link_id, "command-2", AMELIE) == undone


async def test_a_command_id_is_not_used_for_two_things(scene: Scene) -> None:
    claire, _ = await claire_and_stranger(scene)
    await scene.hear(messenger("2"))
    await scene.links(MESSENGER, claire, "command-1")
    with pytest.raises(CommandReused):
        await scene.links("messenger:page/2", claire, "command-1")


async def test_an_unproven_handle_is_never_linked(scene: Scene) -> None:
    claire, _ = await scene.hears(mail(), unproven_mail())
    with pytest.raises(IdentityNotLinkable):
        await scene.links(f"email-unproven:{CLAIRE}", claire.customer_id)


async def test_what_is_unknown_is_said_to_be_unknown(scene: Scene) -> None:
    claire = await scene.hear(mail())
    with pytest.raises(IdentityNotFound):
        await scene.links("messenger:page/404", claire.customer_id)
    with pytest.raises(CustomerNotFound):
        await scene.links(f"email:{CLAIRE}", "nobody")


async def test_a_customer_who_went_into_another_stands_for_that_one(scene: Scene) -> None:
    claire, stranger = await claire_and_stranger(scene)
    await scene.hear(messenger("2"))
    await scene.links(MESSENGER, claire)
    state = await scene.links("messenger:page/2", stranger, "command-2")
    assert state.customer_id == claire


async def test_a_handle_may_be_linked_back_to_the_customer_it_emptied(scene: Scene) -> None:
    claire, stranger = await claire_and_stranger(scene)
    await scene.links(MESSENGER, claire)
    assert (await scene.links(MESSENGER, stranger, "command-2")).customer_id == stranger


async def test_of_two_agents_at_once_one_is_told(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    claire, _ = await claire_and_stranger(scene)
    paul = await scene.hear(mail("paul@customer.test"))
    load, arrived, both = scene.identities.by_keys, [], asyncio.Event()

    async def load_together(keys: Collection[str]) -> dict[str, KnownIdentity]:
        states = await load(keys)
        arrived.append(keys)
        if len(arrived) == 2:
            both.set()
        await both.wait()
        return states

    monkeypatch.setattr(scene.identities, "by_keys", load_together)
    answers = await asyncio.gather(
        scene.links(MESSENGER, claire, "command-a"),
        scene.links(MESSENGER, paul.customer_id, "command-b"),
        return_exceptions=True,
    )
    (conflict,) = [each for each in answers if isinstance(each, BaseException)]
    assert isinstance(conflict, MovedMeanwhile)
    assert conflict.customer_id == await scene.owner(MESSENGER)


async def test_two_agents_who_say_the_same_at_once_both_get_it(scene: Scene) -> None:
    claire, _ = await claire_and_stranger(scene)
    one, other = await asyncio.gather(
        scene.links(MESSENGER, claire, "command-a"), scene.links(MESSENGER, claire, "command-b")
    )
    assert one == other


async def test_nothing_proven_is_linked_to_who_proves_nothing(scene: Scene) -> None:
    forger = await scene.hear(unproven_mail())
    await scene.hear(messenger("7"))
    with pytest.raises(IdentityNotLinkable):
        await scene.links("messenger:page/7", forger.customer_id)
