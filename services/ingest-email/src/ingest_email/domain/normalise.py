"""A mail as a record: everything that can be said of it without asking anybody."""

from dataclasses import dataclass
from datetime import datetime

from omnifil_contracts.identity import AssuredIdentity
from omnifil_contracts.message import Attachment, InboundMessage, Participant, Sender

from ingest_email.domain import authenticity, message_ids
from ingest_email.domain.addresses import From, addresses, author, participants, written_to
from ingest_email.domain.attachments import Files
from ingest_email.domain.automatic import Bounce, bounce_of, why_automatic
from ingest_email.domain.body import read_body
from ingest_email.domain.limits import BrokenMail, Limits
from ingest_email.domain.mail import Mail, open_header, open_mail
from ingest_email.domain.mailbox import OurMailbox

CHANNEL = "email"
_SHORT_TEXT_CHARS = 100_000


@dataclass(frozen=True)
class Draft:
    """A normalised mail whose author is not proven yet."""

    account: str
    thread: message_ids.Thread
    claimed: From
    participants: tuple[Participant, ...]
    references: tuple[str, ...]
    automatic: str | None
    subject: str | None
    text: str
    html: str | None
    attachments: tuple[Attachment, ...]
    contents: dict[str, bytes]
    """The attachments' bytes by sha256."""
    sent_at: datetime | None
    own_outbound_id: str | None
    """Set when the Message-ID is one of ours: our own reply came back."""
    bounce: Bounce | None
    questions: tuple[str, ...]
    """Names whose TXT records the proof needs; none where `author` is decided without."""
    author: AssuredIdentity | None
    record_bytes: int

    def message(self, author: AssuredIdentity, received_at: datetime, raw: Attachment | None) -> InboundMessage:
        """The record, now that the author is known."""
        message = self._message(author, received_at, raw)
        if _size(message) > self.record_bytes:
            message = message.model_copy(update={"html": None})
        if _size(message) > self.record_bytes:
            message = message.model_copy(update={"text": message.text[:_SHORT_TEXT_CHARS] + "\n[…]"})
        return message

    def _message(self, author: AssuredIdentity, received_at: datetime, raw: Attachment | None) -> InboundMessage:
        return InboundMessage.make(
            channel=CHANNEL,
            account=self.account,
            conversation_key=self.thread.root,
            provider_message_id=self.thread.own,
            ancestors=self.thread.ancestors,
            references=self.references,
            sender=Sender(primary=author, display_name=self.claimed.display_name),
            participants=self.participants,
            automatic=self.automatic,
            subject=self.subject,
            text=self.text,
            html=self.html,
            attachments=self.attachments,
            raw=raw,
            sent_at=self.sent_at,
            received_at=received_at,
        )


def draft(raw: bytes, us: OurMailbox, limits: Limits) -> Draft:
    """What the mail says. Raises `BrokenMail`."""
    mail = open_mail(raw, limits)
    claimed = author(mail)
    subject = mail.first("subject")[:1000] or None
    body = read_body(mail, subject or "", limits)
    own = next(iter(message_ids.listed(mail.first("message-id"))), None) or message_ids.of_content(raw)
    thread = message_ids.thread(own, mail.first("in-reply-to"), mail.first("references"), limits.ancestors)
    sender = claimed.address.value if claimed.address else None
    automatic = why_automatic(mail, sender)
    _require_content(mail, subject, body.text, body.files, automatic)
    ours = message_ids.ours(own, us.reply_domain)
    questions = authenticity.questions(mail, claimed, us.authserv_id)
    return Draft(
        account=us.account,
        thread=thread,
        claimed=claimed,
        participants=participants(
            mail, us, sender, limits.participants, authenticity.believed_recipients(mail, claimed)
        ),
        references=_references(mail, thread, us),
        automatic=automatic,
        subject=subject,
        text=body.text,
        html=body.html,
        attachments=tuple(body.files.attachments),
        contents=body.files.contents,
        sent_at=mail.sent_at(),
        own_outbound_id=ours.outbound_id if ours else None,
        bounce=bounce_of(mail, us.reply_domain),
        questions=questions,
        author=None if questions else authenticity.judge(mail, claimed, {}, us.authserv_id),
        record_bytes=limits.record_bytes,
    )


def prove(raw: bytes, us: OurMailbox, answers: authenticity.Answers) -> AssuredIdentity:
    """Who wrote it, with what DNS answered to the draft's questions. Of a mail that `draft` could read."""
    mail = open_header(raw)
    return authenticity.judge(mail, author(mail), answers, us.authserv_id)


def _size(message: InboundMessage) -> int:
    return len(message.model_dump_json().encode())


def _references(mail: Mail, thread: message_ids.Thread, us: OurMailbox) -> tuple[str, ...]:
    ancestors = message_ids.references_in(thread.ancestors, us.reply_domain)
    plus = message_ids.references_in_addresses(written_to(mail), us.addresses)
    return tuple(dict.fromkeys([*ancestors, *plus]))[:20]


def _require_content(mail: Mail, subject: str | None, text: str, files: Files, automatic: str | None) -> None:
    empty = not (subject or text.strip() or files.attachments or files.left_out or automatic)
    if empty and not addresses(mail.undecoded("from")):
        raise BrokenMail("nothing-in-it", "It has no author, no subject, no text and no file.")
