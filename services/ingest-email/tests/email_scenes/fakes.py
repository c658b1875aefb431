"""The ports in memory. Each is held to the real thing by a contract test."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from ingest_email.domain.authenticity import Answers
from ingest_email.domain.limits import Limits
from ingest_email.domain.mailbox import OurMailbox
from ingest_email.domain.normalise import Draft, draft, prove
from ingest_email.domain.outgoing import OutgoingMail
from ingest_email.ports import (
    ContentMissing,
    Delivery,
    DnsUnavailable,
    MailboxAway,
    Pending,
    Position,
    SetAside,
    Stored,
)
from omnifil_contracts.delivery import DeliveryReported, SendMessage
from omnifil_contracts.identity import AssuredIdentity
from omnifil_contracts.message import InboundMessage
from omnifil_messaging.context import traceparent
from omnifil_servicekit.errors import Transient

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass
class MemoryFolder:
    """One mailbox, for its owner and for the port."""

    uidvalidity: int = 1
    mails: dict[int, bytes] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    away: int = 0
    """So many further calls fail."""
    refuses: set[int] = field(default_factory=set)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    next_uid: int = 1

    def arrive(self, raw: bytes, *, seen: bool = False) -> int:
        uid, self.next_uid = self.next_uid, self.next_uid + 1
        self.mails[uid] = raw
        self.seen |= {uid} if seen else set()
        self.news.set()
        return uid

    @property
    def last_uid(self) -> int:
        return self.next_uid - 1

    async def pending(self, after: int) -> list[Pending]:
        self._check()
        return [Pending(uid, len(raw)) for uid, raw in sorted(self.mails.items()) if uid > after]

    async def unseen(self) -> list[Pending]:
        self._check()
        return [Pending(uid, len(raw)) for uid, raw in sorted(self.mails.items()) if uid not in self.seen]

    async def fetch(self, uids: Sequence[int]) -> dict[int, bytes]:
        self._check()
        if self.refuses.intersection(uids):
            raise MailboxAway("it does not give this one")
        return {uid: self.mails[uid] for uid in uids if uid in self.mails}

    async def stream(self, mail: Pending) -> AsyncIterator[bytes]:
        self._check()
        raw = self.mails.get(mail.uid, b"")
        for start in range(0, len(raw), 1000):
            yield raw[start : start + 1000]

    async def mark_seen(self, uids: Sequence[int]) -> None:
        self._check()
        self.seen |= set(uids)

    async def wait(self, limit_s: float) -> None:
        self._check()
        try:
            async with asyncio.timeout(limit_s):
                await self.news.wait()
        except TimeoutError:
            return
        self.news.clear()

    def wake(self) -> None:
        self.news.set()

    def _check(self) -> None:
        if self.away:
            self.away -= 1
            raise MailboxAway("away")


class MemoryMailboxes(dict[str, MemoryFolder]):
    """By account."""

    @asynccontextmanager
    async def open(self, account: str) -> AsyncIterator[MemoryFolder]:
        self[account]._check()
        yield self[account]


class MemoryPositions:
    def __init__(self) -> None:
        self._positions: dict[str, Position] = {}

    async def load(self, account: str) -> Position | None:
        return self._positions.get(account)

    async def save(self, account: str, position: Position) -> None:
        self._positions[account] = position


class MemoryBlobs:
    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    async def put(self, content: bytes | AsyncIterator[bytes], media_type: str) -> Stored:
        whole = content if isinstance(content, bytes) else b"".join([piece async for piece in content])
        sha256 = hashlib.sha256(whole).hexdigest()
        self.contents[sha256] = whole
        return Stored(sha256, len(whole))

    async def get(self, sha256: str) -> bytes:
        if sha256 not in self.contents:
            raise ContentMissing(sha256)
        return self.contents[sha256]


class MemoryDns:
    """`None` for a name: no answer."""

    def __init__(self, records: Mapping[str, tuple[str, ...] | None] = {}) -> None:
        self.records = dict(records)
        self.asked: list[str] = []

    async def txt(self, name: str) -> tuple[str, ...]:
        self.asked.append(name)
        found = self.records.get(name, ())
        if found is None:
            raise DnsUnavailable(name)
        return found


class DirectReader:
    """In this process: no bounds of time."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()

    async def draft(self, raw: bytes, us: OurMailbox) -> Draft:
        return draft(raw, us, self._limits)

    async def prove(self, raw: bytes, us: OurMailbox, answers: Answers) -> AssuredIdentity:
        return prove(raw, us, answers)


class MemoryRecords:
    def __init__(self) -> None:
        self.messages: list[InboundMessage] = []
        self.letters: list[SetAside] = []
        self.reports: list[DeliveryReported] = []
        self.traces: dict[str, str] = {}
        """By outbound id: the trace in which it was reported; empty if none is recorded."""
        self.away = 0

    async def received(self, messages: Sequence[InboundMessage]) -> None:
        self._check()
        self.messages += messages

    async def set_aside(self, mails: Sequence[SetAside]) -> None:
        self._check()
        self.letters += mails

    async def reported(self, reports: Sequence[DeliveryReported]) -> None:
        self._check()
        self.reports += reports
        self.traces |= {each.outbound_id: traceparent(each.outbound_id) or "" for each in reports}

    def _check(self) -> None:
        if self.away:
            self.away -= 1
            raise Transient("Kafka is away")


@dataclass
class _Entry:
    delivery: Delivery
    due_at: datetime
    held_until: datetime
    to_report: bool = False


class MemoryLedger:
    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    async def take(self, commands: Sequence[SendMessage], at: datetime) -> None:
        for command in commands:
            self._entries.setdefault(command.outbound_id, self._new(command, at))

    def _new(self, command: SendMessage, at: datetime) -> _Entry:
        return _Entry(Delivery(command, "waiting", 0, at, traceparent=traceparent(command.outbound_id)), at, at)

    async def claim(
        self, at: datetime, hold: timedelta, per_account: int, in_hand: Mapping[str, int] = {}
    ) -> list[Delivery]:
        first: dict[str, _Entry] = {}
        for entry in sorted(self._entries.values(), key=lambda each: each.delivery.command.requested_at):
            if entry.delivery.step in ("waiting", "attempted"):
                first.setdefault(entry.delivery.command.target.conversation.conversation_id, entry)
        busy, due = Counter(in_hand), []
        for entry in first.values():
            account = entry.delivery.command.target.conversation.account
            if entry.due_at > at or entry.held_until > at or busy[account] >= per_account:
                continue
            busy[account] += 1
            due.append(entry)
            entry.held_until = at + hold
            entry.delivery = replace(entry.delivery, attempts=entry.delivery.attempts + 1)
        return [entry.delivery for entry in due]

    async def hold(self, outbound_ids: Sequence[str], until: datetime) -> None:
        for outbound_id in outbound_ids:
            self._entries[outbound_id].held_until = until

    async def attempt(self, outbound_id: str) -> bool:
        entry = self._entries[outbound_id]
        if entry.delivery.step != "waiting":
            return False
        entry.delivery = replace(entry.delivery, step="attempted")
        return True

    async def postpone(self, outbound_id: str, until: datetime, reason: str) -> None:
        entry = self._entries[outbound_id]
        entry.delivery = replace(entry.delivery, step="waiting", reason=reason)
        entry.due_at = entry.held_until = until

    async def decide(
        self, outbound_id: str, *, sent: bool, reason: str | None, provider_message_id: str | None, at: datetime
    ) -> None:
        entry = self._entries[outbound_id]
        if not sent and entry.delivery.step in ("sent", "failed"):
            return
        entry.to_report = True
        entry.delivery = replace(
            entry.delivery,
            step="sent" if sent else "failed",
            reason=reason,
            provider_message_id=provider_message_id,
            decided_at=at,
        )

    async def unreported(self, limit: int) -> list[Delivery]:
        return [each.delivery for each in self._entries.values() if each.to_report][:limit]

    async def reported(self, outbound_ids: Sequence[str]) -> None:
        for outbound_id in outbound_ids:
            entry = self._entries[outbound_id]
            entry.to_report = False
            command = entry.delivery.command.model_copy(update={"text": "", "attachments": ()})
            entry.delivery = replace(entry.delivery, command=command)

    async def find(self, outbound_ids: Sequence[str]) -> Mapping[str, Delivery]:
        return {each: self._entries[each].delivery for each in outbound_ids if each in self._entries}


class MemoryPostman:
    """Takes mails, unless it is given exceptions: one for each call, raised before or after the content."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, OutgoingMail]] = []
        self.before: list[Exception] = []
        self.after: list[Exception] = []

    async def send(self, account: str, mail: OutgoingMail, before_content: Callable[[], Awaitable[None]]) -> None:
        if self.before:
            raise self.before.pop(0)
        await before_content()
        if self.after:
            raise self.after.pop(0)
        self.sent.append((account, mail))
