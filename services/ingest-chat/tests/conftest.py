"""A transcript in memory, replicas of the service inside the test's loop, and visitors who speak its protocol."""

import asyncio
import json
import socket
import time
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from typing import Any

import httpx
import jwt
import pytest
import pytest_asyncio
import uvicorn
from ingest_chat.bootstrap import bootstrap
from ingest_chat.domain.account import ChatAccount
from ingest_chat.domain.entry import ConversationKey, Debt, Draft, Entry, Standing
from ingest_chat.ports import Records
from ingest_chat.settings import Settings
from omnifil_contracts.topics import REGISTRY
from omnifil_messaging import KafkaSettings, TopicTail, ensure_topics
from omnifil_mongostore import Mongo
from omnifil_testkit.waiting import eventually_
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

SITE = "https://shop.example"
SITE_KEY = "the-shop-signs-with-this-key-of-32-bytes-or-more"
SESSION_KEY = "sessions-are-signed-with-this-key-of-32-bytes"
ACCOUNT = {
    "account": "shop",
    "title": "Atelier Brume",
    "allowed_origins": [SITE],
    "identity_keys": [{"kid": "2026", "key": SITE_KEY}],
}


@dataclass
class Replica:
    """A running service; `base` is its address."""

    base: str
    stop: Callable[[], Any]

    def visitor(self, **identity: Any) -> "VisitorClient":
        return VisitorClient(self.base, **identity)


@dataclass
class VisitorClient:
    """A browser without a widget."""

    base: str
    identity_token: str | None = None
    origin: str | None = SITE
    session_token: str | None = None
    conversation_id: str = ""
    frames: list[dict[str, Any]] = field(default_factory=list)
    closed: tuple[int, str] | None = None
    _socket: ClientConnection | None = None
    _reading: asyncio.Task[None] | None = None

    async def open_session(self, **more: Any) -> httpx.Response:
        body = {"account": "shop", "session_token": self.session_token, "identity_token": self.identity_token, **more}
        headers = {"Origin": self.origin} if self.origin else {}
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.post(f"{self.base}/api/sessions", json=body, headers=headers)
        if answer.is_success:
            self.session_token = answer.json()["session_token"]
            self.conversation_id = answer.json()["conversation_id"]
        return answer

    async def connect(self, after: int | None = None, **hello: Any) -> "VisitorClient":
        if self.session_token is None:
            (await self.open_session()).raise_for_status()
        self.frames, self.closed = [], None
        address = self.base.replace("http", "ws", 1) + "/api/ws"
        origin: Any = self.origin
        self._socket = await connect(address, origin=origin, proxy=None)
        self._reading = asyncio.create_task(self._read())
        with suppress(ConnectionClosed):  # the door may have been shut at once; `closed` says why
            await self.say({"type": "hello", "session": self.session_token, "after": after, **hello})
        return self

    async def say(self, frame: dict[str, Any]) -> None:
        assert self._socket is not None
        await self._socket.send(json.dumps(frame))

    async def send(self, text: str, client_message_id: str | None = None, **more: Any) -> str:
        client_message_id = client_message_id or uuid.uuid4().hex
        await self.say({"type": "send", "client_message_id": client_message_id, "text": text, **more})
        return client_message_id

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] == kind]

    @property
    def entries(self) -> dict[int, dict[str, Any]]:
        """The transcript as a client has it: the newest version of each seq."""
        return {entry["seq"]: entry for frame in self.all("entries") for entry in frame["entries"]}

    async def disconnect(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        if self._reading is not None:
            await self._reading

    async def _read(self) -> None:
        assert self._socket is not None
        with suppress(ConnectionClosed):
            async for message in self._socket:
                self.frames.append(json.loads(message))
        self.closed = (self._socket.close_code or 0, self._socket.close_reason or "")


def identity_token(subject: str = "4711", *, key: str = SITE_KEY, kid: str | None = "2026", **claims: Any) -> str:
    """As the host site signs it."""
    payload = {
        "sub": subject,
        "aud": "shop",
        "exp": int(time.time()) + 600,
        "email": "clara.martin@mail.example",
        "email_verified": True,
        "name": "Clara Martin",
        **claims,
    }
    return jwt.encode(payload, key, algorithm="HS256", headers={"kid": kid} if kid else None)


@pytest.fixture(name="identity_token")
def _identity_token() -> Callable[..., str]:
    return identity_token


@pytest_asyncio.fixture
async def settings(kafka_settings: KafkaSettings, mongo: Mongo, mongod: Any) -> Settings:
    await ensure_topics(kafka_settings, REGISTRY)
    return Settings(
        kafka_bootstrap=kafka_settings.bootstrap,
        topic_prefix=kafka_settings.topic_prefix,
        mongo_uri=mongod.uri,
        mongo_prefix=mongo.prefix,
        http_port=0,
        internal_token=SecretStr("internal-token"),
        chat_accounts=(ChatAccount.model_validate(ACCOUNT),),
        chat_session_keys=(SecretStr(SESSION_KEY),),
    )


@asynccontextmanager
async def running(settings: Settings, *roles: str, records: Records | None = None) -> AsyncIterator[Replica]:
    """The service of these roles until the block ends."""
    parts = bootstrap(settings, frozenset(roles or ("serve", "deliver")), records=records)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(parts.app, log_config=None, timeout_graceful_shutdown=2))
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        assert parts.resources is not None
        await stack.enter_async_context(parts.resources)
        tasks: list[asyncio.Future[None]] = [asyncio.create_task(server.serve([listening]))]
        tasks += [asyncio.ensure_future(loop(stop)) for loop in parts.loops.values()]
        parts.health.started = True

        async def is_ready() -> bool:
            return (await parts.health.report()).ready

        await eventually_(is_ready, 30)
        try:
            yield Replica(f"http://127.0.0.1:{listening.getsockname()[1]}", stop.set)
        finally:
            parts.health.stopping.set()
            stop.set()
            server.should_exit = True
            await asyncio.wait(tasks, timeout=15)
            for task in tasks:
                task.cancel()
            listening.close()


@pytest.fixture
def run() -> Callable[..., Any]:
    """`async with run(settings, "serve", …) as replica`."""
    return running


@pytest_asyncio.fixture
async def replica(settings: Settings) -> AsyncIterator[Replica]:
    async with running(settings) as running_replica:
        yield running_replica


@pytest.fixture
def records_of(kafka_settings: KafkaSettings) -> Callable[[str], Any]:
    """All records of a topic so far, as JSON; `await records_of("inbound.chat.v1")`."""

    async def read(topic: str) -> list[dict[str, Any]]:
        tail = TopicTail(kafka_settings, topic)
        ends = await tail.end_offsets()
        found: list[dict[str, Any]] = []
        if not sum(ends.values()):
            return found
        done = asyncio.Event()
        async for batch in tail.read("beginning", done):
            found += [{"key": each.key, "event_id": each.event_id, **json.loads(each.value)} for each in batch]
            if len(found) >= sum(ends.values()):
                break
        return found

    return read


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
            self._change(entry.conversation_id, entry.seq, partial(Entry.settled, debts=debts))

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

    def _change(self, conversation_id: str, seq: int, change: Callable[[Entry], Entry]) -> None:
        entries = self._entries[conversation_id]
        entries[seq - 1] = change(entries[seq - 1])


@pytest.fixture
def memory_transcript() -> MemoryTranscript:
    return MemoryTranscript()
