"""The live stream: what a client with a cursor is sent, whatever carries it."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
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

    @cached_property
    def text(self) -> str:
        """For who sends text: made once for all clients."""
        return self.json.decode()


@dataclass(frozen=True)
class _Place:
    """Where a client is."""

    cursor: Cursor
    presence: Offsets


@dataclass(frozen=True)
class _Step:
    """What there is behind a place, and the place behind that."""

    frames: tuple[StreamFrame, ...]
    after: _Place
    has_news: bool
    """Whether there is more in it than presence."""


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
        preload_records: int | None = self._preload_records
        while not stop.is_set():
            try:
                if preload_records is not None:
                    self._begin(await self._reader.end_offsets(), preload_records)
                    preload_records = None
                async for batch in self._reader.read(self.log.end, stop, lag_told=True):
                    self._count(batch)
                    before = self.log.end
                    self.log.append(batch)
                    if any(record.erases for record in batch):
                        self.log.forget_before(before)
            except PositionGone:
                preload_records = 0
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
        shown: Counter[str] = Counter()
        for record in batch:
            if record.offset < self._news_from.get(record.partition, 0):
                if record.trace is not None:
                    record.trace.take()
            elif record.message_channel is not None:
                shown[record.message_channel] += 1
        for channel, number in shown.items():
            messages(channel, Stage.SHOWN).inc(number)

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
        self._shared: tuple[tuple[_Place, tuple[int, ...]], _Step] | None = None
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
            place = _Place(cursor or self.position(), self._presence.log.end)
            yield _frame(StreamHello(behind=self._dossiers.log.behind(place.cursor.dossiers)))
            is_live = False
            while True:
                self._places[client] = place.cursor.dossiers
                try:
                    async for frame, at in self._catch_up(place.cursor):
                        place = _Place(at, place.presence)
                        yield frame
                    step = self._step(place)
                except PositionGone:
                    yield _frame(StreamReset(reason="The position is older than what is kept: load the page again."))
                    return
                except FellBehind:
                    continue
                place = step.after
                for frame in step.frames:
                    yield frame
                if not step.has_news and not is_live:
                    is_live = True
                    yield _LIVE
                elif not step.frames:
                    # Nothing was awaited since the look at the logs, so that no news is missed in between.
                    try:
                        async with asyncio.timeout(self._ping_interval_s):
                            await self._bell.wait()
                    except TimeoutError:
                        yield _PING
        finally:
            self._places.pop(client, None)

    async def _catch_up(self, at: Cursor) -> AsyncGenerator[tuple[StreamFrame, Cursor], None]:
        """What is older than what the logs hold, each frame with the cursor behind it. Raises `PositionGone`."""
        async for slice_ in self._dossiers.catch_up(at.dossiers):
            at = Cursor(slice_.position, at.customers)
            yield _events(slice_, at), at
        async for slice_ in self._customers.catch_up(at.customers):
            at = Cursor(at.dossiers, slice_.position)
            yield _customers(slice_), at

    def _step(self, place: _Place) -> _Step:
        """What the logs hold behind the place. Raises `FellBehind`.

        All who are live are at one place: the first of them works it out, the others send the same bytes.
        """
        key = (place, (self._dossiers.log.version, self._customers.log.version, self._presence.log.version))
        if self._shared is None or self._shared[0] != key:
            self._shared = key, self._worked_out(place)
        return self._shared[1]

    def _worked_out(self, place: _Place) -> _Step:
        events = self._dossiers.log.after(place.cursor.dossiers, _SLICE_RECORDS)
        customers = self._customers.log.after(place.cursor.customers, _SLICE_RECORDS)
        heard = _ephemeral(self._presence.log, place.presence)
        at = Cursor(events.position, customers.position)
        has_news = bool(events.records or customers.records)
        frames: list[StreamFrame] = []
        if customers.records:
            frames.append(_customers(customers))
        if has_news:
            frames.append(_events(events, at))
        if heard.records:
            frames.append(StreamFrame(_batch("presence", "presence", heard.records)))
        return _Step(tuple(frames), _Place(at, heard.position), has_news)


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


_LIVE, _PING = _frame(StreamLive()), _frame(StreamPing())
