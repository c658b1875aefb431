"""Who is connected here, by conversation, and what they are told: the entries' change stream, agents' presence."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from omnifil_contracts.delivery import PresenceChanged
from omnifil_messaging import OffsetsGone, TopicTail
from omnifil_mongostore import ChangeTail, Mongo, ResumeTokenGone
from omnifil_servicekit.errors import Transient

from ingest_chat.adapters.mongo_transcript import ENTRIES, chat_database, entry_of
from ingest_chat.domain.entry import Entry
from ingest_chat.ports import Transcript

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AgentTyping:
    name: str | None
    active: bool


@dataclass(frozen=True, slots=True)
class AgentRead:
    seq: int


@dataclass(frozen=True, slots=True)
class Resync:
    """Something may have been missed: read the transcript again."""


News = Entry | AgentTyping | AgentRead | Resync
Listener = Callable[[News], None]


class Hub:
    """Listeners of this process. `tell` never waits: a listener that cannot keep up says so itself."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[Listener]] = defaultdict(set)

    @contextmanager
    def listening(self, conversation_id: str, listener: Listener) -> Iterator[None]:
        self._listeners[conversation_id].add(listener)
        try:
            yield
        finally:
            self._listeners[conversation_id].discard(listener)
            if not self._listeners[conversation_id]:
                del self._listeners[conversation_id]

    def tell(self, conversation_id: str, news: News) -> None:
        for listener in tuple(self._listeners.get(conversation_id, ())):
            listener(news)

    def tell_all(self, news: News) -> None:
        for conversation_id in tuple(self._listeners):
            self.tell(conversation_id, news)

    def hears(self, conversation_id: str) -> bool:
        return conversation_id in self._listeners


class EntryFeed:
    """Loop: entries that any replica wrote, told to who is connected here."""

    def __init__(self, mongo: Mongo, hub: Hub, beat: Callable[[], None]) -> None:
        self._tail = ChangeTail(chat_database(mongo), ENTRIES, full_document=True, max_await_ms=1000)
        self._hub = hub
        self._beat = beat
        self.started = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        token = None
        while not stop.is_set():
            try:
                async for batch in self._tail.batches(token, stop):
                    self._beat()
                    for change in batch.changes:
                        if change.document is not None:
                            self._hub.tell(change.document["conversation_id"], entry_of(change.document))
                    token = batch.resume_token
                    self.started.set()
            except ResumeTokenGone:
                log.warning("entries_missed", remedy="connected visitors read their transcripts again")
                token = None
                self._hub.tell_all(Resync())


class AgentPresenceFeed:
    """Loop: agents who type or have read, told to the visitors who are connected here."""

    def __init__(
        self, tail: TopicTail[PresenceChanged], transcript: Transcript, hub: Hub, beat: Callable[[], None]
    ) -> None:
        self._tail = tail
        self._transcript = transcript
        self._hub = hub
        self._beat = beat
        self.started = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                async for batch in self._tail.read("end", stop, idle_s=5):
                    self.started.set()
                    self._beat()
                    for received in batch:
                        await self._tell(received.record)
            except (OffsetsGone, Transient) as error:
                # Presence is worth nothing a moment later: what was missed is not asked for again.
                log.warning("presence_missed", error=type(error).__name__)

    async def _tell(self, presence: PresenceChanged) -> None:
        conversation_id = presence.conversation_id
        if presence.actor.kind != "agent" or conversation_id is None:
            return
        if presence.activity == "read":
            seq = await self._transcript.read_by_agent(conversation_id, presence.read_message_id)
            if seq is not None:
                self._hub.tell(conversation_id, AgentRead(seq))
        elif presence.activity in ("typing", "idle"):
            self._hub.tell(conversation_id, AgentTyping(presence.actor.name, presence.activity == "typing"))
