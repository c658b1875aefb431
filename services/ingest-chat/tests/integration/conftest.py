"""Replicas of the service inside the test's loop, and visitors who speak its protocol over real sockets."""

import asyncio
import json
import socket
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
import pytest
import pytest_asyncio
import uvicorn
from ingest_chat.bootstrap import bootstrap
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
        chat_accounts=[ACCOUNT],  # type: ignore[arg-type]
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
        tasks = [asyncio.create_task(server.serve([listening]))]
        tasks += [asyncio.create_task(loop(stop)) for loop in parts.loops.values()]
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
