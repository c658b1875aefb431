"""The batch consumer: nothing is lost, whoever dies; what cannot work is set aside; what is away is waited for."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Any, Generic, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from omnifil_servicekit.errors import Transient
from pydantic import BaseModel

from omnifil_messaging.batch import Abandoned, BatchWork, Handler
from omnifil_messaging.context import processing, traced
from omnifil_messaging.dead_letter.letter import DeadLetter, cause_of
from omnifil_messaging.decoding import Decoder, Unprefixed
from omnifil_messaging.lag import Lag
from omnifil_messaging.metrics import BATCH_RECORDS, BATCH_SECONDS, RETRIES
from omnifil_messaging.patience import Patience
from omnifil_messaging.producer import Producer
from omnifil_messaging.received import Received
from omnifil_messaging.settings import KafkaSettings
from omnifil_messaging.subscription import Subscription
from omnifil_messaging.tenure import Tenure
from omnifil_messaging.topics import missing_topics, prepare_dead_letters
from omnifil_messaging.turns import Turns

log = structlog.get_logger(__name__)

R = TypeVar("R", bound=BaseModel)

_PATIENCE = Patience()
_FAILING_S = 20.0
_FINAL_COMMIT_S = 3.0
_LEAVE_S = 5.0


class BatchConsumer(Generic[R]):
    """Reads topics in a consumer group, in batches of one record type; `await run(stop)`.

    `handler` returns when the batch is durably written. It may be called again with the same records: after a crash,
    a rebalance, or when its batch is halved to find a culprit. `beat` is called some times a second while it works.
    The group's id gets the topic prefix, so that tests do not meet in a group either. `traced_as` is what the handler
    calls a record when it says `carried(about)`: so each of a batch goes on in its own trace. `turns` are
    those that the channels of a process take; without them every batch is worked whole.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        topics: Sequence[str],
        group: str,
        record_type: type[R],
        handler: Handler[R],
        producer: Producer,
        max_records: int = 500,
        patience: Patience = _PATIENCE,
        beat: Callable[[], None] | None = None,
        on_assigned: Callable[[], None] | None = None,
        traced_as: Callable[[R], str | None] = lambda record: None,
        turns: Turns | None = None,
    ) -> None:
        self.topics = tuple(topics)
        self.group = group
        self._settings = settings
        self._handler = handler
        self._producer = producer
        self._max_records = max_records
        self._patience = patience
        self._beat = beat or (lambda: None)
        self._on_assigned = on_assigned
        self._traced_as = traced_as
        self._turns = turns or Turns()
        self._decoder = Decoder(record_type, Unprefixed(settings.topic_prefix))
        self._tenure = Tenure()
        self._stopping = asyncio.Event()
        self._subscription: Subscription | None = None
        self._failure: BaseException | None = None
        self._lag = Lag(group, {settings.prefixed(topic): topic for topic in topics}, self._client)
        self._batch_seconds = BATCH_SECONDS.labels(group)
        self._batch_records = BATCH_RECORDS.labels(group)

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop` is set; then finish the attempt under way, commit and leave the group.

        Waits for a broker or a topic that is away. Raises only what is a fault of this library.
        """
        self._stopping = stop
        attempt = 0
        while not stop.is_set():
            started = time.monotonic()
            try:
                await self._live(stop)
            except (KafkaError, Transient, OSError) as error:
                attempt = 1 if time.monotonic() - started > 60 else attempt + 1
                pause_s = self._patience.backoff.pause_s(min(attempt, 6))
                RETRIES.labels(self.group, type(error).__name__).inc()
                log.warning(
                    "kafka_away", group=self.group, error=str(error) or repr(error), retry_in_s=round(pause_s, 2)
                )
                self._beat()
                await _either(stop, timeout_s=pause_s)

    async def _live(self, stop: asyncio.Event) -> None:
        """One life of the subscription: ends at `stop`, or with the error that ends it."""
        self._failure = None
        await prepare_dead_letters(self._settings, self.topics)
        if missing := await missing_topics(self._settings, self.topics):
            raise Transient(f"Topics do not exist yet: {', '.join(missing)}; create them with ensure_topics.")
        subscription = self._subscription = Subscription(
            self._settings,
            topics=self.topics,
            group=self._settings.prefixed(self.group),
            max_records=self._max_records,
            max_poll_interval_ms=round(self._patience.max_poll_interval_s * 1000),
            session_timeout_ms=round(self._patience.session_timeout_s * 1000),
            rebalance_timeout_ms=round((self._patience.handover_s + 10) * 1000),
            on_batch=self._on_batch,
            on_assigned=self._assigned,
            on_revoked=self._hand_over,
        )
        starting = asyncio.create_task(subscription.start())
        try:
            await _either(stop, starting)
            if starting.done():
                starting.result()
                await self._watch(stop, subscription)
        finally:
            await self._hand_over()
            starting.cancel()
            await asyncio.wait([starting])
            self._subscription = None
            try:
                async with asyncio.timeout(_LEAVE_S):
                    await subscription.stop()
            except TimeoutError:
                log.warning("group_not_left", group=self.group)  # its session ends by itself

    async def _watch(self, stop: asyncio.Event, subscription: Subscription) -> None:
        """Commit in the background, and see that the consumer lives."""
        while not stop.is_set():
            await _either(stop, timeout_s=self._patience.commit_interval_s)
            if self._failure is not None:
                raise RuntimeError(f"A batch ended in {self._failure!r}") from self._failure
            await self._commit(_FINAL_COMMIT_S)
            consumer = subscription.consumer
            since = consumer.failing_since if consumer is not None else None
            if not subscription.alive:
                raise Transient("The fetch loop has ended: joining the group anew.")
            if since is not None and time.monotonic() - since > _FAILING_S:
                raise Transient(f"Every poll has failed for {_FAILING_S:.0f} s: joining the group anew.")
            self._beat()
            if not self._tenure.idle.is_set():
                await self._lag.ask_for_ends()

    def _client(self) -> AIOKafkaConsumer | None:
        return self._subscription.consumer if self._subscription is not None else None

    def _assigned(self) -> None:
        self._tenure = Tenure()
        if self._on_assigned is not None:
            self._on_assigned()

    async def _hand_over(self) -> None:
        """Before the partitions go: finish what is under way, begin nothing more, commit what is done."""
        tenure = self._tenure
        tenure.over.set()
        try:
            async with asyncio.timeout(self._patience.handover_s):
                await tenure.idle.wait()
        except TimeoutError:
            log.warning("handler_outlived_its_partitions", group=self.group, open=tenure.progress.open_count)
        await self._commit(_FINAL_COMMIT_S)

    async def _commit(self, timeout_s: float) -> None:
        tenure, subscription = self._tenure, self._subscription
        if subscription is None:
            return
        offsets: dict[TopicPartition, int] = tenure.take()
        if not offsets:
            return
        try:
            await subscription.commit(offsets, timeout_s)
        except (CommitFailedError, IllegalStateError) as error:
            # They belong to somebody else by now, who gets these records again.
            log.info("commit_came_too_late", group=self.group, error=repr(error))
        except (KafkaError, TimeoutError) as error:
            tenure.put_back(offsets)
            log.warning("commit_failed", group=self.group, error=repr(error))

    async def _on_batch(self, records: Sequence[ConsumerRecord]) -> None:
        """What FastStream calls, one batch after the other. Never raises (see `Subscription`)."""
        tenure = self._tenure
        if tenure.over.is_set() or self._stopping.is_set() or self._failure is not None:
            return  # not counted as delivered, so they are not committed and come again
        tenure.delivered(records)
        tenure.idle.clear()
        try:
            self._lag.takes(records)
            with self._batch_seconds.time():
                await self._do(records, tenure)
        except Abandoned:
            log.info("batch_handed_back", group=self.group, open=tenure.progress.open_count)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # also SystemExit: FastStream would take it for a wish to stop quietly
            self._failure = error
        finally:
            self._lag.done()
            tenure.idle.set()

    async def _do(self, records: Sequence[ConsumerRecord], tenure: Tenure) -> None:
        prefix = self._settings.topic_prefix
        good, bad = self._decoder.decode(records)

        def done(batch: Sequence[Received[Any]]) -> None:
            tenure.done(prefix, batch)

        async def pause(attempt: int, error: BaseException) -> None:
            await self._pause(tenure, attempt, error)

        raw = {(record.topic, record.partition, record.offset): record for record in records} if bad else {}

        async def set_aside(culprits: Sequence[tuple[Received[Any], BaseException]]) -> None:
            lookup = raw or {(record.topic, record.partition, record.offset): record for record in records}
            letters = [
                self._letter(lookup[prefix + received.topic, received.partition, received.offset], received, error)
                for received, error in culprits
            ]
            await self._producer.set_aside(letters)
            for letter in letters:
                log.error(
                    "record_set_aside",
                    cause=letter.cause,
                    topic=letter.source_topic,
                    partition=letter.partition,
                    offset=letter.offset,
                    group=self.group,
                )

        async def handler(batch: Sequence[Received[R]]) -> None:
            if tenure.over.is_set():
                raise Abandoned
            try:
                await self._handler(batch)
                self._batch_records.observe(len(batch))
            except asyncio.CancelledError as error:
                if (task := asyncio.current_task()) is not None and task.cancelling():
                    raise
                # Something inside was cancelled, not we: it must not end FastStream's loop, silently and for ever.
                raise RuntimeError("The handler let a cancellation through that was not meant for it") from error

        work = BatchWork(handler=handler, set_aside=set_aside, done=done, pause=pause)
        if bad:
            await work.put_aside(bad)
        if good:
            things = traced((self._traced_as(each.record), each.headers) for each in good)
            with processing(things, good[0].topic, group=self.group, batch_size=len(good)):
                async with aclosing(self._turns.parts(self.group, good)) as parts:
                    async for part in parts:
                        await work.do(part)

    def _letter(self, record: ConsumerRecord, received: Received[Any], error: BaseException) -> DeadLetter:
        cause, detail = cause_of(error)
        return DeadLetter(
            cause=cause,
            detail=detail,
            source_topic=received.topic,
            partition=record.partition,
            offset=record.offset,
            key=record.key,
            value=record.value,
            headers=tuple(record.headers),
            group=self.group,
        )

    async def _pause(self, tenure: Tenure, attempt: int, error: BaseException) -> None:
        """Wait before the next attempt, as a member of the group. Raises `Abandoned` when it is not ours any more."""
        pause_s = self._patience.backoff.pause_s(attempt)
        RETRIES.labels(self.group, type(error).__name__).inc()
        log.warning(
            "batch_waits", group=self.group, attempt=attempt, pause_s=round(pause_s, 2), cause=type(error).__name__,
            error=str(error),
        )  # fmt: skip
        until = time.monotonic() + pause_s
        while (left := until - time.monotonic()) > 0 and not tenure.over.is_set():
            await _either(tenure.over, timeout_s=min(left, self._patience.max_poll_interval_s / 4))
            if not tenure.over.is_set() and self._subscription and (consumer := self._subscription.consumer):
                await consumer.stay()
        if tenure.over.is_set() or self._stopping.is_set():
            raise Abandoned


async def _either(event: asyncio.Event, task: asyncio.Task[None] | None = None, timeout_s: float | None = None) -> None:
    """Wait for the event, the task, or the time, whichever is first."""
    waiting = asyncio.create_task(event.wait())
    try:
        await asyncio.wait([waiting, *([task] if task else [])], timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
