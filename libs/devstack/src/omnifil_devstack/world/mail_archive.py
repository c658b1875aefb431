"""What the mailboxes hold, kept in files: the demo's mail server has only memory."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Literal

Box = Literal["inbox", "sent"]


@dataclass
class KeptMail:
    """One mail of one mailbox."""

    mail_id: str
    box: Box
    seen: bool
    number: int
    """Order of arrival in its mailbox."""
    content: bytes

    def parsed(self) -> EmailMessage:
        """The mail as the standard library has it."""
        parsed = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)  # noqa: S101 - that is what policy.default makes
        return parsed


class MailArchive:
    """A folder per mailbox: `<number>.eml` and its `<number>.json`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mails: dict[str, dict[str, KeptMail]] = {}

    def mails(self, address: str) -> list[KeptMail]:
        """Everything in a mailbox, oldest first."""
        return sorted(self._of(address).values(), key=lambda mail: mail.number)

    def find(self, address: str, mail_id: str) -> KeptMail | None:
        """One mail."""
        return self._of(address).get(mail_id)

    def keep(self, address: str, content: bytes, box: Box, *, seen: bool) -> KeptMail:
        """Keep a mail, or note that it has been seen since; the same content is the same mail."""
        mails = self._of(address)
        mail_id = self.id_of(content, box)
        known = mails.get(mail_id)
        if known is None:
            known = mails[mail_id] = KeptMail(mail_id, box, seen, len(mails) + 1, content)
            self._write(address, known, with_content=True)
        elif seen and not known.seen:
            known.seen = True
            self._write(address, known, with_content=False)
        return known

    @staticmethod
    def id_of(content: bytes, box: Box) -> str:
        """The id under which a mail is kept."""
        return hashlib.sha256(box.encode() + content).hexdigest()[:24]

    def _of(self, address: str) -> dict[str, KeptMail]:
        if address not in self._mails:
            self._mails[address] = {mail.mail_id: mail for mail in self._read(address)}
        return self._mails[address]

    def _read(self, address: str) -> Iterator[KeptMail]:
        for note in sorted((self._folder / address).glob("*.json")):
            told = json.loads(note.read_text())
            yield KeptMail(
                told["mail_id"], told["box"], told["seen"], int(note.stem), note.with_suffix(".eml").read_bytes()
            )

    def _write(self, address: str, mail: KeptMail, *, with_content: bool) -> None:
        note = self._folder / address / f"{mail.number:06}.json"
        note.parent.mkdir(parents=True, exist_ok=True)
        if with_content:
            note.with_suffix(".eml").write_bytes(mail.content)
        replacement = note.with_suffix(".new")
        replacement.write_text(json.dumps({"mail_id": mail.mail_id, "box": mail.box, "seen": mail.seen}))
        replacement.replace(note)
