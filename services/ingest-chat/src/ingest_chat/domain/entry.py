"""The transcript of a conversation, as the visitor sees it: entries with a gapless `seq`."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from omnifil_contracts.message import Attachment, InboundMessage

Author = Literal["visitor", "agent"]


class Debt(StrEnum):
    """What an entry still owes to Kafka. It is stored with the entry, so that no crash forgets it."""

    INBOUND = "inbound"
    DELIVERED = "delivered"
    READ = "read"


@dataclass(frozen=True, slots=True)
class ConversationKey:
    """Which conversation: its id, and what the id is made of."""

    conversation_id: str
    account: str
    key: str


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before it has its place. It is unique by `client_message_id` in its conversation (a visitor's) or by
    `outbound_id` everywhere (an agent's)."""

    author: Author
    name: str | None
    text: str
    attachments: tuple[Attachment, ...]
    at: datetime
    client_message_id: str | None = None
    inbound: InboundMessage | None = None
    outbound_id: str | None = None
    dossier_id: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the transcript. `at` is UTC. `inbound` is kept until Kafka has it."""

    conversation_id: str
    seq: int
    author: Author
    name: str | None
    text: str
    attachments: tuple[Attachment, ...]
    at: datetime
    client_message_id: str | None = None
    message_id: str | None = None
    inbound: InboundMessage | None = None
    outbound_id: str | None = None
    dossier_id: str | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    owes: frozenset[Debt] = frozenset()

    @property
    def id(self) -> str:
        return self.client_message_id or self.outbound_id or f"{self.conversation_id}:{self.seq}"

    @property
    def state(self) -> str:
        """A visitor's: `pending` until Kafka has it, then `accepted`. An agent's: `sent`, `delivered`, `read`."""
        if self.author == "visitor":
            return "pending" if Debt.INBOUND in self.owes else "accepted"
        if self.read_at is not None:
            return "read"
        return "delivered" if self.delivered_at is not None else "sent"

    @classmethod
    def of(cls, conversation: ConversationKey, seq: int, draft: Draft) -> "Entry":
        """The draft at its place."""
        return cls(
            conversation_id=conversation.conversation_id,
            seq=seq,
            author=draft.author,
            name=draft.name,
            text=draft.text,
            attachments=draft.attachments,
            at=draft.at,
            client_message_id=draft.client_message_id,
            message_id=draft.inbound.message_id if draft.inbound else None,
            inbound=draft.inbound,
            outbound_id=draft.outbound_id,
            dossier_id=draft.dossier_id,
            owes=frozenset({Debt.INBOUND}) if draft.inbound else frozenset(),
        )

    def seen(self, at: datetime, *, read: bool) -> "Entry":
        """The agent's entry after the visitor's browser has it (`read`: after the visitor has seen it); it owes what
        is new."""
        owes = set(self.owes)
        delivered_at, read_at = self.delivered_at, self.read_at
        if delivered_at is None:
            delivered_at = at
            owes.add(Debt.DELIVERED)
        if read and read_at is None:
            read_at = at
            owes.add(Debt.READ)
        return replace(self, delivered_at=delivered_at, read_at=read_at, owes=frozenset(owes))

    def settled(self, debts: frozenset[Debt]) -> "Entry":
        """The entry after Kafka has these."""
        inbound = None if Debt.INBOUND in debts else self.inbound
        return replace(self, owes=self.owes - debts, inbound=inbound)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a conversation stands. All zero: nothing was said yet."""

    last_seq: int = 0
    agent_read_seq: int = 0
    """Up to where an agent has read what the visitor wrote."""
    unread: int = 0
    """How many of the agents' entries the visitor has not read."""
