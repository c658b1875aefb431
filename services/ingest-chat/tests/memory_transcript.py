"""A transcript in memory, held to the real one by `TranscriptContract`."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median

from ingest_chat.domain.entry import ConversationKey, Debt, Draft, Entry, Standing


class MemoryTranscript:
    """Implements `ports.Transcript`."""

    def __init__(self) -> None:
        self._entries: dict[str, list[Entry]] = defaultdict(list)
        self._touched: dict[tuple[str, int], datetime] = {}
        self._read: dict[str, int] = defaultdict(int)
        self._accounts: dict[str, str] = {}

    async def append(self, conversation: ConversationKey, draft: Draft) -> tuple[Entry, bool]:
        mine = self._entries[conversation.conversation_id]
        everybody = [entry for entries in self._entries.values() for entry in entries]
        for entry in mine if draft.outbound_id is None else everybody:
            same_outbound = draft.outbound_id is not None and entry.outbound_id == draft.outbound_id
            if same_outbound or (draft.outbound_id is None and entry.client_message_id == draft.client_message_id):
                return entry, False
        at = max([draft.at, *(entry.at for entry in mine[-1:])])
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        entry = Entry.of(conversation, len(mine) + 1, replace(draft, at=at))
        mine.append(entry)
        self._accounts[conversation.conversation_id] = conversation.account
        self._touched[entry.conversation_id, entry.seq] = datetime.now(UTC)
        return entry, True

    async def after(self, conversation_id: str, seq: int, limit: int) -> list[Entry]:
        return [entry for entry in self._entries[conversation_id] if entry.seq > seq][:limit]

    async def newest(self, conversation_id: str, before_seq: int | None, limit: int) -> list[Entry]:
        entries = self._entries[conversation_id]
        return [entry for entry in entries if before_seq is None or entry.seq < before_seq][-limit:]

    async def standing(self, conversation_id: str) -> Standing:
        entries = self._entries[conversation_id]
        unread = sum(entry.author == "agent" and entry.read_at is None for entry in entries)
        return Standing(len(entries), self._read[conversation_id], unread)

    async def owing(self, conversation_id: str) -> list[Entry]:
        return [entry for entry in self._entries[conversation_id] if entry.owes]

    async def conversations_owing(self, untouched_since: datetime, limit: int) -> list[str]:
        found = [
            conversation_id
            for conversation_id, entries in self._entries.items()
            if any(entry.owes and self._touched[conversation_id, entry.seq] < untouched_since for entry in entries)
        ]
        return found[:limit]

    async def settle(self, entries: Sequence[tuple[Entry, frozenset[Debt]]]) -> None:
        for entry, debts in entries:
            self._change(entry.conversation_id, entry.seq, lambda known, debts=debts: known.settled(debts))

    async def seen(self, conversation_id: str, up_to_seq: int, at: datetime, *, read: bool) -> int:
        changed = 0
        for entry in list(self._entries[conversation_id]):
            if entry.author == "agent" and entry.seq <= up_to_seq:
                after = entry.seen(at, read=read)
                changed += (after.delivered_at != entry.delivered_at) + (after.read_at != entry.read_at)
                if after != entry:
                    self._entries[conversation_id][entry.seq - 1] = after
                    self._touched[conversation_id, entry.seq] = at
        return changed

    async def read_by_agent(self, conversation_id: str, message_id: str | None) -> int | None:
        seqs = [
            entry.seq
            for entry in self._entries[conversation_id]
            if entry.author == "visitor" and message_id in (None, entry.message_id)
        ]
        if not seqs:
            return None
        self._read[conversation_id] = max(self._read[conversation_id], seqs[-1])
        return seqs[-1]

    async def answer_time(self, account: str, since: datetime) -> timedelta | None:
        waits: list[tuple[datetime, timedelta]] = []
        for conversation_id, entries in self._entries.items():
            if self._accounts.get(conversation_id) != account:
                continue
            asked: datetime | None = None
            for entry in entries:
                if entry.author == "visitor":
                    asked = asked or entry.at
                elif asked is not None:
                    waits.append((entry.at, entry.at - asked))
                    asked = None
        recent = [wait for at, wait in sorted(waits, reverse=True) if at >= since][:50]
        return timedelta(seconds=median(wait.total_seconds() for wait in recent)) if len(recent) >= 5 else None

    def _change(self, conversation_id: str, seq: int, change) -> None:  # type: ignore[no-untyped-def]
        entries = self._entries[conversation_id]
        entries[seq - 1] = change(entries[seq - 1])
