"""Mail that no person wrote: answers of machines, bounces, lists."""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

from ingest_email.domain.mail import Mail, content_of, field, parts_of, text_of
from ingest_email.domain.message_ids import listed, ours

_QUIET = {"bulk", "junk", "auto_reply", "auto-reply"}
_LIST_FIELDS = ("list-id", "list-unsubscribe", "list-post")
_DAEMONS = re.compile(r"^(?:mailer-daemon|postmaster|mail-daemon|bounces?)(?:[+@]|$)", re.IGNORECASE)
_STATUS = re.compile(r"^[245]\.\d{1,3}\.\d{1,3}$")


@dataclass(frozen=True)
class Bounce:
    """A reply of ours that could not be delivered, as another mail server reports it. Anybody can write such a mail."""

    outbound_id: str
    recipient: str | None
    status: str | None
    """Enhanced status code (RFC 3463), such as `5.1.1`."""
    diagnostic: str | None
    """What the receiving server said."""

    def sentence(self) -> str:
        """For the agent."""
        whom = f" to {self.recipient}" if self.recipient else ""
        said = self.diagnostic or (f"status {self.status}" if self.status else "no reason given")
        return f"The mail{whom} was returned as undeliverable: {said}"


def why_automatic(mail: Mail, sender: str | None) -> str | None:
    """`bounce`, `auto-reply` or `list`; None for a person's word. RFC 3834, RFC 3464, RFC 2919."""
    if _is_report(mail) or (sender and _DAEMONS.match(sender) and _sent_by_nobody(mail)):
        return "bounce"
    submitted = mail.first("auto-submitted").partition(";")[0].strip().lower()
    precedence = mail.first("precedence").strip().lower()
    if submitted and submitted != "no":
        return "auto-reply"
    if mail.has("x-autoreply") or mail.has("x-autorespond"):
        return "auto-reply"
    if mail.root.get_content_type() == "multipart/report" or precedence in ("auto_reply", "auto-reply"):
        return "auto-reply"
    if precedence == "list" or precedence in _QUIET or any(mail.has(name) for name in _LIST_FIELDS):
        return "list"
    return "auto-reply" if _sent_by_nobody(mail) else None


def bounce_of(mail: Mail, reply_domain: str) -> Bounce | None:
    """Which reply of ours a delivery report says has failed for good; None for delays, successes and others' mail."""
    if not _is_report(mail):
        return None
    returned = _our_reply(mail, reply_domain)
    if returned is None:
        return None
    for part in parts_of(mail.root):
        if part.get_content_type() != "message/delivery-status":
            continue
        for block in _blocks(part):
            if field(str(block.get("action") or "")).lower() == "failed":
                status = field(str(block.get("status") or ""))
                return Bounce(
                    outbound_id=returned,
                    recipient=_typed(block.get("final-recipient") or block.get("original-recipient"), 254),
                    status=status if _STATUS.match(status) else None,
                    diagnostic=_typed(block.get("diagnostic-code"), 500),
                )
    return None


def _is_report(mail: Mail) -> bool:
    if mail.root.get_content_type() != "multipart/report":
        return False
    kind = str(mail.root.get_param("report-type") or "").lower()
    return kind == "delivery-status" or any(
        part.get_content_type() == "message/delivery-status" for part in parts_of(mail.root)
    )


def _sent_by_nobody(mail: Mail) -> bool:
    """An empty envelope sender (RFC 5321 §4.5.5), as the final server noted it."""
    return mail.first("return-path").replace(" ", "") == "<>"


def _our_reply(mail: Mail, reply_domain: str) -> str | None:
    """The outbound id of the mail that came back: from its own header, else from what the report answers to."""
    ids: list[str] = []
    for part in parts_of(mail.root):
        kind = part.get_content_type()
        payload = part.get_payload()
        if kind == "message/rfc822" and isinstance(payload, list) and payload and isinstance(payload[0], Message):
            ids += listed(str(payload[0].get("message-id") or ""))
        elif kind == "text/rfc822-headers":
            match = re.search(r"(?im)^message-id:\s*(<[^<>\s]+>)", text_of(part))
            ids += [match[1]] if match else []
    ids += [*listed(mail.first("in-reply-to")), *reversed(listed(mail.first("references")))]
    found = (ours(each, reply_domain) for each in ids)
    return next((each.outbound_id for each in found if each is not None), None)


def _blocks(part: Message) -> list[Message]:
    payload = part.get_payload()
    if isinstance(payload, list):
        return [each for each in payload if isinstance(each, Message)]
    return [message_from_bytes(block) for block in re.split(rb"\r?\n\r?\n", content_of(part))]


def _typed(value: object, limit: int) -> str | None:
    """The value of a `type; value` field (RFC 3464 §2.1.2)."""
    text = field(str(value or ""))
    _, semicolon, rest = text.partition(";")
    return (rest if semicolon else text).strip()[:limit] or None
