"""A reply as a mail."""

import email
import email.policy
import hashlib
from email.message import EmailMessage

import pytest
from email_scenes.fakes import NOON
from email_scenes.replies import REFERENCE, a_reply
from hypothesis import given, settings
from hypothesis import strategies as st
from ingest_email.domain.mailbox import OurMailbox
from ingest_email.domain.outgoing import Undeliverable, answer_subject, compose
from omnifil_contracts.delivery import SendMessage
from omnifil_contracts.identity import Actor, Identity
from omnifil_contracts.message import Attachment, Participant

CALL = OurMailbox("support", ("support@brume.example",), "brume.example", "Atelier Brume")


def composed(command: SendMessage, us: OurMailbox = CALL, files: dict[str, bytes] | None = None) -> EmailMessage:
    """The mail, as its recipient reads it."""
    content = compose(command, us, files or {}, NOON).content
    return email.message_from_bytes(content, policy=email.policy.default)


def test_it_is_ascii_with_crlf_and_nothing_else_at_line_ends() -> None:
    content = compose(a_reply(text="été\nFrom here\n.\n"), CALL, {}, NOON).content
    assert content.isascii()
    assert content.replace(b"\r\n", b"").count(b"\n") == content.replace(b"\r\n", b"").count(b"\r") == 0
    assert composed(a_reply(text="été\nFrom here\n.\n")).get_content().splitlines() == ["été", "From here", "."]


def test_the_same_reply_is_the_same_message_id() -> None:
    reply = a_reply()
    first, again = (compose(reply, CALL, {}, NOON) for _ in range(2))
    assert first.message_id == again.message_id == f"<{REFERENCE}.{reply.outbound_id}@brume.example>"
    assert f"Message-ID: {first.message_id}\r\n".encode() in first.content


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Order 4711", "Re: Order 4711"),
        ("Re: Order 4711", "Re: Order 4711"),
        ("RE: re : AW: Re[2]: Order 4711", "Re: Order 4711"),
        ("Réf: ref: Order", "Re: Order"),
        ("Reorder", "Re: Reorder"),
        ("", "Re:"),
        (None, "Re:"),
        ("Order\r\nBcc: x@evil.example", "Re: Order Bcc: x@evil.example"),
    ],
)
def test_the_subject_is_answered_once(before: str | None, after: str) -> None:
    assert answer_subject(before) == after


def test_the_thread_is_kept_in_order_whatever_others_wrote_into_it() -> None:
    mail = composed(
        a_reply(
            in_reply_to="<new@x.example>",
            ancestors=("<new@x.example>", "<with space@x>", f"<{'l' * 200}@x>", "no brackets@x", "<root@x>"),
        )
    )
    assert mail["in-reply-to"] == "<new@x.example>"
    assert mail["references"].split() == [
        "<root@x>",
        "<brackets@x>",
        f"<{'l' * 200}@x>",
        "<withspace@x>",
        "<new@x.example>",
    ]


def test_a_long_thread_keeps_its_root_and_its_newest() -> None:
    mail = composed(a_reply(in_reply_to="<199@x>", ancestors=tuple(f"<{n}@x>" for n in range(199, -1, -1))))
    references = mail["references"].split()
    assert len(references) == 30
    assert (references[0], references[-1]) == ("<0@x>", "<199@x>")


def test_files_go_along() -> None:
    content = b"\x89PNG\r\n\x1a\n"
    sha256 = hashlib.sha256(content).hexdigest()
    attachment = Attachment(sha256=sha256, filename="../Bon d’été.png", media_type="image/png", size_bytes=len(content))
    (file,) = composed(a_reply(attachments=(attachment,)), files={sha256: content}).iter_attachments()
    assert file.get_filename() == "Bon d’été.png"
    assert file.get_content_type() == "image/png"
    assert file.get_content() == content


def test_who_is_in_copy_gets_a_copy_and_nobody_twice() -> None:
    copies = tuple(
        Participant(identity=Identity(kind="email", value=value), role="cc", display_name=None)
        for value in ("bob@x.example", "BOB@x.example", "support@brume.example", "clara@mail.example", "no address")
    )
    mail = compose(a_reply(copies=copies), CALL, {}, NOON)
    assert mail.recipients == ("clara@mail.example", "bob@x.example")
    assert b"\r\nCc: bob@x.example\r\n" in mail.content


def test_an_unproven_address_can_be_answered_and_others_cannot() -> None:
    assert composed(a_reply(recipient="clara@mail.example"))["to"] == "clara@mail.example"
    unproven = Identity(kind="email-unproven", value="clara@mail.example")
    assert compose(_to(unproven), CALL, {}, NOON).recipients == ("clara@mail.example",)
    with pytest.raises(Undeliverable):
        compose(_to(Identity(kind="messenger", value="123")), CALL, {}, NOON)
    with pytest.raises(Undeliverable, match="SMTPUTF8"):
        compose(_to(Identity(kind="email", value="clära@mail.example")), CALL, {}, NOON)


def _to(identity: Identity) -> SendMessage:
    reply = a_reply()
    return reply.model_copy(update={"target": reply.target.model_copy(update={"recipient": identity})})


def test_a_plus_address_is_asked_for_where_the_server_knows_them() -> None:
    us = OurMailbox("support", ("support@brume.example",), "brume.example", plus_addressing=True)
    (address,) = composed(a_reply(), us)["reply-to"].addresses
    assert address.addr_spec == f"support+{REFERENCE}@brume.example"
    assert composed(a_reply())["reply-to"] is None


@settings(max_examples=150, deadline=None)
@given(
    name=st.text(max_size=80),
    subject=st.text(max_size=200),
    recipient=st.one_of(st.just("clara@mail.example"), st.text(min_size=1, max_size=40)),
    ancestor=st.text(max_size=120),
    text=st.text(max_size=300),
)
def test_nothing_that_is_told_becomes_a_field_of_its_own(
    name: str, subject: str, recipient: str, ancestor: str, text: str
) -> None:
    reply = a_reply(subject=subject, ancestors=(ancestor,), in_reply_to=ancestor, text=text)
    target = reply.target.model_copy(update={"recipient": Identity(kind="email", value=recipient)})
    reply = reply.model_copy(update={"agent": Actor(kind="agent", id="a", name=name), "target": target})
    try:
        mail = compose(reply, CALL, {}, NOON)
    except Undeliverable:
        assert recipient != "clara@mail.example"
        return
    read = email.message_from_bytes(mail.content, policy=email.policy.default)
    expected = {
        "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type",
        "Content-Transfer-Encoding",
    }  # fmt: skip
    assert set(read.keys()) <= expected
    assert len(read.keys()) == len(set(read.keys()))
    assert [each.addr_spec for each in read["from"].addresses] == ["support@brume.example"]
    assert len(read["to"].addresses) == 1
    assert not read.defects
    assert mail.content.isascii()
