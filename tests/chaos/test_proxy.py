"""The proxy on a server that echoes: each disturbance does what it says, to whom it says, and is over afterwards."""

import asyncio
import json
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest
from chaos_field.disturbance import ANYBODY, CALM, Disturbance
from chaos_field.proxy import Proxy
from chaos_field.who_is import Suite
from omnifil_devstack.ports import free_ports
from omnifil_devstack.stack_file import Process
from omnifil_devstack.topology import Door
from omnifil_testkit.waiting import eventually_ as eventually

_HOST = "127.0.0.1"
_SILENCE_S = 0.3

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Echo:
    """Sends back what it gets, and sees how each connection ends."""

    def __init__(self) -> None:
        self.endings: list[str] = []
        self.served = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.served += 1
        try:
            while said := await reader.read(65536):
                writer.write(said)
                await writer.drain()
            self.endings.append("end")
        except ConnectionResetError:
            self.endings.append("reset")
        finally:
            writer.close()


class Scene:
    """A proxy before one or two servers; a client's name is what `name_next` was told before it connected."""

    def __init__(self) -> None:
        self.port, first, second = free_ports(3)
        self.ports = (first, second)
        self.echoes = (Echo(), Echo())
        self.names: dict[int, str] = {}
        door = Door("echo", self.port, {"one": first, "two": second})
        self.proxy = Proxy(door, lambda port, _: self.names.get(port, "outside"), Random(1))
        self._writers: list[asyncio.StreamWriter] = []

    async def client(self, name: str = "client") -> Streams:
        """Connected by this name."""
        own = socket.socket()
        own.bind((_HOST, 0))  # so that the port is known by name before the proxy asks
        own.setblocking(False)
        self.names[own.getsockname()[1]] = name
        await asyncio.get_running_loop().sock_connect(own, (_HOST, self.port))
        reader, writer = await asyncio.open_connection(sock=own)
        self._writers.append(writer)
        return reader, writer

    def endings(self) -> list[str]:
        """How connections ended at the servers."""
        return [ending for echo in self.echoes for ending in echo.endings]

    def leave(self) -> None:
        """Every client goes."""
        for writer in self._writers:
            writer.transport.abort()


@asynccontextmanager
async def _serving(scene: Scene, *which: int) -> AsyncIterator[None]:
    servers = [await asyncio.start_server(scene.echoes[each], _HOST, scene.ports[each]) for each in which]
    try:
        yield
    finally:
        for server in servers:
            server.close()


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    async with _serving(scene, 0, 1):
        await scene.proxy.open()
        try:
            yield scene
        finally:
            scene.leave()
            await scene.proxy.close()


async def _echoed(streams: Streams, said: bytes) -> bytes:
    reader, writer = streams
    writer.write(said)
    await writer.drain()
    async with asyncio.timeout(10):
        return await reader.readexactly(len(said))


async def _silent(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(_SILENCE_S):
            await reader.read(1)
    except TimeoutError:
        return True
    return False


async def test_what_is_sent_comes_back_whole_however_much(scene: Scene) -> None:
    client = await scene.client()
    much = bytes(range(256)) * 8192
    writing = asyncio.create_task(_echoed(client, much))
    assert await writing == much


async def test_the_end_of_one_side_is_told_after_its_last_word(scene: Scene) -> None:
    reader, writer = await scene.client()
    writer.write(b"good bye")
    writer.write_eof()
    async with asyncio.timeout(10):
        assert await reader.read() == b"good bye"
    await eventually(lambda: "end" in scene.endings())


async def test_latency_delays_both_ways_and_keeps_the_order(scene: Scene) -> None:
    client = await scene.client()
    assert await _echoed(client, b"x") == b"x"
    scene.proxy.disturb("client", Disturbance(latency_ms=100, jitter_ms=80))
    numbers = b"".join(n.to_bytes(2, "big") for n in range(1000))
    began = time.monotonic()
    assert await _echoed(client, numbers) == numbers
    assert time.monotonic() - began > 0.04  # twice at least 20 ms
    scene.proxy.disturb("client", Disturbance(latency_ms=150))
    began = time.monotonic()
    await _echoed(client, b"y")
    assert time.monotonic() - began > 0.3


async def test_a_narrow_link_takes_as_long_as_its_bandwidth_says(scene: Scene) -> None:
    client = await scene.client()
    scene.proxy.disturb("client", Disturbance(bytes_per_s=100_000))
    await _echoed(client, b"x" * 20_000)
    began = time.monotonic()
    await _echoed(client, b"x" * 30_000)
    assert time.monotonic() - began > 0.3


async def test_a_cut_resets_both_ends_and_who_comes_again(scene: Scene) -> None:
    client = await scene.client()
    await _echoed(client, b"x")
    scene.proxy.disturb("client", Disturbance(refused=True))
    assert scene.proxy.reset("client") == 1
    with pytest.raises(ConnectionResetError):
        await client[0].read(1)
    reader, writer = await scene.client()
    writer.write(b"again")
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await reader.readexactly(5)
    scene.proxy.disturb("client", CALM)
    assert await _echoed(await scene.client(), b"again") == b"again"
    await eventually(lambda: "reset" in scene.endings())


async def test_a_blackhole_accepts_and_says_nothing_and_afterwards_all_arrives(scene: Scene) -> None:
    old = await scene.client()
    await _echoed(old, b"x")
    scene.proxy.disturb("client", Disturbance(held=True))
    new = await scene.client()
    for streams, said in ((old, b"old"), (new, b"new")):
        streams[1].write(said)
        assert await _silent(streams[0])
    scene.proxy.disturb("client", CALM)
    async with asyncio.timeout(10):
        assert await old[0].readexactly(3) == b"old"
        assert await new[0].readexactly(3) == b"new"


async def test_refusing_leaves_alone_who_is_there(scene: Scene) -> None:
    old = await scene.client()
    await _echoed(old, b"x")
    scene.proxy.disturb(ANYBODY, Disturbance(refused=True))
    reader, writer = await scene.client()
    writer.write(b"new")
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await reader.readexactly(3)
    assert await _echoed(old, b"still here") == b"still here"


async def test_half_open_the_server_is_gone_and_the_client_is_not_told(scene: Scene) -> None:
    old = await scene.client()
    await _echoed(old, b"x")
    assert scene.proxy.forget("client") == 1
    old[1].write(b"anybody there?")
    assert await _silent(old[0])
    await eventually(lambda: "reset" in scene.endings())
    assert await _echoed(await scene.client(), b"new") == b"new"
    assert scene.proxy.end_forgotten("client") == 1
    with pytest.raises(ConnectionResetError):
        await old[0].read(1)


async def test_only_the_client_that_was_named_suffers(scene: Scene) -> None:
    one, other = await scene.client("one"), await scene.client("other")
    await _echoed(one, b"x")
    await _echoed(other, b"x")
    scene.proxy.disturb("one", Disturbance(held=True))
    one[1].write(b"one")
    assert await _silent(one[0])
    assert await _echoed(other, b"other") == b"other"
    assert scene.proxy.clients() == {"one": 1, "other": 1}


async def test_behind_one_door_the_other_replica_serves_when_one_is_gone() -> None:
    scene = Scene()
    await scene.proxy.open()
    try:
        async with _serving(scene, 1):
            for _ in range(4):
                assert await _echoed(await scene.client(), b"x") == b"x"
        assert scene.echoes[1].served == 4
        nobody = await scene.client()
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await nobody[0].readexactly(1)
    finally:
        scene.leave()
        await scene.proxy.close()


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
async def test_a_client_is_known_by_the_process_that_holds_its_end(
    tmp_path: Path, family: socket.AddressFamily
) -> None:
    """Java connects by sockets of both families."""
    record = tmp_path / "processes.json"
    this = Process.of(os.getpid())
    assert this is not None
    suite = Suite(record)
    with socket.create_server((_HOST, 0)) as server, socket.socket(family) as client:
        door = server.getsockname()[1]
        client.connect((_HOST, door) if family is socket.AF_INET else (f"::ffff:{_HOST}", door))
        port = client.getsockname()[1]
        assert suite.holder_of(port, door) == "outside"
        record.write_text(json.dumps({"kafka": this.model_dump()}))
        assert suite.holder_of(port, door) == "kafka"
        assert suite.holder_of(1, door) == "outside"
