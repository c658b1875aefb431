"""The names of persons, asked of the network: once, also where it does not tell."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from ingest_social.adapters.graph import GraphApi


class Profiles:
    """A Graph API that only tells names, or nothing but 500."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self.asked = 0
        self.url = ""

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        writer.write(self._answer)
        writer.close()


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (b'HTTP/1.1 200 OK\r\nContent-Length: 39\r\n\r\n{"first_name":"Clara","last_name":"Mi"}', "Clara Mi"),
        (b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n", None),
    ],
)
async def test_the_network_is_asked_once_for_a_name_whether_it_tells_it_or_not(
    writer: Any, answer: bytes, name: str | None
) -> None:
    profiles = Profiles(answer)
    graph = GraphApi(timeout_s=5, file_limit_bytes=1000)
    async with profiles.served():
        page = writer.page.model_copy(update={"graph_url": profiles.url})
        assert [await graph.name_of(page, "2000") for _ in range(3)] == [name] * 3
        assert profiles.asked == 1
        await graph.name_of(page, "2001")
        assert profiles.asked == 2
    await graph.close()
