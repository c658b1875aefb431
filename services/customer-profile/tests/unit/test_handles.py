from dataclasses import replace

import pytest
from customer_profile.domain import handles
from customer_profile.domain.presented import Presented
from hypothesis import example, given, settings
from hypothesis import strategies as st
from omnifil_contracts import ids
from omnifil_contracts.identity import Assurance, Identity
from profile_scenes.people import claimed, handle, mail, signed, vouched, written
from profile_scenes.scene import Scene

kinds = st.sampled_from(
    ["email", "email-unproven", "phone", "visitor", "messenger", "shop-account", "mastodon", "whatsapp", "bluesky"]
)


def email(address: str) -> Identity:
    return handles.normalised(Identity(kind="email", value=address))


values = st.text(min_size=1, max_size=40).filter(lambda value: value.strip() != "")
identities = st.builds(Identity, kind=kinds, value=values)


@example(Identity(kind="email", value="clara@gmail.com\u3002"))  # another script's full stop
@example(Identity(kind="email", value="clara@x.test\x85."))
@example(Identity(kind="whatsapp", value="++33612345678"))
@example(Identity(kind="bluesky", value="@ @clara.test"))
@example(Identity(kind="mastodon", value=f"{'u' * 500}@social.test"))  # with its @ longer than an identity may be
@settings(deadline=None)  # the tables of domains are loaded with the first one that needs them
@given(identities)
def test_a_normalised_handle_stays_as_it_is(identity: Identity) -> None:
    once = handles.normalised(identity)
    assert handles.normalised(once) == once


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Claire.Martin@gmail.com", "clairemartin+shop@googlemail.com"),
        ("claire+shop@fastmail.com", "claire@FASTMAIL.com"),
        ("claire+a@outlook.com", "claire+b@outlook.com"),
        ("claire+a@proton.me", "claire@proton.me"),
        ("claire@BÜCHER.example", "claire@xn--bcher-kva.example"),
        ("claire@shop.example.", "claire@shop.example"),
    ],
)
def test_addresses_that_lead_to_one_mailbox_are_one(one: str, other: str) -> None:
    assert email(one) == email(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("c.martin@shop.example", "cmartin@shop.example"),
        ("claire+a@shop.example", "claire@shop.example"),
        ("c.martin@outlook.com", "cmartin@outlook.com"),
        ("claire@outlook.com", "claire@hotmail.com"),
        ("claire@proton.me", "claire@pm.me"),
        ('"claire+a"@gmail.com', "claire@gmail.com"),
        ("+a@gmail.com", "+b@gmail.com"),
        ("claire@gmail.com.shop.example", "claire@gmail.com"),
    ],
)
def test_addresses_that_may_lead_to_two_mailboxes_are_two(one: str, other: str) -> None:
    assert email(one) != email(other)


@pytest.mark.parametrize(
    ("written", "region", "kept"),
    [
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("+33 (0)6 12 34 56 78", None, "+33612345678"),
        ("0033612345678", "FR", "+33612345678"),
        ("06 12 34 56 78", None, "06 12 34 56 78"),
        ("36180", "FR", "36180"),
        ("OMNISHOP", "FR", "OMNISHOP"),
        ("+33 6 12 34 56 78 ext. 12", None, "+33 6 12 34 56 78 ext. 12"),
    ],
)
def test_a_number_is_kept_as_it_is_dialled_anywhere_or_as_it_was_written(
    written: str, region: str | None, kept: str
) -> None:
    identity = handles.normalised(Identity(kind="phone", value=written), region)
    assert identity.value == kept
    assert handles.can_be_proven(identity) is (kept == "+33612345678")


def test_what_is_no_number_proves_nobody() -> None:
    presented = Presented.by(written("sms", vouched("phone:OMNISHOP")))
    assert presented.proven == ()
    assert presented.primary.key == "phone-unproven:OMNISHOP"


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("mastodon", "@Claire@Social.Example", "acct:claire@social.example"),
        ("bluesky", "@Claire.Example", "claire.example"),
        ("whatsapp", "+33 612345678", "33612345678"),
        ("loyalty-number", "1234 5678", "12345678"),
    ],
)
def test_handles_of_networks_and_cards_are_compared_as_those_do(kind: str, one: str, other: str) -> None:
    assert handles.normalised(Identity(kind=kind, value=one)) == handles.normalised(Identity(kind=kind, value=other))


def test_a_whatsapp_account_proves_its_number_but_where_the_two_may_differ() -> None:
    presented = Presented.by(written("social", vouched("whatsapp:33612345678")))
    assert [each.identity.key for each in presented.proven] == ["whatsapp:33612345678", "phone:+33612345678"]
    for elsewhere in ("5215512345678", "5491112345678", "551187654321", "not-a-number"):
        presented = Presented.by(written("social", vouched(f"whatsapp:{elsewhere}")))
        assert [each.identity.kind for each in presented.proven] == ["whatsapp"]


async def test_whatsapp_and_sms_are_one_person(scene: Scene) -> None:
    one = await scene.hear(written("social", vouched("whatsapp:33612345678")))
    other = await scene.hear(written("sms", vouched("phone:+33612345678"), minutes=1))
    assert one.customer_id == other.customer_id


async def test_a_handle_that_is_stored_in_its_former_form_is_found_there(scene: Scene) -> None:
    """As an installation has it that was there before providers were known."""
    before = await scene.hear(mail("c.martin@gmail.com"))
    state = await scene.known("email:cmartin@gmail.com")
    stored = Identity(kind="email", value="c.martin@gmail.com")
    old = Scene()
    link = replace(state.link, customer_id=ids.customer_id(stored.key))
    await old.identities.write([replace(state, identity=stored, links=(link,), spellings=())], [])
    again = await old.hear(mail("C.Martin@gmail.com", minutes=1))
    assert again.customer_id == ids.customer_id("email:c.martin@gmail.com") != before.customer_id
    assert again.because.rule == "identity"
    assert await old.identities.by_keys(["email:cmartin@gmail.com"]) == {}
    assert (await old.desk.identity(Identity(kind="email", value="C.Martin@Gmail.com"))).identity == stored


async def test_the_spellings_of_a_handle_are_kept(scene: Scene) -> None:
    claire = await scene.hear(mail("C.Martin@gmail.com"))
    for minutes, spelling in enumerate(["cmartin@gmail.com", "c.martin+shop@gmail.com", "C.Martin@gmail.com"]):
        assert (await scene.hear(mail(spelling, minutes=minutes + 1))).customer_id == claire.customer_id
    (linked,) = (await scene.desk.customer(claire.customer_id)).identities
    assert linked.identity.value == "cmartin@gmail.com"
    assert linked.as_written == ("C.Martin@gmail.com", "c.martin+shop@gmail.com")


@given(st.from_regex(r"[a-zA-Z0-9._+-]{1,20}@[a-zA-Z0-9-]{1,20}\.[a-zA-Z]{2,5}", fullmatch=True))
def test_an_address_is_the_same_in_any_case(address: str) -> None:
    spellings = {
        handles.normalised(Identity(kind="email", value=spelling)).key
        for spelling in (address, address.upper(), address.lower(), address.swapcase(), f" {address}\n")
    }
    assert len(spellings) == 1


def test_a_letter_that_only_looks_alike_is_another_address() -> None:
    kelvin = Identity(kind="email", value="\u212a@customer.test")
    assert handles.normalised(kelvin) != handles.normalised(Identity(kind="email", value="k@customer.test"))


@given(st.sampled_from(["messenger", "visitor", "shop-account"]), values)
def test_what_a_platform_gives_is_taken_verbatim(kind: str, value: str) -> None:
    assert handles.normalised(Identity(kind=kind, value=value)).value == value.strip()


@given(identities)
def test_a_handle_is_never_both_proven_and_unproven(identity: Identity) -> None:
    assert handles.proven_form(identity).key != handles.unproven_form(identity).key
    assert handles.unproven_form(handles.proven_form(identity)) == handles.unproven_form(identity)


def test_an_address_says_more_than_a_phone_an_account_a_network_and_a_cookie() -> None:
    keys = ["visitor:1", "messenger:1", "shop-account:1", "phone:1", "email:1"]
    ranked = sorted((handle(key, Assurance.VERIFIED).identity for key in keys), key=handles.strength)
    assert [identity.key for identity in ranked] == keys[::-1]


def test_each_handle_counts_once_and_what_is_proven_is_not_claimed_too() -> None:
    others = (
        signed("email:A@x.test"),
        claimed("email:a@X.test"),
        claimed("phone:+33600000001"),
        claimed("phone:+33600000001"),
    )
    presented = Presented.by(written("chat", vouched("visitor:1"), *others))
    assert [each.identity.key for each in presented.proven] == ["visitor:1", "email:a@x.test"]
    assert [each.identity.key for each in presented.claimed] == ["phone:+33600000001"]
