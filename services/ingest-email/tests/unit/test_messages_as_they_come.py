"""What real mail looks like, and what becomes of it."""

import base64
import hashlib

import pytest
from email_scenes.fakes import NOON
from email_scenes.mails import SIGNED, a_mail, signed
from ingest_email.domain.limits import BrokenMail, Limits
from ingest_email.domain.mailbox import OurMailbox
from ingest_email.domain.normalise import Draft, draft


def read(raw: bytes | str, us: OurMailbox, limits: Limits | None = None) -> Draft:
    return draft(raw.encode() if isinstance(raw, str) else raw, us, limits or Limits())


def multipart(*parts: str, kind: str = "mixed", boundary: str = "b", **fields: str) -> bytes:
    body = "".join(f"--{boundary}\n{part}\n" for part in parts) + f"--{boundary}--\n"
    return a_mail(text=body, content_type=f'multipart/{kind}; boundary="{boundary}"', **fields)


def part(content_type: str, body: str, **fields: str) -> str:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\n".join([f"Content-Type: {content_type}", *lines, "", body])


def a_file(name: str, content: bytes = b"%PDF", media_type: str = "application/pdf", **fields: str) -> str:
    encoded = base64.b64encode(content).decode()
    disposition = {"Content_Disposition": f"attachment; {name}", **fields}
    return part(media_type, encoded, Content_Transfer_Encoding="base64", **disposition)


def test_a_plain_mail(us: OurMailbox) -> None:
    message = read(a_mail(text="Bonjour,\nça ne marche pas."), us)
    assert message.text == "Bonjour,\nça ne marche pas."
    assert message.html is None
    assert message.subject == "Order 4711"
    assert message.claimed.display_name == "Clara Martin"
    assert message.thread.own == message.thread.root == "<m1@mail.example>"
    assert message.sent_at is not None
    assert message.sent_at.isoformat() == "2026-03-02T11:00:00+00:00"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("=?utf-8?q?Clara_Martin_=C3=A9?=", "Clara Martin é"),
        ("=?iso-8859-1?Q?r=E9ponse?= =?utf-8?B?IOKCrA==?=", "réponse €"),
        ("=?utf-8?B?4oI=?= =?utf-8?B?rA==?=", "€"),  # a character split between two words
        ("=?unknown-charset?Q?caf=C3=A9?=", "café"),
        ("=?utf-8?B?YWJj", "=?utf-8?B?YWJj"),
        ("Re: =?utf-8?q?=F0=9F=8E=81?= here", "Re: 🎁 here"),
    ],
)
def test_encoded_words(written: str, meant: str, us: OurMailbox) -> None:
    assert read(a_mail(subject=written), us).subject == meant


def test_eight_bit_headers_are_read_as_utf8_and_else_as_cp1252(us: OurMailbox) -> None:
    raw = a_mail().replace(b"Subject: Order 4711", "Subject: déjà".encode())
    assert read(raw, us).subject == "déjà"
    assert read(raw.replace("déjà".encode(), "déjà".encode("cp1252")), us).subject == "déjà"


@pytest.mark.parametrize(
    ("charset", "content"),
    [
        ("utf-8", "prix : 5 €".encode()),
        ("us-ascii", "prix : 5 €".encode()),
        ("iso-8859-1", "prix : 5 €".encode("cp1252")),
        ("nonsense", "prix : 5 €".encode()),
        ("utf-8", "prix : 5 €".encode("cp1252")),
        ("base64", "prix : 5 €".encode()),
    ],
)
def test_charsets_that_are_wrong(charset: str, content: bytes, us: OurMailbox) -> None:
    raw = a_mail(text="", content_type=f"text/plain; charset={charset}") + content
    assert read(raw, us).text.strip() == "prix : 5 €"


def test_text_is_preferred_and_html_is_kept(us: OurMailbox) -> None:
    raw = multipart(part("text/plain", "plain words"), part("text/html", "<p>rich words</p>"), kind="alternative")
    message = read(raw, us)
    assert message.text == "plain words"
    assert message.html == "<p>rich words</p>"
    assert message.attachments == ()


def test_html_only_is_read_as_text(us: OurMailbox) -> None:
    message = read(a_mail(text="<p>Hello<br>Clara</p><ul><li>one</li></ul>", content_type="text/html"), us)
    assert message.text.splitlines()[:2] == ["Hello", "Clara"]
    assert "one" in message.text


def test_a_list_footer_beside_html_does_not_replace_the_words(us: OurMailbox) -> None:
    raw = multipart(part("text/html", "<p>the words</p>"), part("text/plain", "footer of a list"))
    assert read(raw, us).text == "the words\n\nfooter of a list"


def test_html_of_strangers_is_made_safe(us: OurMailbox) -> None:
    html = (
        '<script>alert(1)</script><style>@import "//evil.example"</style>'
        '<p onclick="x()" style="background:url(https://evil.example/p.gif)">words</p>'
        '<img src="https://evil.example/pixel.gif"><img src="cid:logo@mail"><img src="cid:unknown">'
        '<a href="javascript:alert(1)">a</a><a href="https://shop.example">b</a><a href="/x">c</a>'
        '<form action="/x"><input name=p></form><iframe src="https://evil.example"></iframe>'
        '<base href="//evil.example">'
    )
    raw = multipart(
        part("text/html", html),
        part("image/png", "iVBORw0KGgo=", Content_ID="<logo@mail>", Content_Transfer_Encoding="base64"),
        kind="related",
    )
    message = read(raw, us)
    sha256 = hashlib.sha256(base64.b64decode("iVBORw0KGgo=")).hexdigest()
    assert message.html is not None
    assert "evil.example" not in message.html
    assert "alert" not in message.html
    assert f'<img src="cid:{sha256}">' in message.html
    assert message.html.count("href=") == 1
    assert 'href="https://shop.example"' in message.html
    assert [(each.sha256, each.inline) for each in message.attachments] == [(sha256, True)]


@pytest.mark.parametrize("html", ["<div>" * 5000 + "words", "<div>words</div>" * 50_000])
def test_html_that_would_take_minutes_is_read_for_its_words_only(html: str, us: OurMailbox) -> None:
    message = read(a_mail(text=f"<style>p {{}}</style><script>bad()</script>{html}", content_type="text/html"), us)
    assert message.text.startswith("words")
    assert "bad()" not in message.text
    assert "<div>" not in (message.html or "")


@pytest.mark.parametrize(
    ("declared", "shown"),
    [
        ('filename="invoice.pdf"', "invoice.pdf"),
        ("filename*=utf-8''r%C3%A9ponse.pdf", "réponse.pdf"),
        ("filename*0=long-; filename*1=name.pdf", "long-name.pdf"),
        ('filename="=?utf-8?Q?r=C3=A9ponse.pdf?="', "réponse.pdf"),
        ('filename="../../etc/passwd"', "passwd"),
        (r'filename="C:\\Users\\clara\\x.pdf"', "x.pdf"),
        ("filename*=utf-8''invoice%E2%80%AEfdp.exe", "invoicefdp.exe"),
        ("", "attachment-1.pdf"),
    ],
)
def test_file_names(declared: str, shown: str, us: OurMailbox) -> None:
    raw = multipart(part("text/plain", "see file"), a_file(declared))
    assert [each.filename for each in read(raw, us).attachments] == [shown]


def test_files_are_addressed_by_their_content(us: OurMailbox) -> None:
    message = read(multipart(part("text/plain", "see"), a_file('filename="a.pdf"', b"one")), us)
    (attachment,) = message.attachments
    assert attachment.sha256 == hashlib.sha256(b"one").hexdigest()
    assert message.contents == {attachment.sha256: b"one"}
    assert attachment.size_bytes == 3


def test_a_file_beyond_the_limit_is_left_out_and_named(us: OurMailbox) -> None:
    raw = multipart(part("text/plain", "see"), a_file('filename="big.pdf"', b"x" * 2000))
    message = read(raw, us, Limits(attachment_bytes=1000))
    assert message.attachments == ()
    assert "[big.pdf: left out here" in message.text


def test_winmail_dat_and_attached_mails_are_files(us: OurMailbox) -> None:
    inner = a_mail(subject="The first one", text="inner words").decode()
    raw = multipart(
        part("text/plain", "see"),
        a_file('filename="winmail.dat"', b"\x78\x9f\x3e\x22", "application/ms-tnef"),
        part("message/rfc822", inner),
    )
    message = read(raw, us)
    assert [each.filename for each in message.attachments] == ["winmail.dat", "The first one.eml"]
    assert "inner words" not in message.text
    assert b"inner words" in message.contents[message.attachments[1].sha256]


def test_a_multipart_without_its_boundary(us: OurMailbox) -> None:
    body = "--xyz\n" + part("text/plain", "the words") + "\n--xyz\n" + a_file('filename="a.pdf"') + "\n--xyz--\n"
    message = read(a_mail(text=body, content_type="multipart/mixed"), us)
    assert message.text == "the words"
    assert [each.filename for each in message.attachments] == ["a.pdf"]
    wrong = read(a_mail(text=body, content_type='multipart/mixed; boundary="other"'), us)
    assert wrong.text == "the words"


def test_a_multipart_without_any_boundary_is_read_as_text(us: OurMailbox) -> None:
    assert "just words" in read(a_mail(text="just words", content_type="multipart/mixed"), us).text


@pytest.mark.parametrize("date", ["yesterday", "Mon, 99 Foo 2026 25:61:61", "", "Thu, 1 Jan 1900 00:00:00 +9999"])
def test_bad_dates_are_no_date(date: str, us: OurMailbox) -> None:
    raw = a_mail().replace(b"Date: Mon, 02 Mar 2026 12:00:00 +0100", b"Date: " + date.encode())
    assert read(raw, us).sent_at is None


def test_a_mail_without_an_id_has_the_same_one_whenever_it_is_read(us: OurMailbox) -> None:
    first, again = (read(a_mail(message_id=None), us).thread.own for _ in range(2))
    assert first == again
    assert first != read(a_mail(message_id=None, text="other"), us).thread.own


def test_of_duplicate_fields_the_first_counts(us: OurMailbox) -> None:
    raw = a_mail().replace(b"Subject:", b"Subject: first\r\nMessage-ID: <first@mail.example>\r\nSubject:")
    message = read(raw, us)
    assert message.subject == "first"
    assert message.thread.own == "<first@mail.example>"


def test_control_characters_are_gone(us: OurMailbox) -> None:
    assert read(a_mail(text="a\x00b\x1b[31mc"), us).text == "ab[31mc"


def test_participants_are_the_others(us: OurMailbox) -> None:
    raw = a_mail(cc='"Bob, Jr." <Bob@X.example>, support+om1-abc@brume.example, clara.martin@mail.example, nonsense')
    found = read(raw, us).participants
    assert [(each.identity.key, each.role, each.display_name) for each in found] == [
        ("email:bob@x.example", "cc", "Bob, Jr.")
    ]


def test_a_signed_mail_that_somebody_sends_on_copies_nobody_in(us: OurMailbox) -> None:
    """Her mail to him, sent again to us by him: the signature is hers, but she has not written to us and him."""
    to_him = a_mail().replace(b"To: Support <support@brume.example>", b"To: crook@evil.example")
    for raw in (to_him, b"Cc: support@brume.example\r\n" + signed(to_him, "mail.example")):
        assert read(raw, us).participants == ()


def test_who_is_put_in_copy_above_her_signature_is_not_in_copy(us: OurMailbox) -> None:
    added = b"Cc: crook@evil.example\r\n"
    assert read(added + signed(a_mail(), "mail.example"), us).participants == ()
    boast = b"DKIM-Signature: v=1; d=mail.example; s=s1; h=from:cc; b=\r\n"
    assert read(boast + added + signed(a_mail(), "mail.example"), us).participants == ()
    hers = signed(a_mail(cc="aunt@mail.example"), "mail.example", fields=(*SIGNED, b"cc"))
    assert [each.identity.value for each in read(hers, us).participants] == ["aunt@mail.example"]


def test_a_record_always_fits_into_kafka(us: OurMailbox) -> None:
    html = "<p>" + "𝄞<b>&quot;</b>" * 20_000 + "</p>"
    raw = multipart(
        part("text/plain; charset=utf-8", '𝄞"' * 150_000, Content_Transfer_Encoding="8bit"),
        part("text/html; charset=utf-8", html, Content_Transfer_Encoding="8bit"),
        kind="alternative",
        references=" ".join(f"<{n}{'r' * 800}@x>" for n in range(100)),
        cc=", ".join(f"{'n' * 100} <{n}{'c' * 50}@x.example>" for n in range(150)),
    )
    message = read(raw, us)
    assert len(message.text) == 200_000
    record = message.message(message.author or pytest.fail("it needs no proof"), NOON, None)
    assert len(record.model_dump_json().encode()) < 800_000
    assert record.html is None
    assert record.text.endswith("[…]")
    assert len(record.participants) == 100


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02 garbage", "no-header"),
        (b"Subject: x\r\n\r\nwords", "no-sender"),
        (b"From: nobody\r\n\r\n", "nothing-in-it"),
        (b"From: a@b.example\r\n" + b"X-A: b\r\n" * 2000 + b"\r\nx", "too-many-fields"),
        (b"From: a@b.example\r\nX: " + b"a" * 600_000, "header-too-large"),
    ],
)
def test_what_is_no_mail_is_broken_and_says_why(raw: bytes, cause: str, us: OurMailbox) -> None:
    with pytest.raises(BrokenMail) as broken:
        read(raw, us)
    assert broken.value.cause == cause


def test_a_mail_too_large_too_deep_or_of_too_many_parts_is_broken(us: OurMailbox) -> None:
    with pytest.raises(BrokenMail, match="more than the 100"):
        read(a_mail(), us, Limits(mail_bytes=100))
    with pytest.raises(BrokenMail, match="more than 5 parts"):
        read(multipart(*[part("text/plain", "x")] * 9), us, Limits(parts=5))
    deep = part("text/plain", "x")
    for level in range(30):
        deep = f'Content-Type: multipart/mixed; boundary="l{level}"\n\n--l{level}\n{deep}\n--l{level}--\n'
    with pytest.raises(BrokenMail, match="20 deep"):
        read(b"From: a@b.example\n" + deep.encode(), us)
    endless = b"From: a@b.example\n" + b"Content-Type: message/rfc822\n\n" * 3000
    with pytest.raises(BrokenMail) as broken:
        read(endless, us)
    assert broken.value.cause == "too-deep"
