"""Reading a topic without a group: every partition, from offsets that the reader keeps itself."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, Generic, Literal, TypeVar, overload

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError
from omnifil_servicekit.errors import Transient
from pydantic import BaseModel

from omnifil_messaging.backoff import Backoff
from omnifil_messaging.decoding import Decoder, Unprefixed, envelope
from omnifil_messaging.failures import OffsetsGone
from omnifil_messaging.lag import Lag
from omnifil_messaging.received import Received
from omnifil_messaging.settings import KafkaSettings

log = structlog.get_logger(__name__)

T = TypeVar("T")
B = TypeVar("B", bound=BaseModel)
Start = Mapping[int, int] | Literal["end", "beginning"]

_POLL_MS = 250
_LOOKUP_S = 10.0
_NEW_PARTITIONS_S = 5.0
_PATIENCE = 4


class TopicTail(Generic[T]):
    """Every record of a topic, without a group. With a `record_type` the records come decoded, and one that cannot be
    read is logged and left out (its consumers dead-letter it); without one `record` holds the bytes."""

    @overload
    def __init__(self: "TopicTail[bytes]", settings: KafkaSettings, topic: str) -> None: ...
    @overload
    def __init__(self: "TopicTail[B]", settings: KafkaSettings, topic: str, record_type: type[B]) -> None: ...
    def __init__(self, settings: KafkaSettings, topic: str, record_type: type[Any] | None = None) -> None:
        self.topic = topic
        self._settings = settings
        self._name = settings.prefixed(topic)
        self._unprefixed = Unprefixed(settings.topic_prefix)
        self._decoder = None if record_type is None else Decoder(record_type, self._unprefixed)

    async def read(
        self,
        offsets: Start,
        stop: asyncio.Event,
        *,
        max_records: int = 1000,
        idle_s: float | None = None,
        reader: str | None = None,
    ) -> AsyncIterator[list[Received[T]]]:
        """Batches from these offsets (by partition, of the next record) until `stop`; ordered inside a partition.

        A partition that `offsets` does not name is read from its beginning. With `idle_s` an empty batch comes
        whenever so long nothing did. A broker that goes away is waited for. Raises `OffsetsGone` when the records
        to go on from no longer exist, also in the middle. `reader` is the name under which its lag is told, if it is.
        """
        now: AIOKafkaConsumer | None = None
        lag = Lag(reader, {self._name: self.topic}, lambda: now) if reader is not None else None
        position: dict[int, int] | Literal["end", "beginning"] = offsets if isinstance(offsets, str) else dict(offsets)
        backoff, attempt = Backoff(ceiling_s=5.0), 0
        while not stop.is_set():
            consumer = now = self._client()
            try:
                position = await self._begin(consumer, position, patient=attempt < _PATIENCE)
                attempt = 0
                async for records in self._batches(consumer, stop, position, max_records, idle_s):
                    if lag is not None:
                        lag.takes(records)
                    yield self._decoded(records)
                    if lag is not None:
                        lag.done()
            except OffsetOutOfRangeError as error:
                raise OffsetsGone(self.topic, await self._gone(position)) from error
            except (KafkaError, Transient) as error:
                attempt += 1
                pause_s = backoff.pause_s(attempt)
                log.warning("tail_waits", topic=self.topic, error=repr(error), pause_s=round(pause_s, 2))
                try:
                    async with asyncio.timeout(pause_s):
                        await stop.wait()
                except TimeoutError:
                    continue
            finally:
                now = None
                await consumer.stop()

    async def end_offsets(self) -> dict[int, int]:
        """By partition, the offset that the next record will get. Raises `Transient`."""
        return (await self._bounds())[1]

    async def beginning_offsets(self) -> dict[int, int]:
        """By partition, the offset of the oldest record kept. Raises `Transient`."""
        return (await self._bounds())[0]

    def _client(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            **self._settings.connection(),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            metadata_max_age_ms=5_000,
        )

    async def _begin(
        self, consumer: AIOKafkaConsumer, position: Mapping[int, int] | Literal["end", "beginning"], *, patient: bool
    ) -> dict[int, int]:
        """Connect and assign every partition at its position, which is returned.

        While `patient`, a partition that is not there is one that this broker has not heard of yet.
        """
        await consumer.start()
        first, end = await self._bounds_by(consumer)
        if position == "end":
            begin = dict(end)
        elif position == "beginning":
            begin = dict(first)
        else:
            given = position
            if patient and (unheard := given.keys() - first.keys()):
                raise Transient(f"{self.topic} has no partitions {sorted(unheard)} yet: trying again.")
            begin = {partition: given.get(partition, first[partition]) for partition in first}
            gone = {
                partition: (wanted, first.get(partition, 0), end.get(partition, 0))
                for partition, wanted in {**begin, **given}.items()
                if not first.get(partition, 0) <= wanted <= end.get(partition, 0)
            }
            if gone:
                raise OffsetsGone(self.topic, gone)
        consumer.assign([TopicPartition(self._name, partition) for partition in begin])
        for partition, offset in begin.items():
            consumer.seek(TopicPartition(self._name, partition), offset)
        return begin

    async def _batches(
        self,
        consumer: AIOKafkaConsumer,
        stop: asyncio.Event,
        position: dict[int, int],
        max_records: int,
        idle_s: float | None,
    ) -> AsyncIterator[list[ConsumerRecord]]:
        clock = asyncio.get_running_loop().time
        heard = looked = clock()
        while not stop.is_set():
            polled = await consumer.getmany(timeout_ms=_POLL_MS, max_records=max_records)
            records = [record for records in polled.values() for record in records]
            if records:
                heard = clock()
                yield records
                # Only now: what the reader did not take is read again after a reconnection.
                position.update({record.partition: record.offset + 1 for record in records})
            elif idle_s is not None and clock() - heard >= idle_s:
                heard = clock()
                yield []
            if clock() - looked >= _NEW_PARTITIONS_S:
                looked = clock()
                known: set[int] = consumer.partitions_for_topic(self._name) or set()
                if known - position.keys():
                    raise Transient(f"{self.topic} has new partitions: reading anew with all of them.")

    def _decoded(self, records: list[ConsumerRecord]) -> list[Received[T]]:
        if self._decoder is None:
            return [envelope(record, self._unprefixed) for record in records]
        good, bad = self._decoder.decode(records)
        for received, error in bad:
            log.error(
                "record_left_out",
                topic=self.topic,
                partition=received.partition,
                offset=received.offset,
                cause=type(error).__name__,
            )
        return good

    async def _bounds(self) -> tuple[dict[int, int], dict[int, int]]:
        consumer = self._client()
        try:
            await consumer.start()
            return await self._bounds_by(consumer)
        except KafkaError as error:
            raise Transient(f"Kafka at {self._settings.bootstrap} does not answer ({error!r}): try again.") from error
        finally:
            await consumer.stop()

    async def _bounds_by(self, consumer: AIOKafkaConsumer) -> tuple[dict[int, int], dict[int, int]]:
        """The beginning and the end of every partition. Raises `Transient` when the topic does not exist (yet)."""
        try:
            async with asyncio.timeout(_LOOKUP_S):
                numbers = await consumer._client._wait_on_metadata(self._name)
        except TimeoutError:
            raise Transient(f"The topic {self._name} does not exist: create it with ensure_topics.") from None
        partitions = [TopicPartition(self._name, number) for number in sorted(numbers)]
        first = await consumer.beginning_offsets(partitions)
        end = await consumer.end_offsets(partitions)
        return {each.partition: first[each] for each in partitions}, {each.partition: end[each] for each in partitions}

    async def _gone(self, position: Mapping[int, int] | str) -> dict[int, tuple[int, int, int]]:
        first, end = await self._bounds()
        wanted = dict(position) if isinstance(position, Mapping) else {}
        return {
            partition: (at, first[partition], end[partition])
            for partition, at in wanted.items()
            if partition in first and not first[partition] <= at <= end[partition]
        }
