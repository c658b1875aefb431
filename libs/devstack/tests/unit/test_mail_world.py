"""The customers' mail provider and the archive of the mailboxes."""

import re
from pathlib import Path

import dkim
from omnifil_devstack.world.dkim_zone import ZONE_FILE, Signer
from omnifil_devstack.world.mail_archive import MailArchive

_MAIL = (
    b"From: Claire Martin <claire.martin@post.test>\r\nTo: support@shop.test\r\nSubject: Order 4711\r\n"
    b"Message-ID: <1@post.test>\r\n\r\nFrom here on it is text.\r\n"
)


def test_a_signed_mail_passes_by_the_zone_and_a_changed_one_does_not(tmp_path: Path) -> None:
    signed = Signer("post.test", tmp_path).sign(_MAIL)
    zone = dict(re.findall(r"^(\S+)\. 300 IN TXT (.*)$", (tmp_path / ZONE_FILE).read_text(), re.MULTILINE))

    def answer(name: bytes, timeout: int = 5) -> str:
        return "".join(re.findall(r'"([^"]*)"', zone[name.decode().rstrip(".")]))

    assert dkim.verify(signed, dnsfunc=answer)
    assert not dkim.verify(signed.replace(b"4711", b"4712"), dnsfunc=answer)
    assert "p=reject" in zone["_dmarc.post.test"]


def test_the_key_is_kept(tmp_path: Path) -> None:
    Signer("post.test", tmp_path)
    zone = (tmp_path / ZONE_FILE).read_text()
    Signer("post.test", tmp_path)
    assert (tmp_path / ZONE_FILE).read_text() == zone


def test_the_archive_survives_and_keeps_each_mail_once(tmp_path: Path) -> None:
    archive = MailArchive(tmp_path)
    archive.keep("a@post.test", b"Subject: one\r\n\r\n1", "inbox", seen=False)
    archive.keep("a@post.test", b"Subject: two\r\n\r\n2", "sent", seen=True)
    archive.keep("a@post.test", b"Subject: one\r\n\r\n1", "inbox", seen=True)
    again = MailArchive(tmp_path).mails("a@post.test")
    assert [(mail.parsed()["Subject"], mail.box, mail.seen) for mail in again] == [
        ("one", "inbox", True),
        ("two", "sent", True),
    ]
