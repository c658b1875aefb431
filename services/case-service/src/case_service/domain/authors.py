"""Who wrote a message, as a short mark: two messages under one provider's id are one only if one person wrote them.

In mail the sender chooses the Message-ID. Somebody who knows that of a mail which has not arrived yet could send one
under it first, and the real one would pass for a redelivery and be lost.
"""

from dataclasses import dataclass
from hashlib import blake2b

from omnifil_contracts import ids
from omnifil_contracts.identity import Assurance
from omnifil_contracts.message import InboundMessage

_BYTES = 9


@dataclass(frozen=True, slots=True)
class Author:
    """`sender` stands for the handle that is proven, or for the unproven one with what was said under it; `original`
    for the bytes as they came, where they were kept."""

    sender: str
    original: str = ""

    @classmethod
    def of(cls, message: InboundMessage) -> "Author":
        primary = message.sender.primary
        said = primary.identity.key
        if not primary.assurance.at_least(Assurance.CHANNEL):
            said = f"{said}\n{message.subject}\n{message.text}"
        return cls(_mark(said), message.raw.sha256[: 2 * _BYTES] if message.raw else "")

    def is_of(self, other: "Author") -> bool:
        """The same, or the same bytes: whether an author is proven may change while a mail is read again."""
        return self.sender == other.sender or (self.original != "" and self.original == other.original)

    @property
    def text(self) -> str:
        return f"{self.sender}/{self.original}" if self.original else self.sender

    @classmethod
    def of_text(cls, text: str) -> "Author":
        sender, _, original = text.partition("/")
        return cls(sender, original)


def beside(message: InboundMessage) -> InboundMessage:
    """The message under an id of its own, where somebody else's has the one that follows from its provider's."""
    own = f"{message.provider_message_id}\n{Author.of(message).sender}"
    return message.model_copy(update={"message_id": ids.message_id(message.channel, message.account, own)})


def _mark(said: str) -> str:
    return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=_BYTES).hexdigest()
