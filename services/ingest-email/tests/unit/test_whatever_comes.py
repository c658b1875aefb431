"""Whatever bytes arrive: a valid record, or BrokenMail, and nothing else."""

from datetime import UTC, datetime

from email_scenes.mails import a_mail, signed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_email.domain.limits import BrokenMail, Limits
from ingest_email.domain.mailbox import OurMailbox
from ingest_email.domain.normalise import draft, prove
from omnifil_contracts.message import InboundMessage

US = OurMailbox("support", ("support@brume.example",), "brume.example")
SIGNED = signed(a_mail(), "mail.example")
NAMES = [
    "From", "To", "Cc", "Subject", "Date", "Message-ID", "References", "In-Reply-To", "Content-Type", "Reply-To",
    "Content-Disposition", "Content-Transfer-Encoding", "Content-ID", "DKIM-Signature", "Auto-Submitted", "Return-Path",
]  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(
        [
            "a@b.example", '"x" <a@b>', "<a@b> <c@d>", "multipart/mixed; boundary=b", "multipart/report; boundary=b",
            "multipart/alternative; boundary=b", "text/html; charset=x", "text/plain; charset=\x00", "message/rfc822",
            "message/delivery-status", "attachment; filename*=utf-8''%FF%FE", "attachment; filename*0*=x; filename*2=y",
            "base64", "quoted-printable", "x-uuencode", "=?utf-8?B?////?=", "=?x?q?=?=",
            "v=1; d=b.example; s=s; h=from",
            "((((((((((", "@,;:<>[]\\\"", "<>", "Group: a@b, c@d;", "image/png; name==?utf-8?q?x?=",
        ]
    ),
    st.text(max_size=60),
)  # fmt: skip
BODIES = st.lists(
    st.one_of(
        st.sampled_from(
            ["--b", "--b--", "", "<p>x</p>", "> quoted", "On x wrote:", "Action: failed", "begin 644 x", "=3D=", "AAAA"]
        ),
        st.text(max_size=40),
    ),
    max_size=15,
)  # fmt: skip


def check(raw: bytes) -> None:
    """Normalise it as the service does."""
    try:
        read = draft(raw, US, Limits())
        author = read.author or prove(raw, US, dict.fromkeys(read.questions))
    except BrokenMail:
        return
    message = read.message(author, datetime(2026, 3, 2, tzinfo=UTC), None)
    assert InboundMessage.model_validate_json(message.model_dump_json()) == message
    assert read.contents.keys() == {each.sha256 for each in message.attachments}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(fields=st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=12), body=BODIES)
def test_mails_of_odd_fields_and_parts(fields: list[tuple[str, str]], body: list[str]) -> None:
    check("\n".join([*(f"{name}: {value}" for name, value in fields), "", *body]).encode("utf-8", "replace"))


@settings(max_examples=100, deadline=None)
@given(raw=st.binary(max_size=600))
def test_any_bytes(raw: bytes) -> None:
    check(raw)
    check(b"From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n" + raw)


@settings(max_examples=100, deadline=None)
@given(at=st.integers(0, len(SIGNED) - 1), piece=st.binary(max_size=12))
def test_a_signed_mail_with_something_written_over(at: int, piece: bytes) -> None:
    check(SIGNED[:at] + piece + SIGNED[at + len(piece) :])
