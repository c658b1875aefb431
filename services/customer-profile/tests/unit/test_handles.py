from customer_profile.domain import handles
from customer_profile.domain.presented import Presented
from hypothesis import given
from hypothesis import strategies as st
from omnifil_contracts.identity import Assurance, Identity
from profile_scenes.people import claimed, handle, signed, vouched, written

kinds = st.sampled_from(["email", "email-unproven", "phone", "visitor", "messenger", "shop-account"])
values = st.text(min_size=1, max_size=40).filter(lambda value: value.strip() != "")
identities = st.builds(Identity, kind=kinds, value=values)


@given(identities)
def test_a_normalised_handle_stays_as_it_is(identity: Identity) -> None:
    once = handles.normalised(identity)
    assert handles.normalised(once) == once


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
    others = (signed("email:A@x.test"), claimed("email:a@X.test"), claimed("phone:+331"), claimed("phone:+331"))
    presented = Presented.by(written("chat", vouched("visitor:1"), *others))
    assert [each.identity.key for each in presented.proven] == ["visitor:1", "email:a@x.test"]
    assert [each.identity.key for each in presented.claimed] == ["phone:+331"]
