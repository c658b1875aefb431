"""A reply as a mail: bytes that any mail program puts into the right thread."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from omnifil_contracts.delivery import SendMessage

from ingest_email.domain import message_ids
from ingest_email.domain.addresses import normalised
from ingest_email.domain.attachments import safe_name
from ingest_email.domain.charsets import clean
from ingest_email.domain.mailbox import OurMailbox

RECIPIENT_KINDS = ("email", "email-unproven")
_ANSWER_MARK = re.compile(r"^(?:\s*(?:re|aw|sv|antw|rif|r|réf|ref)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_PARTS_OF_TYPE = re.compile(r"([a-z0-9!#$&^_.+-]{1,63})/([a-z0-9!#$&^_.+-]{1,63})")
_REFERENCES_LIMIT = 30
_POLICY = SMTP.clone(refold_source="none")  # structured fields are folded, ids are left as they are set


class Undeliverable(Exception):
    """This reply can never be a mail. The text is a sentence for the agent."""


@dataclass(frozen=True)
class OutgoingMail:
    """Ready to be handed in. Lines end with CRLF; ASCII only, so that every server takes it."""

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    content: bytes


def compose(command: SendMessage, us: OurMailbox, files: Mapping[str, bytes], now: datetime) -> OutgoingMail:
    """The mail of a reply. `files` holds the attachments' bytes by sha256. Raises `Undeliverable`."""
    target = command.target
    recipient = normalised(target.recipient.value) if target.recipient.kind in RECIPIENT_KINDS else None
    if recipient is None:
        raise Undeliverable("The customer has no e-mail address that a reply could go to.")
    copies = _copies(command, us, recipient)
    message_id = message_ids.mint(target.reference, command.outbound_id, us.reply_domain)
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = _address(us.address, _from_name(command, us))
    mail["To"] = _address(recipient, None)
    if copies:
        mail["Cc"] = [_address(address, name) for address, name in copies.items()]
    if us.plus_addressing and (reply_to := _plus_address(us.address, target.reference)):
        mail["Reply-To"] = _address(reply_to, _from_name(command, us))
    mail["Subject"] = answer_subject(target.subject)
    mail["Date"] = format_datetime(now)
    _set_ids(mail, "Message-ID", [message_id])
    ancestors = _ancestors(command)
    if ancestors:
        _set_ids(mail, "In-Reply-To", [ancestors[-1]])
        _set_ids(mail, "References", ancestors)
    _fill(mail, command, files)
    try:
        content = mail.as_bytes(policy=_POLICY)
    except (ValueError, UnicodeError, LookupError, IndexError) as error:
        raise Undeliverable(f"The reply cannot be written as a mail ({type(error).__name__}).") from error
    return OutgoingMail(message_id, us.address, (recipient, *copies), content)


def answer_subject(subject: str | None) -> str:
    """`Re: …` once, whatever marks of answers are there already."""
    plain = _ANSWER_MARK.sub("", " ".join(clean(subject or "").split()))
    return f"Re: {plain[:900]}".rstrip() if plain else "Re:"


def _fill(mail: EmailMessage, command: SendMessage, files: Mapping[str, bytes]) -> None:
    text = clean(command.text)
    mail.set_content(text if text.endswith("\n") else f"{text}\n", charset="utf-8", cte="quoted-printable")
    for number, attachment in enumerate(command.attachments, start=1):
        content = files.get(attachment.sha256)
        if content is None:
            raise Undeliverable(f"The file {safe_name(attachment.filename)} is no longer stored: attach it again.")
        match = _PARTS_OF_TYPE.fullmatch(attachment.media_type.lower())
        main, sub = (match[1], match[2]) if match and match[1] not in ("multipart", "message") else _UNKNOWN
        name = safe_name(attachment.filename) or f"attachment-{number}"
        mail.add_attachment(content, maintype=main, subtype=sub, filename=name, cte="base64")


_UNKNOWN = ("application", "octet-stream")


def _copies(command: SendMessage, us: OurMailbox, recipient: str) -> dict[str, str | None]:
    """Addresses in copy and their names; ourselves and the recipient never."""
    found: dict[str, str | None] = {}
    for each in command.target.copies:
        address = normalised(each.identity.value) if each.identity.kind in RECIPIENT_KINDS else None
        if address and address != recipient and address not in us.addresses:
            found.setdefault(address, each.display_name)
    return found


def _ancestors(command: SendMessage) -> list[str]:
    """Oldest first, the answered one last. RFC 5322 §3.6.4; a long list keeps its root and its newest."""
    target = command.target
    oldest_first = [each for value in reversed(target.ancestors) for each in message_ids.listed(value)]
    answered = list(message_ids.listed(target.in_reply_to or ""))[:1]
    ids = [each for each in dict.fromkeys(oldest_first) if each not in answered] + answered
    return ids if len(ids) <= _REFERENCES_LIMIT else [ids[0], *ids[1 - _REFERENCES_LIMIT :]]


def _set_ids(mail: EmailMessage, name: str, ids: list[str]) -> None:
    """One id a line, set raw: the library would fold, or encode, an id that is longer than a line."""
    safe = [each.encode("ascii", "ignore").decode("ascii") for each in ids]
    mail.set_raw(name, "\r\n ".join(safe))


def _from_name(command: SendMessage, us: OurMailbox) -> str | None:
    agent = _plain(command.agent.name)
    ours = _plain(us.from_name)
    return f"{agent} ({ours})" if agent and ours else agent or ours


def _plain(name: str | None) -> str | None:
    return " ".join(clean(name or "").split())[:100] or None


def _address(address: str, name: str | None) -> HeaderAddress:
    """The parts are given apart, so that nothing in a name can become a field or an address."""
    local, _, domain = address.rpartition("@")
    if not address.isascii():
        raise Undeliverable(f"The address {address} needs a mail server with SMTPUTF8, which replies do not use.")
    try:
        return HeaderAddress(display_name=_plain(name) or "", username=local, domain=domain)
    except (ValueError, IndexError) as error:
        raise Undeliverable("The customer's e-mail address cannot be written into a mail.") from error


def _plus_address(address: str, reference: str) -> str | None:
    local, _, domain = address.rpartition("@")
    extended = f"{local}+{reference}@{domain}"
    return extended if len(local) + 1 + len(reference) <= 64 and normalised(extended) else None
