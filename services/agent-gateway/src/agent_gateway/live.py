"""The live stream: what a client with a cursor is sent, whatever carries it."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from omnifil_contracts.stream import StreamHello, StreamLive, StreamPing, StreamReset
from omnifil_servicekit.errors import Transient
from omnifil_servicekit.metrics import Stage, messages
from pydantic import BaseModel

from agent_gateway.domain.cursor import Cursor, Offsets
from agent_gateway.domain.log import Bell, FellBehind, LogRecord, RecentLog, Slice, TraceOnce
from agent_gateway.metrics import STREAM_BEHIND_RECORDS
from agent_gateway.ports import PositionGone, TopicReader

log = structlog.get_logger(__name__)

_SLICE_RECORDS = 500
_RETRY_PAUSE_S = 1.0


@dataclass(frozen=True)
class StreamFrame:
    """One message of the stream as JSON. `cursor` is set where a client may continue behind it."""

    json: bytes
    cursor: str | None = None
    traces: tuple[TraceOnce, ...] = ()
    """Of the records that it shows for the first time, where they are recorded."""


class TopicFeed:
    """A topic with its newest records in memory. Fill it by `run`."""

    def __init__(self, reader: TopicReader, bell: Bell, *, held_records: int, preload_records: int) -> None:
        self._reader = reader
        self._preload_records = preload_records
        self.log = RecentLog(held_records, bell)
        self._news_from: Offsets = {}
        self.started = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Follow the topic, beginning a little before its end, so that clients of a predecessor find their place."""
        while not stop.is_set():
            try:
                if not self.started.is_set():
                    self._begin(await self._reader.end_offsets(), self._preload_records)
                async for batch in self._reader.read(self.log.end, stop, lag_told=True):
                    self._count(batch)
                    self.log.append(batch)
            except PositionGone:
                self._begin(await self._reader.end_offsets(), 0)
            except Transient as error:
                log.warning("feed_waits", error=str(error))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _RETRY_PAUSE_S)

    def _begin(self, ends: Offsets, preload_records: int) -> None:
        each = preload_records // max(1, len(ends))
        self.log.start_at({number: max(0, end - each) for number, end in ends.items()})
        self._news_from = ends
        self.started.set()

    def _count(self, batch: Sequence[LogRecord]) -> None:
        """What was there before us, others have shown."""
        for record in batch:
            if record.offset < self._news_from.get(record.partition, 0):
                if record.trace is not None:
                    record.trace.take()
            elif record.message_channel is not None:
                messages(record.message_channel, Stage.SHOWN).inc()

    async def catch_up(self, position: Offsets) -> AsyncGenerator[Slice, None]:
        """What lies between the position and the log, from the topic itself; nothing for who is in the log.

        Raises `PositionGone`.
        """
        if self.log.holds(position):
            return
        reached = {**dict.fromkeys(self.log.end, 0), **position}
        batches = self._reader.read(reached, asyncio.Event())
        async with contextlib.aclosing(batches):
            async for batch in batches:
                for record in batch:
                    reached[record.partition] = record.offset + 1
                    if record.trace is not None:
                        record.trace.take()
                if batch:
                    yield Slice(list(batch), dict(reached))
                if self.log.holds(reached):
                    return


class LiveStream:
    """Dossier events, customers and presence as one stream per client."""

    def __init__(
        self, *, dossiers: TopicFeed, customers: TopicFeed, presence: TopicFeed, bell: Bell, ping_interval_s: float
    ) -> None:
        self._dossiers, self._customers, self._presence = dossiers, customers, presence
        self._bell = bell
        self._ping_interval_s = ping_interval_s
        self._places: dict[object, Offsets] = {}
        STREAM_BEHIND_RECORDS.set_function(self.furthest_behind)

    def furthest_behind(self) -> int:
        """How many dossier events the client has still to get that lacks most."""
        behind = self._dossiers.log.behind
        return max((behind(place) for place in self._places.values()), default=0)

    def position(self) -> Cursor:
        """The position behind everything that has arrived here."""
        return Cursor(self._dossiers.log.end, self._customers.log.end)

    async def follow(self, cursor: Cursor | None) -> AsyncGenerator[StreamFrame, None]:
        """Everything behind the cursor, then what happens, until the client goes; ends after a `reset`."""
        client = object()
        try:
            at = cursor or self.position()
            presence = self._presence.log.end
            yield _frame(StreamHello(behind=self._dossiers.log.behind(at.dossiers)))
            is_live = False
            while True:
                self._places[client] = at.dossiers
                try:
                    async for slice_ in self._dossiers.catch_up(at.dossiers):
                        at = Cursor(slice_.position, at.customers)
                        yield _events(slice_, at)
                    async for slice_ in self._customers.catch_up(at.customers):
                        at = Cursor(at.dossiers, slice_.position)
                        yield _customers(slice_)
                    # From here on nothing is awaited until the bell, so that no news is missed in between.
                    events = self._dossiers.log.after(at.dossiers, _SLICE_RECORDS)
                    customers = self._customers.log.after(at.customers, _SLICE_RECORDS)
                except PositionGone:
                    yield _frame(StreamReset(reason="The position is older than what is kept: load the page again."))
                    return
                except FellBehind:
                    continue
                at = Cursor(events.position, customers.position)
                heard = _ephemeral(self._presence.log, presence)
                presence = heard.position
                if customers.records:
                    yield _customers(customers)
                if events.records or customers.records:
                    yield _events(events, at)
                elif not is_live:
                    is_live = True
                    yield _frame(StreamLive())
                elif not heard.records:
                    try:
                        await asyncio.wait_for(self._bell.wait(), self._ping_interval_s)
                    except TimeoutError:
                        yield _frame(StreamPing())
                if heard.records:
                    yield StreamFrame(_batch("presence", "presence", heard.records))
        finally:
            self._places.pop(client, None)


def _ephemeral(log: RecentLog, position: Mapping[int, int]) -> Slice:
    """What is new since then; who fell behind has missed what is no longer true anyway."""
    try:
        return log.after(position, _SLICE_RECORDS)
    except FellBehind:
        return Slice([], log.end)


def _events(slice_: Slice, at: Cursor) -> StreamFrame:
    cursor = at.encode()
    traces = tuple(record.trace for record in slice_.records if record.trace is not None)
    return StreamFrame(_batch("events", "events", slice_.records, cursor=cursor), cursor, traces)


def _customers(slice_: Slice) -> StreamFrame:
    return StreamFrame(_batch("customers", "customers", slice_.records))


def _frame(message: BaseModel) -> StreamFrame:
    return StreamFrame(message.model_dump_json().encode())


def _batch(kind: str, name: str, records: Sequence[LogRecord], **fields: Any) -> bytes:
    """A message around records that are JSON already: thousands of clients share the work of one encoding."""
    extra = "".join(f'"{key}":"{value}",' for key, value in fields.items())
    return f'{{"type":"{kind}",{extra}"{name}":['.encode() + b",".join(r.value for r in records) + b"]}"
