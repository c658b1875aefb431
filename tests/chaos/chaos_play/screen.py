"""An agent's client: follows the live stream by WebSocket or by server-sent events, and goes on where it was cut."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx
from omnifil_devstack.stack_file import Login, Stack
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from chaos_play.ledger import Ledger, Mark

Kind = Literal["ws", "sse"]
_COMES_BACK_AFTER_S = 0.3
_SILENCE_S = 45
"""A quiet stream says something every 20 s."""
_PING_S = 5
_AWAY = (ConnectionClosed, InvalidHandshake, OSError, httpx.TransportError, httpx.HTTPStatusError)


@dataclass
class Screen:
    """What one client has: every entry that it was shown, by dossier and `seq`, and when it first saw each message."""

    name: str
    kind: Kind
    gateway: str
    """Base address of the replica that it hangs on."""
    stack: Stack
    http: httpx.AsyncClient
    login: Login
    ledger: Ledger
    token: str = ""
    timelines: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    first_seen: dict[Mark, float] = field(default_factory=dict)
    holes: list[str] = field(default_factory=list)
    """Entries that came before the one that precedes them: a gap, even if it is filled later."""
    contradictions: list[str] = field(default_factory=list)
    resets: list[str] = field(default_factory=list)
    connections: int = 0
    _cursor: str | None = None
    _live: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def headers(self) -> dict[str, str]:
        """By which the gateway knows the agent."""
        return {"authorization": f"Bearer {self.token}"}

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Screen"]:
        """Signed in and live inside, from this moment on."""
        await self.sign_in()
        answer = await self.http.get(
            f"{self.gateway}/api/v1/dossiers", params={"limit": "1"}, headers=self.headers, timeout=30
        )
        answer.raise_for_status()
        self._cursor = answer.json()["cursor"]
        following = asyncio.create_task(self._follow())
        try:
            async with asyncio.timeout(60):
                await self._live.wait()
            yield self
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following

    async def sign_in(self) -> None:
        """Get a token, or another one."""
        form = {"grant_type": "password", "username": self.login.username, "password": self.login.password}
        answer = await self.http.post(self.stack.issuer.token_endpoint, data=form)
        answer.raise_for_status()
        self.token = answer.json()["access_token"]

    async def _follow(self) -> None:
        listen = self._by_websocket if self.kind == "ws" else self._by_sse
        while True:
            self.connections += 1
            with suppress(*_AWAY):
                if self.connections > 1:
                    await self.sign_in()
                await listen()
            await asyncio.sleep(_COMES_BACK_AFTER_S)

    async def _by_websocket(self) -> None:
        url = self.gateway.replace("http", "ws", 1) + "/api/v1/stream"
        async with connect(url, max_size=None, ping_interval=_PING_S, ping_timeout=_PING_S * 2) as socket:
            await socket.send(json.dumps({"type": "hello", "token": self.token, "cursor": self._cursor}))
            while True:
                async with asyncio.timeout(_SILENCE_S):
                    raw = await socket.recv()
                message = json.loads(raw)
                if message["type"] == "ping":
                    await socket.send('{"type": "pong"}')
                self._take(message)

    async def _by_sse(self) -> None:
        resumed = {"last-event-id": self._cursor} if self._cursor else {}
        url = f"{self.gateway}/api/v1/stream/sse"
        timeout = httpx.Timeout(10, read=_SILENCE_S)
        async with self.http.stream("GET", url, headers=self.headers | resumed, timeout=timeout) as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                if line.startswith("data:"):
                    message = json.loads(line[5:])
                    if "type" in message:
                        self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "events":
                for event in message["events"]:
                    self._apply(event["dossier_id"], event["entry"])
                self._cursor = message["cursor"]
            case "reset":
                self.resets.append(str(message.get("reason")))
        self._live.set()

    def _apply(self, dossier_id: str, entry: dict[str, Any]) -> None:
        timeline = self.timelines.setdefault(dossier_id, {})
        seq = entry["seq"]
        if seq in timeline:
            if timeline[seq] != entry:
                self.contradictions.append(f"{dossier_id} has two entries {seq}")
            return
        if seq > 1 and seq - 1 not in timeline:
            self.holes.append(f"{dossier_id} showed {seq} before {seq - 1}")
        timeline[seq] = entry
        if (text := text_of(entry["event"])) and (mark := self.ledger.mark_in(text)):
            self.first_seen.setdefault(mark, time.time())


def text_of(event: dict[str, Any]) -> str | None:
    """What somebody wrote with this event, customer or agent."""
    if event["type"] == "message_linked":
        return str(event["message"]["text"])
    return str(event["text"]) if event["type"] in ("reply_requested", "note_added") else None
