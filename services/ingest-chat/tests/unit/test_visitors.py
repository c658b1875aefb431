"""Who a visitor is to the suite, and what of it is proven."""

import pytest
from ingest_chat.domain.allowance import Allowance, Allowances
from ingest_chat.domain.message import MessageRefused, email_address, inbound, one_line, written
from ingest_chat.domain.visitor import Claims, SignedIdentity, Visitor, sender, signed_visitor_id
from omnifil_contracts.identity import AssuredIdentity
from omnifil_testkit.builders import NOON

CLARA = "clara.martin@mail.example"


def told(visitor: Visitor) -> list[tuple[str, str, str, str]]:
    def line(each: AssuredIdentity) -> tuple[str, str, str, str]:
        return each.identity.kind, each.identity.value, each.assurance.value, each.evidence[0].code

    return [line(each) for each in sender(visitor, "brume").identities]


def test_a_browser_that_we_know_again_is_no_more_than_that() -> None:
    assert told(Visitor("shop", "v-1")) == [("visitor", "v-1", "channel", "session-token")]


def test_whom_the_site_signs_for_is_verified() -> None:
    assert told(Visitor("shop", "s-1", SignedIdentity("4711", CLARA, True)))[1:] == [
        ("shop-account", "brume:4711", "verified", "signed-by-site"),
        ("email", CLARA, "verified", "signed-by-site"),
    ]


def test_an_address_that_the_site_has_not_checked_is_only_claimed() -> None:
    assert told(Visitor("shop", "s-1", SignedIdentity("4711", CLARA)))[2] == (
        "email", CLARA, "claimed", "unverified-by-site",
    )  # fmt: skip


def test_a_typed_address_is_only_claimed() -> None:
    assert told(Visitor("shop", "v-1", claimed=Claims("Clara M.", CLARA)))[1:] == [
        ("email", CLARA, "claimed", "typed-by-visitor")
    ]


def test_typing_the_address_that_is_verified_already_does_not_weaken_it() -> None:
    visitor = Visitor("shop", "s-1", SignedIdentity("4711", CLARA, True), Claims(None, CLARA))
    assert [line[2] for line in told(visitor) if line[0] == "email"] == ["verified"]


def test_a_signed_person_is_one_visitor_in_an_account_and_another_elsewhere() -> None:
    ids = {signed_visitor_id(*of) for of in (("shop", "1"), ("shop", "2"), ("shop1", ""), ("outlet", "1"))}
    assert len(ids) == 4
    assert signed_visitor_id("shop", "1") in ids


def test_the_ids_of_a_message_follow_from_the_conversation_and_the_browsers_id() -> None:
    message = written("message-1", "Hello", ())
    one, other = (inbound(message, Visitor("shop", who), "shop", NOON, None) for who in ("v-1", "v-2"))
    assert one.message_id != other.message_id
    assert inbound(message, Visitor("shop", "v-1"), "shop", NOON, "fr").message_id == one.message_id


def test_a_text_is_taken_as_it_is_but_for_what_is_no_text() -> None:
    assert written("message-1", " a\r\nb\x00\ud800 ", ()).text == "a\nb?"


@pytest.mark.parametrize(
    ("client_message_id", "text", "code"),
    [
        ("short", "a", "invalid-message"),
        ("message 1", "a", "invalid-message"),
        ("message-1", " \n\x00", "empty-message"),
        ("message-1", "a" * 5001, "text-too-long"),
    ],
)
def test_what_cannot_be_sent_says_why(client_message_id: str, text: str, code: str) -> None:
    with pytest.raises(MessageRefused) as refused:
        written(client_message_id, text, ())
    assert refused.value.code == code


def test_names_and_addresses_are_one_line() -> None:
    assert one_line("  Clara\u2028\tMartin\x07 ", 100) == "Clara Martin"
    assert one_line(" \n", 100) is None
    assert email_address(" Clara.Martin@Mail.example ") == CLARA
    for wrong in ("clara", "a@b", "a b@c.example", "a@b.example\n.evil", "a@-b.example"):
        assert email_address(wrong) is None


def test_a_bucket_fills_again() -> None:
    bucket = Allowances(Allowance(2, 0.5))
    assert [bucket.take("a", 0), bucket.take("a", 0), bucket.take("b", 0)] == [0, 0, 0]
    assert bucket.take("a", 0) == pytest.approx(2)
    assert bucket.take("a", 1) == pytest.approx(1)
    assert bucket.take("a", 2) == 0
