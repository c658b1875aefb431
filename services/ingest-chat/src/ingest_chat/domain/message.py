"""What a visitor sends, checked, and the record that it becomes."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from omnifil_contracts.message import Attachment, InboundMessage

from ingest_chat.domain.visitor import CHANNEL, Visitor, sender

MAX_TEXT_CHARS = 5_000
MAX_ATTACHMENTS = 5
CLIENT_MESSAGE_ID = r"^[A-Za-z0-9_-]{8,64}$"

_EMAIL = re.compile(r"^[^\s@<>\"(),:;\[\]\\]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$")
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# Line breaks, and what turns the direction of writing: in a name it would only make one look like another.
_ONE_LINE = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


class MessageRefused(Exception):
    """This can never be sent as it is. `code` is a stable slug."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Written:
    """What a visitor wrote, checked by `written`."""

    client_message_id: str
    text: str
    attachments: tuple[Attachment, ...]


def written(client_message_id: str, text: str, attachments: tuple[Attachment, ...]) -> Written:
    """Check what came from the browser. Raises `MessageRefused`."""
    if not re.fullmatch(CLIENT_MESSAGE_ID, client_message_id):
        raise MessageRefused("invalid-message", "client_message_id has 8 to 64 letters, digits, '-' or '_'.")
    if len(text) > MAX_TEXT_CHARS:
        raise MessageRefused("text-too-long", f"A message has at most {MAX_TEXT_CHARS} characters.")
    if len(attachments) > MAX_ATTACHMENTS:
        raise MessageRefused("too-many-attachments", f"A message has at most {MAX_ATTACHMENTS} images.")
    text = _NOT_TEXT.sub("", text.replace("\r\n", "\n")).strip()
    # Lone surrogates are legal in JSON, and in nothing that we hand the text to.
    text = text.encode("utf-8", "replace").decode()
    if not text and not attachments:
        raise MessageRefused("empty-message", "A message has a text or an image.")
    return Written(client_message_id, text, attachments)


def inbound(message: Written, visitor: Visitor, realm: str, at: datetime, language: str | None) -> InboundMessage:
    """The record. Its ids follow from the conversation and the browser's id of the message: the same however often."""
    return InboundMessage.make(
        channel=CHANNEL,
        account=visitor.account,
        conversation_key=visitor.visitor_id,
        provider_message_id=f"{visitor.conversation_id}/{message.client_message_id}",
        sender=sender(visitor, realm),
        text=message.text,
        attachments=message.attachments,
        language=language,
        received_at=at,
    )


def one_line(text: str | None, max_chars: int) -> str | None:
    """A name or the like as a person would type it on one line; None for nothing."""
    if text is None:
        return None
    cleaned = " ".join(_ONE_LINE.sub(" ", unicodedata.normalize("NFC", text)).split())
    return cleaned.encode("utf-8", "ignore").decode()[:max_chars].strip() or None


def email_address(text: str | None) -> str | None:
    """The address, normalised, or None when it is none."""
    address = (text or "").strip().lower()
    return address if len(address) <= 254 and _EMAIL.match(address) else None
