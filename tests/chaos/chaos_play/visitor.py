"""A chat window that does not give up: it comes back, and sends again under the same id until it is told “accepted”."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
from omnifil_devstack.stack_file import Stack
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

_COMES_BACK_AFTER_S = 0.2
_ANSWER_WITHIN_S = 20
_PING_S = 5


class StubbornVisitor:
    """One visitor; remembers every entry that the service ever showed it."""

    def __init__(self, stack: Stack, http: httpx.AsyncClient, asked: dict[str, Any]) -> None:
        self._stack = stack
        self._http = http
        self._asked = {"account": stack.accounts.chat, **asked}
        self._session: str | None = None
        self._socket: ClientConnection | None = None
        self._news = asyncio.Condition()
        self._accepted: set[str] = set()
        self._refused: set[str] = set()
        self.entries: dict[int, dict[str, Any]] = {}
        self.contradictions = 0
        """Entries that came again under their `seq` with another text."""

    @classmethod
    @asynccontextmanager
    async def at_the_page(
        cls,
        stack: Stack,
        http: httpx.AsyncClient,
        *,
        identity: str | None = None,
        claimed: dict[str, str] | None = None,
    ) -> AsyncIterator["StubbornVisitor"]:
        """Signed in at the shop (`identity`), or with what somebody typed (`claimed`)."""
        visitor = cls(stack, http, {"identity_token": identity} if identity else {"claimed": claimed or {}})
        staying = asyncio.create_task(visitor._stay())
        try:
            yield visitor
        finally:
            staying.cancel()
            with suppress(asyncio.CancelledError):
                await staying

    async def say(self, text: str, *, twice: bool = False) -> None:
        """Returns when the service has taken it for good; until then it is sent again and again. `twice`: also after
        that, as a browser may whose connection broke."""
        message_id = str(uuid.uuid4())
        frame = json.dumps({"type": "send", "client_message_id": message_id, "text": text})
        while message_id not in self._accepted:
            self._refused.discard(message_id)
            try:
                async with self._news:
                    await self._news.wait_for(lambda: self._socket is not None)
                    socket = self._socket
                assert socket is not None
                await socket.send(frame)
                await self._answered(message_id, socket)
            except (ConnectionClosed, TimeoutError):
                # A closed socket says so at once: without a pause nobody else would get to run.
                await asyncio.sleep(_COMES_BACK_AFTER_S)
                continue
            if message_id in self._refused:
                await asyncio.sleep(1)  # it said “later”: one message a second is what a visitor is granted
        if twice and self._socket is not None:
            with suppress(ConnectionClosed):
                await self._socket.send(frame)

    async def _answered(self, message_id: str, socket: ClientConnection) -> None:
        """Or cut off, which is no answer."""
        async with asyncio.timeout(_ANSWER_WITHIN_S), self._news:
            await self._news.wait_for(
                lambda: message_id in self._accepted | self._refused or self._socket is not socket
            )

    def replies(self) -> list[str]:
        """What the company wrote, in order."""
        return [str(entry["text"]) for _, entry in sorted(self.entries.items()) if entry["author"] == "agent"]

    def own(self) -> list[str]:
        """What this visitor wrote, in order, as the service has it."""
        return [str(entry["text"]) for _, entry in sorted(self.entries.items()) if entry["author"] == "visitor"]

    async def _stay(self) -> None:
        while True:
            with suppress(ConnectionClosed, InvalidHandshake, OSError, httpx.TransportError, httpx.HTTPStatusError):
                await self._visit()
            async with self._news:
                self._socket = None
                self._news.notify_all()
            await asyncio.sleep(_COMES_BACK_AFTER_S)

    async def _visit(self) -> None:
        if self._session is None:
            answer = await self._http.post(
                f"{self._stack.chat.url}/api/sessions", json=self._asked, headers={"origin": self._stack.world}
            )
            answer.raise_for_status()
            self._session = answer.json()["session_token"]
        async with connect(
            self._stack.chat.ws,
            origin=self._stack.world,  # type: ignore[arg-type]
            ping_interval=_PING_S,
            ping_timeout=_PING_S,
        ) as socket:
            hello = {"type": "hello", "session": self._session, "after": max(self.entries, default=0)}
            await socket.send(json.dumps(hello))
            async for raw in socket:
                async with self._news:
                    self._take(json.loads(raw), socket)
                    self._news.notify_all()

    def _take(self, frame: dict[str, Any], socket: ClientConnection) -> None:
        match frame["type"]:
            case "live":
                self._socket = socket
            case "entries":
                for entry in frame["entries"]:
                    self._show(entry)
            case "accepted":
                self._accepted.add(frame["client_message_id"])
                self._show(frame["entry"])
            case "error" if "client_message_id" in frame:
                assert frame["retry"], frame
                self._refused.add(frame["client_message_id"])

    def _show(self, entry: dict[str, Any]) -> None:
        known = self.entries.setdefault(entry["seq"], entry)
        self.contradictions += known["text"] != entry["text"]
