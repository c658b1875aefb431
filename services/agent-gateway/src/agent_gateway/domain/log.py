"""The newest records of a topic in memory, which every connected client reads from its own position.

Clients pull from this one log rather than being pushed into queues of their own: a thousand clients cost a thousand
positions, and a slow one costs nothing.
"""

import asyncio
import time
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agent_gateway.domain.cursor import Offsets


@dataclass(slots=True)
class TraceOnce:
    """The trace context of a record, for whoever shows it first: one span for a record, not one for each client."""

    context: str | None

    def take(self) -> str | None:
        context, self.context = self.context, None
        return context


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A record of the topic; `value` is its JSON as it came.

    `message_channel` is set where it tells of a message, `trace` where its trace is recorded.
    """

    partition: int
    offset: int
    value: bytes
    message_channel: str | None = None
    trace: TraceOnce | None = None
    erases: bool = False
    """It says that a person was erased: what is older may still have them in it."""


PAUSE_S_PER_LISTENER = 0.0001
"""Twice what sending to one client costs: two thousand clients hear up to 0.2 s later, one is never kept waiting."""


class Bell:
    """Wakes everybody who waits for something new.

    After waking many it is quiet for a moment, so that what comes in quick succession is sent to each of them once.
    """

    def __init__(self, pause_s_per_listener: float = PAUSE_S_PER_LISTENER) -> None:
        self._pause_s = pause_s_per_listener
        self._rung = asyncio.Event()
        self._listeners = 0
        self._quiet_until = 0.0
        self._coming: asyncio.TimerHandle | None = None

    def ring(self) -> None:
        if self._coming is not None:
            return
        wait_s = self._quiet_until - time.monotonic()
        if wait_s <= 0:
            self._wake()
        else:
            self._coming = asyncio.get_running_loop().call_later(wait_s, self._wake)

    def _wake(self) -> None:
        self._coming = None
        self._quiet_until = time.monotonic() + self._listeners * self._pause_s
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait(self) -> None:
        """Returns at the next ring. Who looked for news without awaiting in between misses none."""
        self._listeners += 1
        try:
            await self._rung.wait()
        finally:
            self._listeners -= 1


class FellBehind(Exception):
    """The position is older than what the log holds: read the topic itself."""


@dataclass(frozen=True)
class Slice:
    """Records behind a position, in the order of each partition, and the position behind them."""

    records: list[LogRecord]
    position: dict[int, int]


@dataclass
class _Partition:
    start: int
    """Offset of the oldest record that is (or, when empty, will be) held."""
    end: int
    records: list[LogRecord] = field(default_factory=list)

    def since(self, offset: int, limit: int) -> list[LogRecord]:
        first = bisect_left(self.records, offset, key=lambda record: record.offset)
        return self.records[first : first + limit]

    def forget(self, count: int) -> None:
        self.start = self.records[count - 1].offset + 1
        del self.records[:count]


class RecentLog:
    """A bounded log of all partitions. Not thread-safe: one event loop writes and reads it."""

    def __init__(self, max_records: int, bell: Bell) -> None:
        self._max_records = max_records
        self._bell = bell
        self._partitions: dict[int, _Partition] = {}
        self._arrivals: deque[int] = deque()
        self.version = 0
        """Grows with whatever changes what is held."""

    def start_at(self, offsets: Offsets) -> None:
        """Begin (anew) at these offsets; what was held is forgotten."""
        self.version += 1
        self._arrivals.clear()
        self._partitions = {partition: _Partition(start=offset, end=offset) for partition, offset in offsets.items()}

    @property
    def end(self) -> dict[int, int]:
        """The position behind everything that is held."""
        return {number: partition.end for number, partition in self._partitions.items()}

    def append(self, records: Iterable[LogRecord]) -> None:
        """Take new records, forget the oldest beyond the bound, and wake who waits."""
        before = len(self._arrivals)
        for record in records:
            partition = self._partitions.setdefault(record.partition, _Partition(record.offset, record.offset))
            if record.offset < partition.end:
                continue
            partition.records.append(record)
            partition.end = record.offset + 1
            self._arrivals.append(record.partition)
        if len(self._arrivals) > before:
            self.version += 1
            self._bell.ring()
        surplus = Counter(self._arrivals.popleft() for _ in range(len(self._arrivals) - self._max_records))
        for number, count in surplus.items():
            self._partitions[number].forget(count)

    def forget_before(self, position: Mapping[int, int]) -> None:
        """Forget what is older than the position. Who is behind it reads the topic itself, which may not have it."""
        surplus: Counter[int] = Counter()
        for number, partition in self._partitions.items():
            wanted = position.get(number, partition.start)
            count = bisect_left(partition.records, wanted, key=lambda record: record.offset)
            if count:
                partition.forget(count)
                surplus[number] = count
            partition.start = max(partition.start, min(wanted, partition.end))
        kept: deque[int] = deque()
        for number in self._arrivals:
            if surplus[number]:
                surplus[number] -= 1
            else:
                kept.append(number)
        self._arrivals = kept
        self.version += 1

    def holds(self, position: Mapping[int, int]) -> bool:
        """Whether everything behind the position is here, or not there yet."""
        return all(position.get(number, 0) >= partition.start for number, partition in self._partitions.items())

    def after(self, position: Mapping[int, int], limit: int) -> Slice:
        """Up to `limit` records behind the position. Raises `FellBehind`.

        A partition that the position does not name is new since then: it is read from its beginning.
        """
        records: list[LogRecord] = []
        reached = dict(position)
        for number, partition in self._partitions.items():
            next_offset = reached.get(number, 0)
            if next_offset < partition.start:
                raise FellBehind(number)
            found = partition.since(next_offset, limit - len(records))
            records += found
            if len(records) == limit:
                reached[number] = records[-1].offset + 1 if found else next_offset
                break
            reached[number] = max(next_offset, partition.end)
        return Slice(records, reached)

    def behind(self, position: Mapping[int, int]) -> int:
        """How many offsets there are between the position and the end."""
        return sum(max(0, end - position.get(number, 0)) for number, end in self.end.items())
