"""Who is believed to be who he says he is."""

from typing import Any

import pytest
from email_scenes.mails import a_mail, answers, signed, signed_by_hand
from ingest_email.domain import authenticity
from ingest_email.domain.addresses import author
from ingest_email.domain.domains import organisation
from ingest_email.domain.limits import Limits
from ingest_email.domain.mail import open_mail
from omnifil_contracts.identity import Assurance, AssuredIdentity

DOMAIN = "mail.example"


def judged(raw: bytes, told: dict[str, Any] | None = None, authserv_id: str | None = None) -> AssuredIdentity:
    """The verdict, with only those answers that were asked for."""
    mail = open_mail(raw, Limits())
    told = answers() if told is None else told
    asked = authenticity.questions(mail, author(mail), authserv_id)
    return authenticity.judge(mail, author(mail), {name: told.get(name, ()) for name in asked}, authserv_id)


def why(raw: bytes, told: dict[str, Any] | None = None, authserv_id: str | None = None) -> str:
    """Of a mail that proves nothing."""
    identity = judged(raw, told, authserv_id)
    assert identity.identity.kind == "email-unproven"
    assert identity.assurance is Assurance.CLAIMED
    return identity.evidence[0].code


def test_an_aligned_signature_proves_the_author() -> None:
    identity = judged(signed(a_mail(), DOMAIN))
    assert identity.identity.key == "email:clara.martin@mail.example"
    assert identity.assurance is Assurance.VERIFIED
    assert identity.evidence[0].code == "dmarc-pass"
    assert identity.evidence[0].values["domain"] == DOMAIN


def test_a_signature_of_the_organisation_is_aligned_unless_the_policy_is_strict() -> None:
    raw = signed(a_mail(author="clara@news.mail.example"), "mail.example")
    told = answers() | {"_dmarc.news.mail.example": ()}
    assert judged(raw, told).evidence[0].code == "dmarc-pass"
    strict = answers(policy="v=DMARC1; p=reject; adkim=s")
    assert why(raw, strict) == "not-aligned"
    assert judged(signed(a_mail(), DOMAIN), strict).evidence[0].code == "dmarc-pass"


def test_without_a_policy_only_the_very_domain_counts() -> None:
    silent = answers(policy=None)
    assert judged(signed(a_mail(), DOMAIN), silent).evidence[0].code == "dkim-aligned"
    assert why(signed(a_mail(author="clara@news.mail.example"), DOMAIN), silent) == "no-dmarc-policy"


def test_what_is_not_proven_says_why() -> None:
    assert why(a_mail()) == "no-signature"
    assert why(signed(a_mail(), "evil.example"), answers("evil.example")) == "not-aligned"
    assert why(signed(a_mail(), DOMAIN).replace(b"my order 4711?", b"my order 4712?")) == "dkim-fail"
    assert why(signed(a_mail(), DOMAIN).replace(b"clara.martin", b"other.person")) == "dkim-fail"
    assert why(signed(a_mail(), DOMAIN), {}) == "dkim-fail"  # the key was withdrawn
    assert why(signed(a_mail(), DOMAIN), {f"s1._domainkey.{DOMAIN}": None}) == "dns-unavailable"


def test_a_signature_of_a_part_of_the_mail_proves_nothing() -> None:
    raw = signed(a_mail(), DOMAIN, length=True)
    assert why(raw + b"and another line that nobody signed\r\n") == "dkim-fail"
    assert why(raw) == "dkim-fail"


def test_a_signature_that_leaves_the_author_out_proves_nothing() -> None:
    assert why(signed_by_hand(a_mail(), DOMAIN, "to:subject")) == "dkim-fail"
    assert judged(signed_by_hand(a_mail(), DOMAIN, "from:subject")).assurance is Assurance.VERIFIED


def test_a_signature_counts_for_the_domain_that_made_it() -> None:
    mail = open_mail(signed(a_mail(), "evil.example"), Limits())
    told = answers() | answers("evil.example")
    assert authenticity._verifies(mail, authenticity.Signature(0, "evil.example", "s1"), told)
    assert not authenticity._verifies(mail, authenticity.Signature(0, DOMAIN, "s1"), told)


def test_two_policies_are_none() -> None:
    raw = signed(a_mail(author="clara@news.mail.example"), DOMAIN)
    twice = answers() | {f"_dmarc.{DOMAIN}": ("v=DMARC1; p=none", "v=DMARC1; p=reject")}
    assert why(raw, twice) == "no-dmarc-policy"


def test_a_second_from_proves_nothing() -> None:
    raw = signed(a_mail(), DOMAIN)
    assert why(b"From: evil@evil.example\r\n" + raw) == "several-from"
    assert why(a_mail(author="a@mail.example, b@mail.example")) == "several-from"


@pytest.mark.parametrize("field", ["Subject: pay to my account", "Content-Type: text/html", "To: crook@evil.example"])
def test_what_is_written_above_a_signed_mail_makes_it_prove_nothing(field: str) -> None:
    """A signature covers the last field of a name, people read the first."""
    assert why(field.encode() + b"\r\n" + signed(a_mail(), DOMAIN)) == "dkim-fail"


def test_a_line_end_that_only_one_reader_sees_does_not_let_a_signed_mail_say_something_else() -> None:
    """The signed mail of the victim, with an unsigned field in front that hides another mail behind bare CRs."""
    hidden = b"X-Trick: a\rFrom: clara.martin@mail.example\rSubject: pay to my account\r\rEvil words\r\n"
    raw = hidden + signed(a_mail(), DOMAIN)
    mail = open_mail(raw, Limits())
    assert mail.first("subject") == "Order 4711"
    assert judged(raw).assurance is Assurance.VERIFIED


@pytest.mark.parametrize(
    ("written", "address", "name"),
    [
        ('"clara.martin@mail.example" <mallory@evil.example>', "mallory@evil.example", None),
        ("=?utf-8?q?=3Cclara=40mail=2Eexample=3E?= <mallory@evil.example>", "mallory@evil.example", None),
        ('"Clara <clara@mail.example>" <mallory@evil.example>', "mallory@evil.example", "Clara"),
        ("=?utf-8?q?Clara=2C_x=40mail=2Eexample?= <m@evil.example>", "m@evil.example", "Clara"),
    ],
)
def test_an_address_in_the_name_is_not_the_address(written: str, address: str, name: str | None) -> None:
    claimed = author(open_mail(a_mail(author=written), Limits()))
    assert claimed.address is not None
    assert claimed.address.value == address
    assert claimed.display_name is None or "@" not in claimed.display_name
    assert (name is None) or name in (claimed.display_name or "")


@pytest.mark.parametrize(
    "written",
    ["a@mail.example)b@evil.example", "<a@mail.example> <b@evil.example>", "Group: a@mail.example;", "a@b@c.example"],
)
def test_a_from_that_two_readers_see_differently_is_unproven(written: str) -> None:
    claimed = author(open_mail(a_mail(author=written), Limits()))
    assert claimed.flaw or claimed.address is None or claimed.address.value == "a@mail.example"
    if not claimed.flaw:
        assert written.startswith("Group")


def test_an_author_without_an_address_is_nobody_twice() -> None:
    first, second = (judged(a_mail(author="Clara Martin", text=text)) for text in ("one", "two"))
    assert first.identity.kind == "email-unproven"
    assert first.identity.value.startswith("nobody-")
    assert first.identity != second.identity


def test_reply_to_is_told_and_never_believed() -> None:
    identity = judged(signed(a_mail(reply_to="other@evil.example"), DOMAIN))
    assert identity.identity.value == "clara.martin@mail.example"
    assert [(each.code, each.values.get("address")) for each in identity.evidence[1:]] == [
        ("reply-to", "other@evil.example")
    ]


def test_the_verdict_of_our_own_mx_counts_only_where_it_is_asked_for() -> None:
    passed = a_mail(authentication_results="mx.brume.example; dmarc=pass header.from=mail.example")
    assert why(passed) == "no-signature"
    assert why(passed, authserv_id="other.example") == "no-signature"
    assert judged(passed, authserv_id="mx.brume.example").assurance is Assurance.VERIFIED
    failed = passed.replace(b"dmarc=pass", b"dmarc=fail")
    assert why(failed, authserv_id="mx.brume.example") == "dmarc-fail"
    below = b"Authentication-Results: mx.brume.example; dmarc=fail header.from=mail.example\r\n" + passed
    assert why(below, authserv_id="mx.brume.example") == "dmarc-fail"
    of_another_domain = passed.replace(b"header.from=mail.example", b"header.from=evil.example")
    assert why(of_another_domain, authserv_id="mx.brume.example") == "dmarc-fail"


def test_dns_is_asked_only_where_it_can_change_the_verdict() -> None:
    def asked(raw: bytes) -> tuple[str, ...]:
        mail = open_mail(raw, Limits())
        return authenticity.questions(mail, author(mail), None)

    assert asked(a_mail()) == ()
    assert asked(signed(a_mail(), "evil.example")) == ()
    assert asked(signed(a_mail(), DOMAIN)) == ("s1._domainkey.mail.example", "_dmarc.mail.example")


@pytest.mark.parametrize(
    ("domain", "owner"),
    [
        ("mail.shop.co.uk", "shop.co.uk"),
        ("shop.co.uk", "shop.co.uk"),
        ("a.b.mail.example", "mail.example"),
        ("mail.example", "mail.example"),
    ],
)
def test_organisational_domains(domain: str, owner: str) -> None:
    assert organisation(domain) == owner
