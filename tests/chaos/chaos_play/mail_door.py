"""Mail by SMTP: threads by References, some signed (DKIM), some with files, some sent twice under one Message-ID."""

import asyncio
import re
import smtplib
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime, make_msgid
from itertools import count
from pathlib import Path
from random import Random
from threading import Lock

from omnifil_devstack.demo_world import MAIL_DOMAIN, SUPPORT_MAILBOX
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.customer import Customer
from omnifil_devstack.world.dkim_zone import Signer

from chaos_play.ledger import Ledger, Mark
from chaos_play.rhythm import Rhythm, try_again_in
from chaos_play.words import words

SIGNED = "mail"
UNSIGNED = "unsigned"
_MAILS_PER_THREAD = 8
_GIANT_CHARS = 150_000
_FILE_BYTES = 2_000_000
_SENT_WITHIN_S = 20
_LOOKS = 60
_BRACKETED = re.compile(rb"\[[0-9a-f]+/[a-z0-9-]+/[0-9]+\]")


@dataclass
class _Thread:
    subject: str
    message_ids: list[str] = field(default_factory=list)


class _Copies:
    """The played world's copies of the company's mailbox."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: set[str] = set()
        self._texts: set[bytes] = set()
        self._lock = Lock()

    def has(self, text: bytes) -> bool:
        """Whether a mail with this text is among them."""
        with self._lock:
            for file in self._folder.glob("*.json"):  # written after the mail itself
                if file.name not in self._read:
                    self._read.add(file.name)
                    content = file.with_suffix(".eml").read_bytes()
                    body = message_from_bytes(content, policy=SMTP).get_body(("plain",))
                    told = str(body.get_content()).encode() if body else b""
                    self._texts |= set(_BRACKETED.findall(told))
            return text in self._texts


class MailDoor:
    """Acknowledged is what the mailbox keeps: the mail server answered 250. Until then the same mail again."""

    def __init__(self, stack: Stack, ledger: Ledger, random: Random) -> None:
        self._stack = stack
        self._ledger = ledger
        self._random = random
        self._copies = _Copies(Path(stack.logs).parent / "data" / "world" / "mail" / SUPPORT_MAILBOX)
        self._signer = Signer(MAIL_DOMAIN, Path(stack.logs).parent / "data" / "world")

    async def write(self, customer: Customer, number_of_writer: int, rhythm: Rhythm, *, signed: bool) -> None:
        """One person's mails: threads of eight, one after the other."""
        kind, number, thread = SIGNED if signed else UNSIGNED, 0, _Thread("")
        while await rhythm.next():
            name = f"{kind}-{number_of_writer}-{number // _MAILS_PER_THREAD}"
            if number % _MAILS_PER_THREAD == 0:
                thread = _Thread(f"About my parcel ({self._ledger.run} {name})")
            mark = Mark(name, number)
            number += 1
            content = self._content(customer, thread, self._ledger.text(mark, words(self._random, _GIANT_CHARS)))
            if signed:
                content = self._signer.sign(content)
            self._ledger.send(mark)
            await self.until_kept(customer.email, content, mark)
            self._ledger.acknowledge(mark)
            if not self._random.randrange(15):
                await self.until_taken(customer.email, content)
                self._ledger.sent_again[kind] += 1

    async def until_taken(self, sender: str, content: bytes) -> int:
        """Hand it in until the mail server has taken it; the number of tries."""
        for tries in count(1):
            try:
                await asyncio.to_thread(self._hand_in, sender, content)
            except (smtplib.SMTPException, OSError):
                await try_again_in(0.5)
            else:
                return tries
        raise AssertionError

    async def until_kept(self, sender: str, content: bytes, mark: Mark) -> int:
        """Hand it in until the mailbox has it for good; the number of tries."""
        tries = await self.until_taken(sender, content)
        while not await self._is_kept(mark):
            tries += await self.until_taken(sender, content)
        return tries

    async def _is_kept(self, mark: Mark) -> bool:
        """Whether the mailbox has it for good. A mail server keeps what it has said 250 to; GreenMail has only memory,
        and until the played world has its copy (it looks every second) a death of GreenMail would lose it."""
        text = f"[{self._ledger.run}/{mark.thread}/{mark.number}]".encode()
        for _ in range(_LOOKS):
            await try_again_in(0.5)
            if await asyncio.to_thread(self._copies.has, text):
                return True
        return False

    def _content(self, customer: Customer, thread: _Thread, text: str) -> bytes:
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f"{customer.name} <{customer.email}>"
        mail["To"] = SUPPORT_MAILBOX
        mail["Subject"] = f"Re: {thread.subject}" if thread.message_ids else thread.subject
        mail["Date"] = format_datetime(localtime())
        mail["Message-ID"] = make_msgid(domain=MAIL_DOMAIN)
        if thread.message_ids:
            mail["In-Reply-To"] = thread.message_ids[-1]
            mail["References"] = " ".join(thread.message_ids)
        thread.message_ids.append(str(mail["Message-ID"]))
        mail.set_content(text)
        if not self._random.randrange(40):
            picture = self._random.randbytes(_FILE_BYTES)
            mail.add_attachment(picture, maintype="application", subtype="octet-stream", filename="photo.bin")
        return mail.as_bytes()

    def _hand_in(self, sender: str, content: bytes) -> None:
        # `sendmail` takes bytes as they are; `send_message` would change lines that begin with "From "
        with smtplib.SMTP(self._stack.smtp.host, self._stack.smtp.port, timeout=_SENT_WITHIN_S) as smtp:
            smtp.sendmail(sender, [SUPPORT_MAILBOX], content)
