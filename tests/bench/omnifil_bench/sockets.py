"""A WebSocket client that costs next to nothing: thousands of them share two cores with what is measured.

Frames that nobody looks into are stepped over without being copied. Source: RFC 6455 §5.2.
"""

import asyncio
import base64
import json
import os
import struct
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

_SHORT = 512
"""Control messages of the stream are shorter than this, events longer."""
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


class AgentSocket(asyncio.Protocol):
    """One agent's live stream. `on_text` gets each long message; without it they are skipped."""

    def __init__(self, url: str, token: str, on_text: Callable[[bytes], None] | None) -> None:
        parts = urlsplit(url)
        self._host, self._path = f"{parts.hostname}:{parts.port}", parts.path
        self._hello = json.dumps({"type": "hello", "token": token, "cursor": None}).encode()
        self._on_text = on_text
        self._buffer = bytearray()
        self._skip = 0
        self._open = False
        self._transport: asyncio.Transport | None = None
        loop = asyncio.get_running_loop()
        self.live: asyncio.Future[None] = loop.create_future()
        """Done when it has caught up; an error when the connection ended before."""

    @classmethod
    async def connect(cls, url: str, token: str, on_text: Callable[[bytes], None] | None = None) -> "AgentSocket":
        """Connected; `await socket.live` waits until it has caught up. Raises OSError."""
        parts = urlsplit(url)
        _, socket = await asyncio.get_running_loop().create_connection(
            lambda: cls(url, token, on_text), parts.hostname or "", parts.port or 80
        )
        return socket

    def abort(self) -> None:
        """As when a cable is pulled: no goodbye."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def connection_lost(self, error: Exception | None) -> None:
        if not self.live.done():
            self.live.set_exception(ConnectionError("The stream ended before it was live."))

    def data_received(self, data: bytes) -> None:
        if self._skip >= len(data):
            self._skip -= len(data)
            return
        self._buffer += memoryview(data)[self._skip :]
        self._skip = 0
        if self._open or self._upgraded():
            self._frames()

    def _upgraded(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        if not self._buffer.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(f"No WebSocket here: {bytes(self._buffer[:100])!r}")
        del self._buffer[: end + 4]
        self._open = True
        self._send(_TEXT, self._hello)
        return True

    def _frames(self) -> None:
        at, size = 0, len(self._buffer)
        while size - at >= 2:
            length, begin = self._buffer[at + 1] & 0x7F, at + 2
            if length >= 126:
                width = 2 if length == 126 else 8
                if size - begin < width:
                    break
                length = int.from_bytes(self._buffer[begin : begin + width])
                begin += width
            opcode = self._buffer[at] & 0x0F
            if self._on_text is None and length > _SHORT:
                at = begin + length
                if at > size:
                    self._skip, at = at - size, size
                continue
            if size - begin < length:
                break
            self._take(opcode, bytes(self._buffer[begin : begin + length]))
            at = begin + length
        del self._buffer[:at]

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == _PING:
            self._send(_PONG, payload)
        elif opcode == _CLOSE and not self.live.done():
            self.live.set_exception(ConnectionError(f"The stream was refused: {payload[2:].decode()}"))
        elif opcode == _TEXT and len(payload) <= _SHORT:
            kind = json.loads(payload)["type"]
            if kind == "live" and not self.live.done():
                self.live.set_result(None)
            elif kind == "ping":
                self._send(_TEXT, b'{"type":"pong"}')
        elif opcode == _TEXT and self._on_text is not None:
            self._on_text(payload)

    def _send(self, opcode: int, payload: bytes) -> None:
        """A client masks what it sends; zeros are a mask, too."""
        if len(payload) < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | len(payload))
        else:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, len(payload))
        if self._transport is not None:
            self._transport.write(head + bytes(4) + payload)
