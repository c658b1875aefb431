"""What the use cases need from outside, in words of the chat."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from omnifil_contracts.delivery import DeliveryReported, PresenceChanged
from omnifil_contracts.message import InboundMessage

from ingest_chat.domain.entry import ConversationKey, Debt, Draft, Entry, Standing


class Transcript(Protocol):
    """The entries of all conversations. Every method raises `Transient` when the database is away."""

    async def append(self, conversation: ConversationKey, draft: Draft) -> tuple[Entry, bool]:
        """Give the draft the next `seq` of its conversation, durably. When one with its client message id or outbound
        id is there already: that one, and False."""
        ...

    async def after(self, conversation_id: str, seq: int, limit: int) -> list[Entry]:
        """The first entries after `seq`, in their order."""
        ...

    async def newest(self, conversation_id: str, before_seq: int | None, limit: int) -> list[Entry]:
        """The last entries (before one, if that is given), in their order."""
        ...

    async def standing(self, conversation_id: str) -> Standing: ...

    async def owing(self, conversation_id: str) -> list[Entry]:
        """The conversation's entries that owe something to Kafka, in their order."""
        ...

    async def conversations_owing(self, untouched_since: datetime, limit: int) -> list[str]:
        """Conversations with something owed that nobody has touched since then."""
        ...

    async def settle(self, entries: Sequence[tuple[Entry, frozenset[Debt]]]) -> None:
        """Kafka has these: they are owed no more."""
        ...

    async def seen(self, conversation_id: str, up_to_seq: int, at: datetime, *, read: bool) -> int:
        """The visitor's browser has (or the visitor has read) the agents' entries up to `up_to_seq`: mark them and
        what they owe, once. How many are new."""
        ...

    async def read_by_agent(self, conversation_id: str, message_id: str | None) -> int | None:
        """An agent has read up to this message (None: everything). The seq up to which that is, if it is news."""
        ...

    async def answer_time(self, account: str, since: datetime) -> timedelta | None:
        """How long visitors of the account waited for their answers since then, in the middle; None: too few to say."""
        ...


class Records(Protocol):
    """The topics. What returns is acknowledged by all replicas; raises `Transient` otherwise."""

    async def publish(self, messages: Sequence[InboundMessage], reports: Sequence[DeliveryReported]) -> None: ...

    async def publish_presence(self, presence: PresenceChanged) -> None: ...


class Pictures(Protocol):
    """Content by its hash."""

    async def keep(self, content: bytes, media_type: str) -> str:
        """Store it; its sha256."""
        ...

    def open(self, sha256: str) -> AsyncIterator[bytes]:
        """Its chunks. Raises `PictureMissing` at the first."""
        ...


class PictureMissing(Exception):
    """No such content is stored."""


class Clock(Protocol):
    def __call__(self) -> datetime:
        """Now, aware UTC."""
        ...
