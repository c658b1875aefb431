"""A reply as the network takes it: pieces, each of which is sent on its own. Source: “Send API”, Messenger Platform."""

from dataclasses import dataclass
from datetime import datetime

from omnifil_contracts.delivery import SendMessage
from omnifil_contracts.message import Attachment

MAX_TEXT_CHARS = 2000


@dataclass(frozen=True)
class Piece:
    """Either a text or a file."""

    number: int
    text: str = ""
    file: Attachment | None = None

    @property
    def kind(self) -> str:
        """The attachment type that the network calls the file by."""
        family = (self.file.media_type if self.file else "").partition("/")[0]
        return family if family in ("image", "audio", "video") else "file"


def pieces(command: SendMessage) -> list[Piece]:
    """The text in pieces of at most 2,000 characters, cut where words end, then the files."""
    texts = [Piece(number, text=text) for number, text in enumerate(_cut(command.text.strip()))]
    return texts + [Piece(len(texts) + number, file=file) for number, file in enumerate(command.attachments)]


def window_closed(command: SendMessage, now: datetime) -> str | None:
    """The sentence for the agent when the network no longer takes an answer; None while it does."""
    ends_at = command.target.window_ends_at
    if ends_at is None or now < ends_at:
        return None
    return (
        "Messenger takes answers only within 24 hours of the customer's last message; that time ended on "
        f"{ends_at:%d %b at %H:%M} UTC. Answer on another channel, or wait until the customer writes again."
    )


def _cut(text: str) -> list[str]:
    parts = []
    while len(text) > MAX_TEXT_CHARS:
        at = max(text.rfind("\n", 1, MAX_TEXT_CHARS), text.rfind(" ", 1, MAX_TEXT_CHARS))
        at = at if at > MAX_TEXT_CHARS // 2 else MAX_TEXT_CHARS
        parts.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return [*parts, text] if text else parts
