"""Handles that several persons use: they prove nobody, and never link by themselves."""

import pytest
from customer_profile.domain.linking import NothingToUndo
from customer_profile.domain.sharing import SharingRules
from customer_profile.handlers import Rules
from omnifil_contracts.identity import Identity
from omnifil_contracts.message import InboundMessage
from profile_scenes.people import CLAIRE, chat, mail, signed, vouched, written
from profile_scenes.scene import Scene

PHONE = "phone:+33612345678"


def sms(minutes: int) -> InboundMessage:
    return written("sms", vouched(PHONE), minutes=minutes)


@pytest.mark.parametrize(
    "address",
    ["info@firm.test", "Compta@firm.test", "service-client@firm.test", "contact-lyon@firm.test", "no-reply@firm.test"],
)
async def test_a_roles_address_is_a_customer_of_its_own_that_proves_nobody(scene: Scene, address: str) -> None:
    identified = await scene.hear(mail(address, name="Claire Martin"))
    assert not identified.assured
    assert [each.code for each in identified.because.evidence][:2] == ["shared-handle", "role-address"]
    again = await scene.hear(mail(address, name="Claire Martin", minutes=1))
    assert (again.customer_id, again.assured) == (identified.customer_id, False)
    assert again.because.evidence[0].code == "shared-handle"
    (linked,) = (await scene.desk.customer(identified.customer_id)).identities
    assert linked.shared
    assert linked.shared_because is not None


@pytest.mark.parametrize("address", ["claire@firm.test", "infoline.martin@firm.test", "salesman@firm.test"])
async def test_a_persons_address_is_none_of_a_role(scene: Scene, address: str) -> None:
    assert (await scene.hear(mail(address))).assured


async def test_an_installation_names_further_addresses() -> None:
    scene = Scene(Rules(sharing=SharingRules(roles=frozenset({"atelier"}))))
    assert not (await scene.hear(mail("atelier@firm.test"))).assured


async def test_who_signs_in_with_a_roles_address_is_known_by_the_account(scene: Scene) -> None:
    claire = await scene.hear(chat("v1", signed("shop-account:1"), signed("email:contact@firm.test")))
    paul = await scene.hear(chat("v2", signed("shop-account:2"), signed("email:contact@firm.test")))
    office = await scene.hear(mail("contact@firm.test"))
    assert claire.assured
    assert paul.assured
    assert len({claire.customer_id, paul.customer_id, office.customer_id}) == 3
    assert (claire.suggestions, paul.suggestions) == ((), ())


async def test_two_persons_names_on_one_handle_make_it_shared(scene: Scene) -> None:
    claire = await scene.hear(mail(name="Claire Martin"))
    assert claire.assured
    assert (await scene.hear(mail(name="C. Martin", minutes=1))).assured
    assert (await scene.hear(mail(name="MARTIN Claire", minutes=2))).assured
    assert (await scene.hear(mail(name="maman", minutes=3))).assured
    paul = await scene.hear(mail(name="Paul Martin", minutes=4))
    assert (paul.customer_id, paul.assured) == (claire.customer_id, False)
    assert not (await scene.hear(mail(name="Claire Martin", minutes=5))).assured
    (linked,) = (await scene.desk.customer(claire.customer_id)).identities
    assert linked.shared_because is not None
    assert [each.code for each in linked.shared_because.evidence] == ["shared-handle", "different-names"]


async def test_names_of_years_ago_do_not_count(scene: Scene) -> None:
    await scene.hear(mail(name="Claire Martin"))
    assert (await scene.hear(mail(name="Paul Petit", minutes=200 * 24 * 60))).assured


async def test_a_familys_phone_leaves_whom_it_was_linked_to(scene: Scene) -> None:
    claire = await scene.hear(chat("v1", signed("shop-account:1"), signed(PHONE), name="Claire Martin"))
    assert await scene.owner(PHONE) == claire.customer_id
    paul = await scene.hear(chat("v2", signed("shop-account:2"), signed(PHONE), name="Paul Martin", minutes=1))
    assert paul.assured
    assert paul.customer_id != claire.customer_id
    assert await scene.owner(PHONE) not in (claire.customer_id, paul.customer_id)
    assert await scene.owner("shop-account:1") == claire.customer_id
    written_by_anybody = await scene.hear(sms(minutes=2))
    assert written_by_anybody.customer_id not in (claire.customer_id, paul.customer_id)
    assert not written_by_anybody.assured


async def test_two_accounts_with_one_phone_are_two_persons_until_an_agent_says_otherwise(scene: Scene) -> None:
    one = await scene.hear(chat("v1", signed("shop-account:1"), signed(PHONE)))
    other = await scene.hear(chat("v2", signed("shop-account:2"), signed(PHONE), minutes=1))
    assert one.customer_id != other.customer_id
    assert [(each.customer_id, each.linkable) for each in other.suggestions] == [(one.customer_id, True)]
    assert other.suggestions[0].because.evidence[0].code == "handle-of-other-customer"
    for minutes, account in enumerate(["1", "2"]):
        again = await scene.hear(chat("v3", signed(f"shop-account:{account}"), signed(PHONE), minutes=2 + minutes))
        assert again.customer_id == (one, other)[minutes].customer_id


async def test_accounts_of_two_shops_with_one_phone_are_one_person(scene: Scene) -> None:
    one = await scene.hear(chat("v1", signed("shop-account:north:1"), signed(PHONE)))
    other = await scene.hear(chat("v2", signed("shop-account:south:1"), signed(PHONE), minutes=1))
    assert one.customer_id == other.customer_id


async def test_many_accounts_make_a_tills_address_shared(scene: Scene) -> None:
    for number in range(3):
        await scene.hear(chat(f"v{number}", signed(f"shop-account:{number}"), signed(PHONE), minutes=number))
        assert (await scene.known(PHONE)).shared is (number == 2)
    state = await scene.known(PHONE)
    assert state.shared
    assert state.link.because.evidence[-1].code == "many-accounts"


async def test_who_chatted_before_signing_in_shares_the_browser_with_nobody(scene: Scene) -> None:
    await scene.hear(chat("v1"))
    await scene.hear(chat("v1", signed("shop-account:1"), minutes=1))
    await scene.hear(chat("v1", signed("shop-account:1"), minutes=2))
    assert (await scene.hear(chat("v1", minutes=3))).assured


async def test_an_agent_marks_a_handle_and_nothing_changes_it_any_more(scene: Scene) -> None:
    claire = await scene.hear(mail(name="Claire Martin"))
    marked = await scene.marks(f"email:{CLAIRE}", True)
    assert marked.identities[0].shared
    assert not (await scene.hear(mail(name="Claire Martin", minutes=1))).assured
    own = await scene.marks(f"email:{CLAIRE}", False, "command-own")
    assert (own.customer_id, own.identities[0].shared) == (claire.customer_id, False)
    assert (await scene.hear(mail(name="Paul Petit", minutes=2))).assured


async def test_an_agent_says_that_a_roles_address_is_one_persons(scene: Scene) -> None:
    office = await scene.hear(mail("contact@firm.test"))
    await scene.marks("email:contact@firm.test", False)
    assert (await scene.hear(mail("contact@firm.test", minutes=1))).assured
    history = (await scene.known("email:contact@firm.test")).links
    assert [link.shared for link in history] == [True, False]
    undone = await scene.desk.undo(history[-1].link_id, "command-undo", history[-1].actor)
    assert (undone.customer_id, undone.identities[0].shared) == (office.customer_id, True)
    with pytest.raises(NothingToUndo):
        await scene.desk.undo(history[-1].link_id, "command-again", history[-1].actor)


async def test_that_a_phone_is_one_persons_after_all_returns_it_to_them(scene: Scene) -> None:
    claire = await scene.hear(chat("v1", signed("shop-account:1"), signed(PHONE), name="Claire Martin"))
    await scene.hear(chat("v2", signed("shop-account:2"), signed(PHONE), name="Paul Martin", minutes=1))
    returned = await scene.marks(PHONE, False)
    assert returned.customer_id == claire.customer_id
    assert (await scene.hear(sms(minutes=2))).assured
    assert (await scene.desk.identity(Identity(kind="phone", value="+33 6 12 34 56 78"))).shared is False
