"""FastStream as the consumer: what had to be arranged so that it loses nothing. The README says why for each."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage

from omnifil_messaging.settings import KafkaSettings

log = logging.getLogger(__name__)
_faststream_log = logging.getLogger(f"{__name__}.faststream")

_POLL_MS = 250
_EMPTY_PAUSE_MS = 5
_FEW = 100
"""Up to so many records the next are asked for only when these are done."""
_NOBODY = TopicPartition("", -1)


class PolledConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """aiokafka's consumer as FastStream drives it, with three things it needs for long work, and one for short work.

    aiokafka asks for what comes next as soon as a batch is taken, and the broker answers with the first record that
    arrives: the next batch would be that one alone, and who arrives after it would wait for two batches. So after a
    small batch it asks only when that is done, and gets all who came meanwhile. In a backlog it reads ahead.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.failing_since: float | None = None
        """Since when every poll has failed (monotonic seconds); a dead coordination task fails them for ever."""

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """FastStream sleeps for its batch timeout after an empty poll: so that one is short and the poll is long."""
        if partitions:
            return await self._polled(*partitions, timeout_ms=timeout_ms, max_records=max_records)
        self.resume(*self.paused())
        records = await self._polled(timeout_ms=max(timeout_ms, _POLL_MS), max_records=max_records)
        if 0 < sum(map(len, records.values())) <= _FEW:
            self.pause(*self.assignment())  # in the same step: aiokafka's own task has not asked yet
        return records

    async def _polled(
        self, *partitions: TopicPartition, timeout_ms: int, max_records: int | None
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        try:
            records: dict[TopicPartition, list[ConsumerRecord]] = await super().getmany(
                *partitions, timeout_ms=timeout_ms, max_records=max_records
            )
        except KafkaError:
            if self.failing_since is None:
                self.failing_since = time.monotonic()
            raise
        self.failing_since = None
        return records

    async def stay(self) -> None:
        """Tell aiokafka that we are alive while a batch waits: a poll that can bring nothing.

        Without it the consumer leaves its group once `max_poll_interval_ms` has passed since the last poll.
        """
        try:
            await self.getmany(_NOBODY, timeout_ms=0)
        except KafkaError as error:
            log.warning("The consumer group's coordination failed: %r", error)


class _Broker(KafkaBroker):
    """FastStream's broker whose subscribers get our consumer class."""

    async def _connect(self) -> Callable[..., Any]:
        await super()._connect()
        config = self.config.broker_config
        if not isinstance(config.builder, partial):
            raise TypeError("FastStream builds its consumers in another way than this library knows")
        config.builder = partial(PolledConsumer, **config.builder.keywords)
        return config.builder


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, assigned: Callable[[], None], revoked: Callable[[], Awaitable[None]]) -> None:
        self._assigned = assigned
        self._revoked = revoked

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        if revoked:
            await self._revoked()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._assigned()


class Subscription:
    """One life of a FastStream batch subscriber: `start`, then batches arrive, then `stop`.

    `on_batch` must not raise: FastStream logs an exception, goes on with the next batch and so steps over this one.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        topics: Sequence[str],
        group: str,
        max_records: int,
        max_poll_interval_ms: int,
        session_timeout_ms: int,
        rebalance_timeout_ms: int,
        on_batch: Callable[[Sequence[ConsumerRecord]], Awaitable[None]],
        on_assigned: Callable[[], None],
        on_revoked: Callable[[], Awaitable[None]],
    ) -> None:
        if _faststream_log.level == logging.NOTSET:
            _faststream_log.setLevel(logging.ERROR)  # below: that it makes no topics, and each assignment
        self._broker = _Broker(
            settings.servers,
            client_id=settings.client_id,
            security=settings.environment.security(),
            consumer_only=True,
            apply_types=False,
            metadata_max_age_ms=10_000,
            logger=_faststream_log,
            log_level=logging.DEBUG,
        )
        self._subscriber = self._broker.subscriber(
            *(settings.prefixed(topic) for topic in topics),
            group_id=group,
            batch=True,
            batch_timeout_ms=_EMPTY_PAUSE_MS,
            max_records=max_records,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            max_poll_interval_ms=max_poll_interval_ms,
            session_timeout_ms=session_timeout_ms,
            rebalance_timeout_ms=rebalance_timeout_ms,
            heartbeat_interval_ms=max(100, session_timeout_ms // 4),
            listener=_Listener(on_assigned, on_revoked),
            parser=_parse,
            decoder=_decode,
            no_reply=True,
        )
        self._subscriber(on_batch)

    @property
    def consumer(self) -> PolledConsumer | None:
        """None while not started."""
        consumer = self._subscriber.consumer
        return consumer if isinstance(consumer, PolledConsumer) else None

    @property
    def alive(self) -> bool:
        """Whether FastStream's fetch loop runs."""
        return any(not task.done() for task in self._subscriber.tasks)

    async def start(self) -> None:
        """Join the group. Returns when partitions are assigned; raises KafkaError when no broker answers."""
        await self._broker.start()

    async def stop(self) -> None:
        """Leave the group."""
        await self._broker.stop()

    async def commit(self, offsets: dict[TopicPartition, int], timeout_s: float) -> None:
        """Commit these. Raises KafkaError (`CommitFailedError`: they are no longer ours) or TimeoutError."""
        if self.consumer is not None:
            async with asyncio.timeout(timeout_s):
                await self.consumer.commit(offsets)


async def _parse(message: tuple[ConsumerRecord, ...], original: Callable[..., Awaitable[Any]]) -> KafkaAckableMessage:
    """FastStream's own parser decodes headers as UTF-8: one record with another header, and its batch is lost."""
    return KafkaAckableMessage(body=b"", raw_message=message, headers={}, content_type=None, consumer=_NO_CONSUMER)


async def _decode(message: KafkaAckableMessage, original: Callable[..., Awaitable[Any]]) -> Any:
    return message.raw_message


class _NoConsumer:
    """Stands where FastStream keeps the consumer for its own acknowledgements, which are never used here."""

    async def commit(self) -> None:
        raise NotImplementedError

    def seek(self, partition: TopicPartition, offset: int) -> None:
        raise NotImplementedError


_NO_CONSUMER = _NoConsumer()
