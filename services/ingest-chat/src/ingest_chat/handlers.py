"""The use cases: a visitor says something, sees something; an agent's reply arrives; what is owed to Kafka is paid.

A message is stored first, with what it owes, then published, then accepted. A crash in between leaves an entry that
owes: the visitor's next attempt, or the sweep, publishes it again under the same ids.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from weakref import WeakValueDictionary

from omnifil_contracts.delivery import DeliveryReported, SendMessage
from omnifil_contracts.dossier import DeliveryState
from omnifil_servicekit.errors import Poison

from ingest_chat.domain.account import ChatAccount
from ingest_chat.domain.entry import ConversationKey, Debt, Draft, Entry
from ingest_chat.domain.message import Written, inbound
from ingest_chat.domain.visitor import CHANNEL, Visitor
from ingest_chat.ports import Clock, Records, Transcript

_STATES = {Debt.DELIVERED: DeliveryState.DELIVERED, Debt.READ: DeliveryState.READ}


@dataclass(frozen=True, slots=True)
class ChatHandlers:
    """The chat without its entrypoints."""

    transcript: Transcript
    records: Records
    clock: Clock
    paying: "WeakValueDictionary[str, asyncio.Lock]"

    @classmethod
    def over(cls, transcript: Transcript, records: Records, clock: Clock) -> "ChatHandlers":
        return cls(transcript, records, clock, WeakValueDictionary())

    async def accept_message(
        self, message: Written, visitor: Visitor, account: ChatAccount, language: str | None
    ) -> Entry:
        """Take what a visitor wrote. When this returns, Kafka has it. The same message again is the same entry."""
        now = self.clock()
        record = inbound(message, visitor, account.realm, now, language)
        draft = Draft(
            author="visitor",
            name=visitor.display_name,
            text=message.text,
            attachments=message.attachments,
            at=now,
            client_message_id=message.client_message_id,
            inbound=record,
        )
        entry, _ = await self.transcript.append(_key(visitor), draft)
        if Debt.INBOUND in entry.owes:
            await self.pay(entry.conversation_id)
        return entry.settled(frozenset({Debt.INBOUND}))

    async def mark_seen(self, visitor: Visitor, up_to_seq: int, *, read: bool) -> None:
        """The visitor's browser has the agents' entries up to here; `read`: the visitor has seen them."""
        if await self.transcript.seen(visitor.conversation_id, up_to_seq, self.clock(), read=read):
            await self.pay(visitor.conversation_id)

    async def pay(self, conversation_id: str) -> None:
        """Publish all that the conversation owes, in its order. Published twice at worst, under the same ids."""
        lock = self.paying.setdefault(conversation_id, asyncio.Lock())
        async with lock:
            entries = await self.transcript.owing(conversation_id)
            messages = [entry.inbound for entry in entries if Debt.INBOUND in entry.owes and entry.inbound]
            await self.records.publish(messages, [report for entry in entries for report in _reports(entry)])
            await self.transcript.settle([(entry, entry.owes) for entry in entries])

    async def sweep(self, untouched_for: timedelta) -> int:
        """Pay what a crash or an absent broker left behind; how many conversations that were."""
        conversations = await self.transcript.conversations_owing(self.clock() - untouched_for, 200)
        for conversation_id in conversations:
            await self.pay(conversation_id)
        return len(conversations)

    async def deliver(self, replies: Sequence[SendMessage]) -> None:
        """Write agents' replies into their transcripts, each once, and report them sent."""
        reports = []
        for reply in replies:
            conversation = reply.target.conversation
            entry, _ = await self.transcript.append(
                ConversationKey(conversation.conversation_id, conversation.account, conversation.key),
                Draft(
                    author="agent",
                    name=reply.agent.name,
                    text=reply.text,
                    attachments=reply.attachments,
                    at=self.clock(),
                    outbound_id=reply.target.outbound_id,
                    dossier_id=reply.dossier_id,
                ),
            )
            reports.append(_report(entry, DeliveryState.SENT))
        await self.records.publish([], reports)


def undeliverable(reply: SendMessage) -> Poison | None:
    """Why this can never be delivered here, if so."""
    if reply.target.conversation.channel != CHANNEL:
        return Poison(f"A reply for the channel {reply.target.conversation.channel} came on that of the chat.")
    if reply.outbound_id != reply.target.outbound_id:
        return Poison("The outbound ids of the reply and of its target differ.")
    return None


def _key(visitor: Visitor) -> ConversationKey:
    return ConversationKey(visitor.conversation_id, visitor.account, visitor.visitor_id)


def _reports(entry: Entry) -> list[DeliveryReported]:
    return [_report(entry, _STATES[debt]) for debt in (Debt.DELIVERED, Debt.READ) if debt in entry.owes]


def _report(entry: Entry, state: DeliveryState) -> DeliveryReported:
    at = {DeliveryState.DELIVERED: entry.delivered_at, DeliveryState.READ: entry.read_at}.get(state) or entry.at
    return DeliveryReported(
        outbound_id=entry.outbound_id or "",
        dossier_id=entry.dossier_id or "",
        conversation_id=entry.conversation_id,
        state=state,
        provider_message_id=entry.id,
        at=at,
    )
