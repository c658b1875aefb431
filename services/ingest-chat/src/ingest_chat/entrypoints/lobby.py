"""What the visitors' sockets of this process share, and the limits between them."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect
from omnifil_servicekit.health import Health

from ingest_chat.adapters.tokens import FileTokens, SessionTokens
from ingest_chat.domain.account import ChatAccount
from ingest_chat.domain.allowance import Allowances
from ingest_chat.entrypoints import protocol
from ingest_chat.entrypoints.hub import Hub
from ingest_chat.handlers import ChatHandlers


class Ended(Exception):
    """We close the socket, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class InHand:
    """Work that goes on though its visitor has left: half a publish helps nobody."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def finish(self, work: Coroutine[Any, Any, None]) -> None:
        """Await it; if the caller is cancelled meanwhile, it still goes on to its end."""
        await asyncio.shield(self.start(work))

    async def done(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks)


class Places:
    """How many sockets an address and a visitor have here."""

    def __init__(self, per_address: int, per_visitor: int) -> None:
        self._limits = {"address": per_address, "visitor": per_visitor}
        self._taken: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def one(self, kind: str, name: str) -> Iterator[None]:
        """Raises `Ended` when there is none left."""
        if self._taken[kind, name] >= self._limits[kind]:
            raise Ended(protocol.TOO_MUCH, "too-many-connections")
        self._taken[kind, name] += 1
        try:
            yield
        finally:
            self._taken[kind, name] -= 1
            if not self._taken[kind, name]:
                del self._taken[kind, name]


@dataclass(frozen=True)
class Lobby:
    """What every socket needs."""

    accounts: dict[str, ChatAccount]
    chat: ChatHandlers
    hub: Hub
    sessions: SessionTokens
    files: FileTokens
    places: Places
    messages: Allowances
    frames: Allowances
    health: Health
    address_of: Callable[[WebSocket], str]
    in_hand: InHand = field(default_factory=InHand)


async def text_of(socket: WebSocket) -> str:
    """The next text frame. Raises `Ended`, WebSocketDisconnect."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    text: str | None = message.get("text")
    if text is None:
        raise Ended(protocol.INVALID, "text-frames-only")
    if len(text) > protocol.MAX_FRAME_CHARS:
        raise Ended(protocol.TOO_BIG, "message-too-large")
    return text
