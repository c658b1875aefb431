"""The two ends of the latency: a network that never waits, and agents who cost next to nothing."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from omnifil_bench.sockets import AgentSocket
from omnifil_bench.webhooks import Network
from websockets.asyncio.server import ServerConnection, serve

_LONG = json.dumps({"type": "events", "cursor": "c", "events": ["x" * 70_000]})


@asynccontextmanager
async def gateway(behaviour: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[str]:
    async with serve(behaviour, "127.0.0.1", 0, compression=None) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/api/v1/stream"


@pytest.mark.parametrize("looks", [True, False])
async def test_an_agent_says_hello_is_sent_events_and_is_live(looks: bool) -> None:
    shown: list[bytes] = []
    hello: dict[str, object] = {}
    answered = asyncio.Event()

    async def behave(connection: ServerConnection) -> None:
        hello.update(json.loads(await connection.recv()))
        for _ in range(3):
            await connection.send(_LONG)
        await connection.send('{"type":"ping"}')
        assert json.loads(await connection.recv()) == {"type": "pong"}
        await (await connection.ping())  # returns with the pong
        await connection.send('{"type":"live"}')
        answered.set()

    async with gateway(behave) as url, asyncio.timeout(10):
        socket = await AgentSocket.connect(url, "t" * 300, shown.append if looks else None)
        await socket.live
        await answered.wait()

    assert hello == {"type": "hello", "token": "t" * 300, "cursor": None}
    assert shown == ([_LONG.encode()] * 3 if looks else [])


async def test_an_agent_who_is_refused_is_not_live() -> None:
    async def behave(connection: ServerConnection) -> None:
        await connection.close(4401, "token-invalid")

    async with gateway(behave) as url, asyncio.timeout(10):
        socket = await AgentSocket.connect(url, "t")
        with pytest.raises(ConnectionError, match="token-invalid"):
            await socket.live


@asynccontextmanager
async def door(answer_when: asyncio.Event, taken: list[bytes]) -> AsyncIterator[str]:
    """An HTTP server that answers nobody before it is told to. At its end it hangs up on everybody."""
    answering: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
                taken.append(await reader.readexactly(length))
                await answer_when.wait()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering[asyncio.create_task(answer(reader, writer))] = writer

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/webhooks/messenger"
        answer_when.set()
        for writer in answering.values():
            writer.close()
        await asyncio.gather(*answering)


async def test_a_door_that_does_not_answer_does_not_stop_those_who_write() -> None:
    """Otherwise the wait of all who would have written meanwhile would be left out of the figures."""
    may_answer, taken = asyncio.Event(), list[bytes]()
    network = Network()
    async with door(may_answer, taken) as url, asyncio.timeout(20):
        await network.prepare(url, "secret", "page", ["1", "2"], 20, "test", 1)
        posting = asyncio.create_task(network.post(200))
        while len(taken) < 20:  # noqa: ASYNC110 the server tells nobody
            await asyncio.sleep(0.01)
        may_answer.set()
        sent = (await posting)["sent"]

    due = [moment for moment, _, _ in sent.values()]
    assert sorted(sent, key=lambda each: int(each.partition(".")[2])) == [f"test.{n}" for n in range(20)]
    assert max(due) - min(due) == pytest.approx(19 / 200, abs=1e-3)
    assert all(answered > max(due) and status == 200 for _, answered, status in sent.values())
    assert {json.loads(body)["entry"][0]["messaging"][0]["sender"]["id"] for body in taken} == {"1", "2"}
