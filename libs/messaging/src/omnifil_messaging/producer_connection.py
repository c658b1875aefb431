"""One life of an aiokafka producer. It ends at the first failure: a gap in an idempotent sequence stays."""

import asyncio
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple, Self

import structlog
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError
from aiokafka.partitioner import murmur2

from omnifil_messaging.outgoing import Wire
from omnifil_messaging.settings import KafkaSettings

log = structlog.get_logger(__name__)

_BATCH_BYTES = 256 * 1024
_FEW = 16
"""From so many records on it pays to make the batches here."""
_END_S = 15.0


class Placed(NamedTuple):
    """Where a record is."""

    partition: int
    offset: int


@lru_cache(maxsize=50_000)
def _hash(key: bytes) -> int:
    """As Kafka's own partitioner: murmur2, made positive; in Python as dear as all the rest of sending a record."""
    return int(murmur2(key)) & 0x7FFFFFFF


class Connection:
    """Open it with `open`; end it with `close` (delivers what is buffered) or `abandon` (does not)."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._turns = count()
        self._ended = False

    @classmethod
    async def open(cls, settings: KafkaSettings) -> Self:
        """Connect and get a producer id. Raises KafkaError when no broker answers; waits while none can give an id."""
        client = AIOKafkaProducer(
            **settings.connection(),
            enable_idempotence=True,
            acks="all",
            # One request is under way per broker, so a batch gathers by itself while the last one is acknowledged.
            linger_ms=0,
            max_batch_size=_BATCH_BYTES,
            # Our own limit comes first, with a clearer error; dead letters are a little larger.
            max_request_size=2**31 - 1,
            request_timeout_ms=10_000,
            metadata_max_age_ms=30_000,
        )
        connection = cls(client)
        try:
            await client.start()
        except BaseException:
            await connection.abandon()
            raise
        return connection

    async def lookup(self, name: str) -> None:
        """Return once the topic is known; waits for one that does not exist."""
        await self._client.partitions_for(name)

    async def ping(self) -> None:
        """Raises KafkaError when no broker answers."""
        await self._client.client.fetch_all_metadata()

    async def send(self, wires: Sequence[Wire], prefixed: Callable[[str], str]) -> list[Any]:
        """Send all and wait for all. For each its position, or the KafkaError that hindered it."""
        numbers = {
            topic: await self._client.partitions_for(prefixed(topic)) for topic in {each.topic for each in wires}
        }
        placed: dict[TopicPartition, list[int]] = {}
        for index, each in enumerate(wires):
            partition = self._partition(each, numbers[each.topic])
            placed.setdefault(TopicPartition(prefixed(each.topic), partition), []).append(index)
        results: list[Any] = [None] * len(wires)
        sending = self._one_by_one if len(wires) < _FEW else self._in_batches
        outcomes = await asyncio.gather(
            *(sending(place, indexes, wires, results) for place, indexes in placed.items()), return_exceptions=True
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return results

    def _partition(self, wire: Wire, numbers: set[int]) -> int:
        if wire.partition in numbers:
            return wire.partition
        # A topic that was made anew may have fewer than there were: then the key decides.
        return (next(self._turns) if wire.key is None else _hash(wire.key)) % len(numbers)

    async def _one_by_one(
        self, place: TopicPartition, indexes: Sequence[int], wires: Sequence[Wire], results: list[Any]
    ) -> None:
        """For few records: they share a batch with what others publish at the same time."""
        futures: dict[int, asyncio.Future[Any]] = {}
        for index in indexes:
            wire = wires[index]
            try:
                futures[index] = await self._client.send(
                    place.topic, value=wire.value, key=wire.key, partition=place.partition, headers=list(wire.headers)
                )
            except KafkaError as error:
                results[index] = error
        for index, future in futures.items():
            try:
                results[index] = Placed(place.partition, (await future).offset)
            except KafkaError as error:
                results[index] = error

    async def _in_batches(
        self, place: TopicPartition, indexes: Sequence[int], wires: Sequence[Wire], results: list[Any]
    ) -> None:
        """For many: whole batches, so that there is one future for each of them and not for each record."""
        futures: list[tuple[Sequence[int], asyncio.Future[Any]]] = []
        rest = indexes
        while rest:
            builder, taken = self._client.create_batch(), 0
            for index in rest:
                wire = wires[index]
                if builder.append(timestamp=None, key=wire.key, value=wire.value, headers=wire.headers) is None:
                    break
                taken += 1
            builder.close()
            batch, rest = rest[:taken], rest[taken:]
            try:
                futures.append((batch, await self._client.send_batch(builder, place.topic, partition=place.partition)))
            except KafkaError as error:
                for index in (*batch, *rest):
                    results[index] = error
                break
        for batch, future in futures:
            try:
                base = (await future).offset
            except KafkaError as error:
                for index in batch:
                    results[index] = error
            else:
                for offset, index in enumerate(batch, base):
                    results[index] = Placed(place.partition, offset)

    async def close(self) -> None:
        """Deliver what is buffered, then disconnect; gives up after some seconds."""
        try:
            async with asyncio.timeout(_END_S):
                await self._client.stop()
        except TimeoutError:
            await self.abandon()

    async def abandon(self) -> None:
        """Fail what is not acknowledged and disconnect.

        `AIOKafkaProducer.stop` alone waits for its buffers, for ever while the broker is away (idempotent batches
        never expire), and would deliver them later, after what another connection has published meanwhile.
        """
        if self._ended:
            return
        self._ended = True
        accumulator = self._client._message_accumulator
        batches = [*accumulator._pending_batches, *(each for queue in accumulator._batches.values() for each in queue)]
        accumulator.fail_all(KafkaConnectionError("The connection was given up"))
        for batch in batches:
            for waited in (batch._drain_waiter, batch.future):
                if waited.done() and not waited.cancelled():
                    waited.exception()  # mostly nobody waits for it, and asyncio would complain
        sender = self._client._sender.sender_task
        if sender is not None:
            sender.cancel()
        try:
            async with asyncio.timeout(_END_S):
                await self._client.stop()
        except Exception as error:  # whatever its tasks still say, nobody waits for this connection any more
            log.debug("kafka_connection_abandoned", error=repr(error))
