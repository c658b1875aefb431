"""A TCP proxy for the links of the suite: slow, narrow, cut, silent, refusing or half-open, by client and door."""

import asyncio
import socket
import struct
from collections.abc import Callable, Iterable
from contextlib import suppress
from random import Random

from omnifil_devstack.topology import Door

from chaos_field.disturbance import ANYBODY, CALM, OUTSIDE, Disturbance

_CHUNK_BYTES = 64 * 1024
_CHUNKS_ON_THE_WAY = 256
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER with no time: RST in place of FIN, socket(7)
_HOST = "127.0.0.1"

_ASK_AGAIN_S = 1.0

WhoIs = Callable[[int, int], str]
"""The process that has connected from the first port to the second; `OUTSIDE` when nobody of the suite has."""


class Proxy:
    """Forwards a door to what it leads to. Rules are by client; a door of several is taken in turn, as they answer."""

    def __init__(self, door: Door, who_is: WhoIs, random: Random) -> None:
        self.door = door
        self._who_is = who_is
        self._random = random
        self._server: asyncio.Server | None = None
        self._rules: dict[str, Disturbance] = {}
        self._changed = asyncio.Event()
        self._connections: set[_Connection] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._turn = 0

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, _HOST, self.door.port, limit=_CHUNK_BYTES)

    async def close(self) -> None:
        """Reset every connection and listen no more."""
        if self._server is not None:
            self._server.close()
        self.reset(ANYBODY)
        if self._serving:
            await asyncio.wait(self._serving)

    def disturb(self, client: str, how: Disturbance) -> int:
        """Set the rule of a client, or of `ANYBODY`; `CALM` takes it away. How many connections it meets now."""
        if how == CALM:
            self._rules.pop(client, None)
        else:
            self._rules[client] = how
        self._changed.set()
        self._changed = asyncio.Event()
        return len(list(self._of(client)))

    def reset(self, client: str) -> int:
        """Reset the connections that are there, at both ends; how many."""
        struck = list(self._of(client))
        for connection in struck:
            connection.reset()
        return len(struck)

    def forget(self, client: str) -> int:
        """Make them half-open: the server's end is reset, the client's stays and hears nothing; how many."""
        struck = list(self._of(client))
        for connection in struck:
            connection.lose_server()
        return len(struck)

    def end_forgotten(self, client: str) -> int:
        """The network answers again, and says of what was half-open that there is no such connection; how many."""
        lost = [connection for connection in self._of(client) if connection.half_open]
        for connection in lost:
            connection.reset()
        return len(lost)

    def clients(self) -> dict[str, int]:
        """How many connections each client has."""
        names = [self._client_of(connection) for connection in self._connections]
        return {name: names.count(name) for name in set(names)}

    def _of(self, client: str) -> Iterable["_Connection"]:
        return [each for each in self._connections if client in (ANYBODY, self._client_of(each))]

    def _client_of(self, connection: "_Connection") -> str:
        now = asyncio.get_running_loop().time()
        if connection.client == OUTSIDE and now > connection.asked_at + _ASK_AGAIN_S:
            # it may have connected before it was known by name
            connection.asked_at = now
            connection.client = self._who_is(connection.client_port, self.door.port)
        return connection.client

    def _rule_of(self, connection: "_Connection") -> Disturbance:
        if not self._rules:
            return CALM
        own = self._rules.get(self._client_of(connection))
        return own or self._rules.get(ANYBODY, CALM)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        connection = _Connection(reader, writer)
        connection.client = self._who_is(connection.client_port, self.door.port)
        connection.asked_at = asyncio.get_running_loop().time()
        self._connections.add(connection)
        try:
            await self._until_let_through(connection)
            if not connection.ended and not self._rule_of(connection).refused:
                await connection.meet_server(await self._connected())
                await self._carry_both_ways(connection)
        except OSError:
            connection.reset()  # either end is gone, or nobody serves: the other end is told so
        finally:
            connection.reset()
            self._connections.discard(connection)

    async def _carry_both_ways(self, connection: "_Connection") -> None:
        """Until both ends have said all, or the connection is reset. Raises `OSError` when one end breaks."""
        there = self._carry(connection, connection.reader, connection.to_server)
        back = self._carry(connection, connection.from_server, connection.writer)
        carrying = {asyncio.create_task(there), asyncio.create_task(back)}
        ended = asyncio.create_task(connection.has_ended.wait())
        left = set(carrying)
        try:
            while left and not ended.done():
                done, _ = await asyncio.wait({*left, ended}, return_when=asyncio.FIRST_COMPLETED)
                for task in done - {ended}:
                    task.result()
                left -= done
            if not left:
                connection.close()
        finally:
            for task in (*carrying, ended):
                task.cancel()
            await asyncio.gather(*carrying, ended, return_exceptions=True)

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """To the next that answers. Raises `OSError` when none does."""
        ports = list(self.door.leads_to.values())
        self._turn += 1
        for port in (ports[(self._turn + offset) % len(ports)] for offset in range(len(ports) - 1)):
            with suppress(OSError):
                return await asyncio.open_connection(_HOST, port, limit=_CHUNK_BYTES)
        return await asyncio.open_connection(_HOST, ports[(self._turn - 1) % len(ports)], limit=_CHUNK_BYTES)

    async def _carry(self, connection: "_Connection", source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """One direction, to its end."""
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_CHUNKS_ON_THE_WAY)
        bringing = asyncio.create_task(self._bring(connection, on_the_way, sink))
        clock = asyncio.get_running_loop().time
        try:
            while chunk := await source.read(_CHUNK_BYTES):
                await on_the_way.put((clock() + self._delay_s(connection), chunk))
                if bringing.done():
                    break  # with the error that it raised
            else:
                await on_the_way.put((clock() + self._delay_s(connection), b""))
            await bringing
        finally:
            bringing.cancel()
            await asyncio.gather(bringing, return_exceptions=True)

    async def _bring(
        self, connection: "_Connection", on_the_way: "asyncio.Queue[tuple[float, bytes]]", sink: asyncio.StreamWriter
    ) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due, chunk = await on_the_way.get()
            if (early_s := due - clock()) > 0:
                await asyncio.sleep(early_s)
            await self._until_let_through(connection)
            if connection.half_open:
                continue  # swallowed
            if not chunk:
                if sink.can_write_eof():
                    sink.write_eof()
                return
            if rate := self._rule_of(connection).bytes_per_s:
                await asyncio.sleep(len(chunk) / rate)
            sink.write(chunk)
            await sink.drain()

    def _delay_s(self, connection: "_Connection") -> float:
        rule = self._rule_of(connection)
        return max(0.0, rule.latency_ms + self._random.uniform(-1, 1) * rule.jitter_ms) / 1000

    async def _until_let_through(self, connection: "_Connection") -> None:
        while self._rule_of(connection).held and not connection.ended:
            changed = self._changed
            ended = asyncio.create_task(connection.has_ended.wait())
            waits = {ended, asyncio.create_task(changed.wait())}
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()


class _Connection:
    """The two sockets of one connection."""

    from_server: asyncio.StreamReader
    to_server: asyncio.StreamWriter

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.client = OUTSIDE
        self.asked_at = 0.0
        self.client_port: int = writer.get_extra_info("peername")[1]
        self.half_open = False
        self.closed = False
        self.has_ended = asyncio.Event()

    @property
    def ended(self) -> bool:
        """Whether it was reset."""
        return self.has_ended.is_set()

    async def meet_server(self, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        """The second socket. Raises `OSError` when the first is gone meanwhile."""
        self.from_server, self.to_server = streams
        if self.ended:
            _abort(self.to_server)
            raise ConnectionAbortedError

    def close(self) -> None:
        """FIN to both ends, after what is still to be sent."""
        self.writer.close()
        self.to_server.close()
        self.closed = True

    def reset(self) -> None:
        """RST to both ends, unless it was closed."""
        if self.closed:
            return
        self.has_ended.set()
        _abort(self.writer)
        if hasattr(self, "to_server"):
            _abort(self.to_server)

    def lose_server(self) -> None:
        """RST to the server only; the client's end stays open and silent."""
        self.half_open = True
        if hasattr(self, "to_server"):
            _abort(self.to_server)


def _abort(writer: asyncio.StreamWriter) -> None:
    transport = writer.transport
    held: socket.socket | None = transport.get_extra_info("socket")
    if held is not None and held.fileno() != -1:
        with suppress(OSError):
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()
