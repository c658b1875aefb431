"""The customers' mail: writing as them, and keeping every mailbox over restarts of the mail server."""

import asyncio
import logging
import smtplib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime, make_msgid

import httpx
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from omnifil_devstack.demo_world import MAIL_DOMAIN, SUPPORT_MAILBOX, SampleCustomer
from omnifil_devstack.world.dkim_zone import Signer
from omnifil_devstack.world.mail_archive import KeptMail, MailArchive
from omnifil_devstack.world.residents import Residents
from omnifil_devstack.world.settings import WorldSettings

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 1.0
_SEEN = b"\\Seen"


@dataclass(frozen=True)
class Enclosure:
    """A file that goes with a mail."""

    filename: str
    media_type: str
    content: bytes


class Post:
    """Writes as customers, and mirrors the mail server's mailboxes into the archive."""

    def __init__(self, settings: WorldSettings, residents: Residents) -> None:
        self._settings = settings
        self.residents = residents
        self.archive = MailArchive(settings.folder / "mail")
        self._signer = Signer(MAIL_DOMAIN, settings.folder)
        self._sessions: dict[str, IMAPClient] = {}
        self._settled_uids: dict[str, set[int]] = {}
        self._restored: dict[str, int] = {}
        """Mailbox → the UIDVALIDITY under which it has all that is archived: a server that forgot it has another."""
        self._looks = asyncio.Condition()
        self._looked = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Put back what the mail server has forgotten, then follow it."""
        await self._open_mailboxes()
        await asyncio.to_thread(self._restore)
        following = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
            with suppress(IMAPClientError, OSError):  # it may be gone before us
                await asyncio.to_thread(self._mirror)
            for session in self._sessions.values():
                with suppress(IMAPClientError, OSError):
                    session.logout()

    async def write(
        self,
        customer: SampleCustomer,
        subject: str,
        text: str,
        enclosures: Sequence[Enclosure] = (),
        answered: KeptMail | None = None,
        *,
        forged: bool = False,
    ) -> str:
        """Mail from a customer to the shop; its Message-ID. `forged`: somebody else uses the address, unsigned."""
        mail = EmailMessage(policy=SMTP)
        name, _, domain = customer.email.partition("@")
        mail["From"] = Address(customer.name, name, domain)
        mail["To"] = SUPPORT_MAILBOX
        mail["Subject"] = subject
        mail["Date"] = format_datetime(localtime())
        mail["Message-ID"] = make_msgid(domain=domain)
        if answered is not None:
            original = answered.parsed()
            if message_id := original["Message-ID"]:
                mail["In-Reply-To"] = message_id
                mail["References"] = " ".join([*str(original.get("References", "")).split(), str(message_id)])
        mail.set_content(text)
        for enclosure in enclosures:
            kind, _, subtype = enclosure.media_type.partition("/")
            mail.add_attachment(enclosure.content, maintype=kind, subtype=subtype, filename=enclosure.filename)
        content = mail.as_bytes() if forged else self._signer.sign(mail.as_bytes())
        await asyncio.to_thread(self._submit, customer.email, content)
        if not forged:
            self.archive.keep(customer.email, content, "sent", seen=True)
        return str(mail["Message-ID"])

    def _submit(self, sender: str, content: bytes) -> None:
        # `sendmail` takes bytes as they are; `send_message` would change lines that begin with "From "
        with smtplib.SMTP(self._settings.host, self._settings.smtp_port, timeout=20) as smtp:
            smtp.sendmail(sender, [SUPPORT_MAILBOX], content)

    def _addresses(self) -> list[str]:
        return [SUPPORT_MAILBOX, *(customer.email for customer in self.residents.all())]

    async def _open_mailboxes(self) -> None:
        for customer in self.residents.all():
            await self.open_mailbox(customer.email)

    async def open_mailbox(self, address: str) -> None:
        """Make the mailbox of somebody new; nothing happens when there is one."""
        password = self._settings.mailbox_password.get_secret_value()
        user = {"email": address, "login": address, "password": password}
        async with httpx.AsyncClient(trust_env=False, timeout=10) as api:
            await api.post(f"http://{self._settings.host}:{self._settings.mail_api_port}/api/user", json=user)

    def _restore(self) -> None:
        """Put back what the server has forgotten. Mail that came before we did is no sign that nothing is missing."""
        for address in self._addresses():
            session = self._session(address)
            validity = session.folder_status("INBOX", ["UIDVALIDITY"])[b"UIDVALIDITY"]
            if validity == self._restored.get(address):
                continue
            there = session.search("ALL")
            fetched = session.fetch(there, ["BODY.PEEK[]"]) if there else {}
            present = {MailArchive.id_of(parts[b"BODY[]"], "inbox") for parts in fetched.values()}
            for mail in self.archive.mails(address):
                if mail.box == "inbox" and not _is_taken(address, mail) and mail.mail_id not in present:
                    # what nobody had read comes back unread: the suite knows by Message-ID what it already has
                    session.append("INBOX", mail.content, flags=[_SEEN] if mail.seen else [])
            self._restored[address] = validity

    async def copied(self) -> None:
        """Return when everything that the mail server has by now is in the archive; waits for one that is away."""
        async with self._looks:
            enough = self._looked + 2  # one look may be under way
            await self._looks.wait_for(lambda: self._looked >= enough)

    async def _follow(self) -> None:
        whole = True
        while True:
            try:
                if not whole:
                    await self._open_mailboxes()
                    await asyncio.to_thread(self._restore)
                    whole = True
                await asyncio.to_thread(self._mirror)
                async with self._looks:
                    self._looked += 1
                    self._looks.notify_all()
            except (IMAPClientError, OSError, httpx.TransportError) as away:
                _log.info("the mail server is away: %s", away)
                self._sessions.clear()
                self._settled_uids.clear()
                whole = False
            await asyncio.sleep(_LOOK_EVERY_S)

    def _mirror(self) -> None:
        for address in self._addresses():
            session = self._session(address)
            session.noop()
            settled = self._settled_uids.setdefault(address, set())
            unsettled = [uid for uid in session.search("ALL") if uid not in settled]
            # PEEK: reading must not mark, the company's mailbox belongs to ingest-email
            for uid, fetched in session.fetch(unsettled, ["BODY.PEEK[]", "FLAGS"]).items() if unsettled else ():
                seen = _SEEN in fetched[b"FLAGS"]
                self.archive.keep(address, fetched[b"BODY[]"], "inbox", seen=seen)
                if seen or address != SUPPORT_MAILBOX:
                    settled.add(uid)  # nothing about it will change any more

    def _session(self, address: str) -> IMAPClient:
        if address not in self._sessions:
            session = IMAPClient(self._settings.host, self._settings.imap_port, ssl=False, timeout=20)
            session.login(address, self._settings.mailbox_password.get_secret_value())
            session.select_folder("INBOX")
            self._sessions[address] = session
        return self._sessions[address]


def _is_taken(address: str, mail: KeptMail) -> bool:
    """The company has it: nobody reads its mailbox but the suite, and thousands of mails would take minutes."""
    return address == SUPPORT_MAILBOX and mail.seen
