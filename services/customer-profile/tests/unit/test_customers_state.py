"""What everybody is told of a customer."""

from omnifil_contracts.identity import Assurance
from profile_scenes.people import CLAIRE, chat, mail, messenger, signed
from profile_scenes.scene import Scene


async def test_the_name_is_the_latest_of_the_surest_handle(scene: Scene) -> None:
    claire = await scene.hear(chat("v1", signed(f"email:{CLAIRE}"), name="Claire M."))
    await scene.hear(mail(name="Claire Martin", minutes=1))
    await scene.hear(chat("v1", name="clairette", minutes=2))
    customer = await scene.desk.customer(claire.customer_id)
    assert customer.display_name == "Claire Martin"


async def test_a_late_message_does_not_bring_an_old_name_back(scene: Scene) -> None:
    claire = await scene.hear(mail(name="Claire Petit", minutes=9))
    await scene.hear(mail(name="Claire Martin", minutes=1))
    assert (await scene.desk.customer(claire.customer_id)).display_name == "Claire Petit"


async def test_a_shared_browser_does_not_give_one_person_the_name_of_the_other(scene: Scene) -> None:
    claire = await scene.hear(chat("family", signed(f"email:{CLAIRE}"), name="Claire Martin"))
    await scene.hear(chat("family", signed("email:paul@customer.test"), name="Paul Petit", minutes=1))
    assert (await scene.desk.customer(claire.customer_id)).display_name == "Claire Martin"


async def test_languages_are_those_of_the_messages(scene: Scene) -> None:
    claire = await scene.hear(chat("v1", signed(f"email:{CLAIRE}"), language="fr"))
    await scene.hear(mail(language="en", minutes=1))
    await scene.hear(mail(language="fr", minutes=2))
    assert (await scene.desk.customer(claire.customer_id)).languages == ("fr", "en")


async def test_a_handle_that_is_proven_better_stays_so(scene: Scene) -> None:
    account = await scene.hear(messenger("1"))
    await scene.hear(chat("v1", signed("messenger:page/1")))
    await scene.hear(messenger("1"))
    state = await scene.desk.customer(account.customer_id)
    assert state.identities[0].identity.kind == "messenger"
    assert state.identities[0].assurance is Assurance.VERIFIED


async def test_the_version_grows_with_every_change_of_either_customer(scene: Scene) -> None:
    claire, stranger = await scene.hears(mail(), messenger("1"))
    seen: dict[str, list[int]] = {claire.customer_id: [], stranger.customer_id: []}

    async def look() -> None:
        for customer_id, versions in seen.items():
            versions.append((await scene.desk.customer(customer_id)).version)

    await look()
    state = await scene.links("messenger:page/1", claire.customer_id)
    await look()
    link_id = next(each.link_id for each in state.identities if each.identity.kind == "messenger")
    await scene.desk.undo(link_id, "command-2", state.identities[0].actor)
    await look()
    for versions in seen.values():
        assert versions == sorted(set(versions))


async def test_nothing_new_is_no_change(scene: Scene) -> None:
    claire = await scene.hear(mail(name="Claire Martin"))
    before = await scene.desk.customer(claire.customer_id)
    await scene.hear(mail(name="Claire Martin", minutes=30))
    assert await scene.desk.customer(claire.customer_id) == before


async def test_a_change_is_told_of_both_customers_it_concerns(scene: Scene) -> None:
    claire, stranger = await scene.hears(mail(), messenger("1"))
    await scene.links("messenger:page/1", claire.customer_id)
    await scene.announcer.announce(["messenger:page/1"])
    told = {state.customer_id: state for state in scene.announced.states}
    assert set(told) == {claire.customer_id, stranger.customer_id}
    assert told[stranger.customer_id].merged_into == claire.customer_id


async def test_who_lost_handles_to_two_others_went_into_neither(scene: Scene) -> None:
    claire = await scene.hear(chat("v1", signed(f"email:{CLAIRE}")))
    one, other = await scene.hears(messenger("1"), messenger("2"))
    await scene.links("visitor:v1", one.customer_id, "command-1")
    await scene.links(f"email:{CLAIRE}", other.customer_id, "command-2")
    emptied = await scene.desk.customer(claire.customer_id)
    assert emptied.identities == ()
    assert emptied.merged_into is None


async def test_everybody_can_be_told_of(scene: Scene) -> None:
    await scene.hears(mail(), messenger("1"), chat("v1"))
    await scene.announcer.announce_all()
    assert len({state.customer_id for state in scene.announced.states}) == 3


async def test_who_has_a_thousand_browsers_is_still_told_of_in_one_record(scene: Scene) -> None:
    account = signed("shop-account:c-1")
    await scene.hears(*(chat(f"{n:036}", account, minutes=n, name="Claire Martin") for n in range(1_200)))
    state = await scene.desk.customer(await scene.owner("shop-account:c-1"))
    assert state.identities[0].identity.kind == "shop-account"
    assert len(state.model_dump_json()) < 500_000


async def test_a_program_that_claims_another_language_each_time_makes_no_long_list(scene: Scene) -> None:
    for number in range(20):
        await scene.hear(mail(language=f"x{number}", minutes=number))
    assert len((await scene.known(f"email:{CLAIRE}")).languages) == 8
