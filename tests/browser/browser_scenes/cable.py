"""The line between a browser and everything else, which can be pulled out: a SOCKS 5 proxy (RFC 1928)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Self

_VERSION, _NO_AUTHENTICATION, _CONNECT, _IPV4, _NAME = 5, 0, 1, 1, 3
_GRANTED = bytes([_VERSION, 0, 0, _IPV4, 0, 0, 0, 0, 0, 0])


class Cable:
    """Carries every connection of a browser until it is cut: open ones break without a goodbye, new ones fail."""

    def __init__(self) -> None:
        self._open: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._is_cut = False
        self.url = ""

    @classmethod
    @asynccontextmanager
    async def plugged(cls) -> AsyncIterator[Self]:
        """Usable as a proxy at `url` inside."""
        cable = cls()
        server = await asyncio.start_server(cable._carry, "127.0.0.1", 0)
        cable.url = f"socks5://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield cable
        finally:
            server.close()
            cable._break()
            await asyncio.gather(*cable._pumps, return_exceptions=True)

    @asynccontextmanager
    async def cut(self) -> AsyncIterator[None]:
        """Nothing comes through inside."""
        self._is_cut = True
        self._break()
        try:
            yield
        finally:
            self._is_cut = False

    def _break(self) -> None:
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            host, port = await _greeted(reader, writer)
            if self._is_cut:
                writer.transport.abort()
                return
            far_reader, far_writer = await asyncio.open_connection(host, port)
            self._open.add(far_writer)
            writer.write(_GRANTED)
            for source, drain in ((reader, far_writer), (far_reader, writer)):
                pump = asyncio.create_task(self._pump(source, drain))
                self._pumps.add(pump)
                pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, drain: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while content := await source.read(65_536):
                drain.write(content)
                await drain.drain()
        drain.close()
        self._open.discard(drain)


async def _greeted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    """Where the browser wants to."""
    _, methods = await reader.readexactly(2)
    await reader.readexactly(methods)
    writer.write(bytes([_VERSION, _NO_AUTHENTICATION]))
    _, command, _, kind = await reader.readexactly(4)
    assert command == _CONNECT
    if kind == _IPV4:
        host = ".".join(str(part) for part in await reader.readexactly(4))
    else:
        assert kind == _NAME
        host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
    return host, int.from_bytes(await reader.readexactly(2))
