"""Mail that no person wrote."""

import pytest
from email_scenes.mails import a_mail
from ingest_email.domain.automatic import bounce_of, why_automatic
from ingest_email.domain.limits import Limits
from ingest_email.domain.mail import open_mail

OUTBOUND = "5fca2d2f-954d-515c-965e-7b2b1ebd0801"
OURS = f"<om1-abc.{OUTBOUND}@brume.example>"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"auto_submitted": "no"}, None),
        ({"auto_submitted": "auto-replied"}, "auto-reply"),
        ({"auto_submitted": "auto-generated; owner"}, "auto-reply"),
        ({"x_autoreply": "yes"}, "auto-reply"),
        ({"precedence": "auto_reply"}, "auto-reply"),
        ({"precedence": "bulk"}, "list"),
        ({"precedence": "list"}, "list"),
        ({"list_id": "<news.shop.example>"}, "list"),
        ({"list_unsubscribe": "<mailto:x@y.example>"}, "list"),
        ({"return_path": "<>"}, "auto-reply"),
        ({"return_path": "<clara@mail.example>"}, None),
    ],
)
def test_machines_are_recognised(fields: dict[str, str], expected: str | None) -> None:
    assert why_automatic(open_mail(a_mail(**fields), Limits()), "clara@mail.example") == expected


def test_a_daemon_with_an_empty_return_path_bounces() -> None:
    raw = a_mail(author="MAILER-DAEMON@mx.example", return_path="<>")
    assert why_automatic(open_mail(raw, Limits()), "mailer-daemon@mx.example") == "bounce"


def report(action: str = "failed", returned: str = f"Message-ID: {OURS}") -> bytes:
    body = f"""--b
Content-Type: text/plain

Sorry.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; clara@mail.example
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 no such user

--b
Content-Type: message/rfc822

{returned}
Subject: Re: Order

words
--b--
"""
    return a_mail(text=body, content_type='multipart/report; report-type=delivery-status; boundary="b"')


def test_a_report_says_which_reply_failed_and_why() -> None:
    mail = open_mail(report(), Limits())
    assert why_automatic(mail, "mailer-daemon@mx.example") == "bounce"
    bounce = bounce_of(mail, "brume.example")
    assert bounce is not None
    assert bounce.outbound_id == OUTBOUND
    assert bounce.sentence() == "The mail to clara@mail.example was returned as undeliverable: 550 no such user"


@pytest.mark.parametrize("raw", [report("delayed"), report(returned="Message-ID: <x@other.example>"), a_mail()])
def test_delays_and_reports_on_others_mail_fail_nothing(raw: bytes) -> None:
    assert bounce_of(open_mail(raw, Limits()), "brume.example") is None
