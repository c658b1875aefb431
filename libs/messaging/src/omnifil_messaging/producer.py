"""The idempotent producer: what it returns from is acknowledged by all in-sync replicas."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import structlog
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from omnifil_servicekit.errors import Transient

from omnifil_messaging.backoff import Backoff
from omnifil_messaging.dead_letter.letter import DeadLetter
from omnifil_messaging.failures import RecordTooLarge
from omnifil_messaging.metrics import DEAD_LETTERS, RECORDS_PUBLISHED
from omnifil_messaging.outgoing import Outgoing, Position, Wire, wire
from omnifil_messaging.producer_connection import Connection
from omnifil_messaging.sending import sending
from omnifil_messaging.settings import KafkaSettings

log = structlog.get_logger(__name__)

_TOPIC_LOOKUP_S = 5.0
DEAD_LETTER_HEADROOM_BYTES = 64 * 1024
"""A dead letter is its record and the headers that say why: its topic takes that much more."""


class Producer:
    """Publishes records. One for a process; it connects when first used and again after every failure.

    acks=all and idempotent. `publish` and `publish_all` raise `Transient` when Kafka does not acknowledge within
    `OMNIFIL_KAFKA_DELIVERY_TIMEOUT_S`; the records may then be there or not, so publish the same again.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._limit_bytes = settings.environment.max_record_bytes
        self._connection: Connection | None = None
        self._connecting = asyncio.Lock()
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()
        if self._ending:
            await asyncio.wait(self._ending)

    async def publish(self, outgoing: Outgoing) -> Position:
        """Publish one record. For many at once `publish_all` is some fifty times faster."""
        return (await self.publish_all([outgoing]))[0]

    async def publish_all(self, outgoings: Sequence[Outgoing]) -> list[Position]:
        """Publish in this order (kept inside a partition), pipelined; positions in the same order.

        Raises `RecordTooLarge` before anything is sent, unless only the topic's own limit refuses the record.
        """
        with sending([wire(outgoing) for outgoing in outgoings]) as wires:
            return await self._deliver(wires, self._limit_bytes)

    async def set_aside(self, letters: Sequence[DeadLetter]) -> list[Position]:
        """Publish dead letters. Raises `Transient` until Kafka has every one."""
        positions = await self.publish_raw([letter.wire() for letter in letters])
        for letter in letters:
            DEAD_LETTERS.labels(letter.source_topic, letter.cause).inc()
        return positions

    async def publish_raw(self, wires: Sequence[Wire]) -> list[Position]:
        """Publish bytes as they are; for dead letters and their replay. A record that is too large is `Transient`
        here: it waits until somebody raises the topic's `max.message.bytes`, for it must not be lost."""
        try:
            return await self._deliver(wires, self._limit_bytes + DEAD_LETTER_HEADROOM_BYTES)
        except RecordTooLarge as error:
            raise Transient(str(error)) from error

    async def ping(self) -> None:
        """Raises `Transient` when no broker answers."""
        try:
            async with asyncio.timeout(_TOPIC_LOOKUP_S):
                await (await self._connected()).ping()
        except (KafkaError, TimeoutError) as error:
            raise self._away(error) from error

    async def _deliver(self, wires: Sequence[Wire], limit_bytes: int) -> list[Position]:
        if not wires:
            return []
        for index, each in enumerate(wires):
            if each.size_bytes > limit_bytes:
                raise RecordTooLarge(each.topic, each.event_id, each.size_bytes, index)
        positions: list[Position | None] = [None] * len(wires)
        backoff, attempt, last = Backoff(first_s=0.1, ceiling_s=2.0), 0, None
        try:
            async with asyncio.timeout(self._settings.environment.delivery_timeout_s):
                while last := await self._attempt(wires, positions):
                    attempt += 1
                    await asyncio.sleep(backoff.pause_s(attempt))
        except TimeoutError as error:
            if self._connection is not None:
                # Its buffers never expire: each repetition would be one more copy, all delivered in the end.
                self._drop(self._connection)
            raise self._away(last or error) from (last or error)
        return [position for position in positions if position is not None]

    async def _attempt(self, wires: Sequence[Wire], positions: list[Position | None]) -> KafkaError | None:
        """Send what has no position yet. Returns what hindered, if anything."""
        try:
            connection = await self._connected()
            await self._require_topics(connection, wires)
        except KafkaError as error:
            return error
        missing = [index for index, position in enumerate(positions) if position is None]
        results = await connection.send([wires[index] for index in missing], self._settings.prefixed)
        hindrance: KafkaError | None = None
        refused: list[int] = []
        published: Counter[str] = Counter()
        for index, result in zip(missing, results, strict=True):
            if isinstance(result, MessageSizeTooLargeError):
                refused.append(index)
            elif isinstance(result, KafkaError):
                hindrance = result
            else:
                positions[index] = Position(wires[index].topic, result.partition, result.offset)
                published[wires[index].topic] += 1
        for topic, number in published.items():
            RECORDS_PUBLISHED.labels(topic).inc(number)
        if refused or hindrance is not None:
            # A batch that failed leaves a gap in the idempotent sequence: this connection is of no more use.
            self._drop(connection)
        if hindrance is None and refused:
            await self._one_by_one(refused, wires, positions)
        return hindrance

    async def _one_by_one(self, refused: list[int], wires: Sequence[Wire], positions: list[Position | None]) -> None:
        """The broker refuses whole batches: send each of these alone, to find the one that is too large."""
        for index in refused:
            alone = wires[index]
            if len(wires) == 1:
                raise RecordTooLarge(alone.topic, alone.event_id, alone.size_bytes, index)
            try:
                positions[index] = (await self._deliver([alone], alone.size_bytes))[0]
            except RecordTooLarge as error:
                raise RecordTooLarge(alone.topic, alone.event_id, alone.size_bytes, index) from error

    async def _require_topics(self, connection: Connection, wires: Sequence[Wire]) -> None:
        for topic in {each.topic for each in wires}:
            try:
                async with asyncio.timeout(_TOPIC_LOOKUP_S):
                    await connection.lookup(self._settings.prefixed(topic))
            except TimeoutError:
                raise Transient(
                    f"The topic {self._settings.prefixed(topic)} does not exist or Kafka at {self._settings.bootstrap} "
                    "is away: create the topics with ensure_topics, or start Kafka."
                ) from None

    async def _connected(self) -> Connection:
        if self._closed:
            raise RuntimeError("This producer is closed")
        async with self._connecting:
            if self._connection is None:
                self._connection = await Connection.open(self._settings)
            return self._connection

    def _drop(self, connection: Connection) -> None:
        if self._connection is connection:
            self._connection = None
        ending = asyncio.create_task(connection.abandon())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    def _away(self, error: BaseException) -> Transient:
        return Transient(f"Kafka at {self._settings.bootstrap} did not acknowledge ({error!r}): will be tried again.")
