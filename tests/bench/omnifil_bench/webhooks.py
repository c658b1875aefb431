"""A social network that posts signed webhooks at a steady rate, whether they are answered or not: an open loop.

What is late is counted from when it should have been sent (no coordinated omission: a server that stalls does not stop
the clock of those who would have written meanwhile). Everything is signed and written before the clock starts.
"""

import asyncio
import hashlib
import hmac
import json
import random
import time
from typing import cast
from urllib.parse import urlsplit

from omnifil_bench.companion import Answer, serve
from omnifil_bench.messages import text

_HEAD_S = 0.2


class _Door(asyncio.Protocol):
    """One kept-alive connection; one request at a time."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[int] | None = None
        self.is_open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass

    def post(self, request: bytes) -> "asyncio.Future[int]":
        """The status of the answer."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or self._answer is None:
            return
        head = bytes(self._buffer[:end]).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if len(self._buffer) >= end + 4 + length:
            self._buffer.clear()
            self._answer.set_result(int(head.split(b" ", 2)[1]))

    def connection_lost(self, error: Exception | None) -> None:
        self.is_open = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("The connection was lost before the answer."))


class Network:
    """The commands that the harness gives."""

    def __init__(self) -> None:
        self._url = ""
        self._requests: list[tuple[str, bytes]] = []
        self._doors: list[_Door] = []

    async def prepare(
        self, url: str, secret: str, page_id: str, people: list[str], count: int, name: str, seed: int
    ) -> Answer:
        """Write and sign so many webhooks; message ids are `<name>.<number>`."""
        self._url = url
        chance = random.Random(seed)
        self._requests = []
        for number in range(count):
            body = _body(page_id, people[number % len(people)], f"{name}.{number}", text(chance))
            self._requests.append((f"{name}.{number}", _request(url, secret, body)))
        return {}

    async def post(self, per_s: float) -> Answer:
        """Send them at this rate (0: all at once). By message id: when it was due, when it was answered, the status."""
        loop, results = asyncio.get_running_loop(), dict[str, tuple[float, float, int]]()
        ahead_s = time.time() - loop.time()
        first = loop.time() + _HEAD_S
        async with asyncio.TaskGroup() as posting:
            for number, (message, request) in enumerate(self._requests):
                due = first + (number / per_s if per_s else 0)
                if (pause_s := due - loop.time()) > 0:
                    await asyncio.sleep(pause_s)
                posting.create_task(self._one(message, request, due + ahead_s, results))
        return {"sent": results}

    async def _one(
        self, message: str, request: bytes, due: float, results: dict[str, tuple[float, float, int]]
    ) -> None:
        status = 0
        while not status:
            door = await self._door()
            try:
                status = await door.post(request)
            except ConnectionError:
                continue  # closed as we wrote: a network sends it again
        results[message] = (due, time.time(), status)
        self._doors.append(door)

    async def _door(self) -> _Door:
        """One that is open and free."""
        while self._doors:
            if (door := self._doors.pop()).is_open:
                return door
        parts = urlsplit(self._url)
        _, door = await asyncio.get_running_loop().create_connection(_Door, parts.hostname or "", parts.port or 80)
        return door


def _body(page_id: str, person: str, message: str, said: str) -> bytes:
    now_ms = int(time.time() * 1000)
    event = {
        "sender": {"id": person},
        "recipient": {"id": page_id},
        "timestamp": now_ms,
        "message": {"mid": message, "text": said},
    }
    return json.dumps({"object": "page", "entry": [{"id": page_id, "time": now_ms, "messaging": [event]}]}).encode()


def _request(url: str, secret: str, body: bytes) -> bytes:
    parts = urlsplit(url)
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        f"X-Hub-Signature-256: sha256={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


if __name__ == "__main__":
    network = Network()
    serve({"prepare": network.prepare, "post": network.post})
