"""What a reader has still to do, asked at each scrape: high watermark − done, and the age of what is in hand."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from omnifil_messaging.metrics import LAG_RECORDS, LAG_SECONDS

_ENDS_EVERY_S = 5.0
_ENDS_WITHIN_S = 1.0


class Lag:
    """The lag of one reader of some topics. `topics`: name with the prefix → without; `consumer` gives the client that
    reads now, if any. Batches are counted, not records: it costs the path of the records nothing to speak of."""

    def __init__(
        self,
        group: str,
        topics: Mapping[str, str],
        consumer: Callable[[], AIOKafkaConsumer | None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._consumer = consumer
        self._clock = clock
        self._in_hand: Counter[str] = Counter()
        self._oldest_ms: dict[str, int] = {}
        self._done_ms: dict[str, int] = {}
        self._ends: Mapping[TopicPartition, int] = {}
        self._asked_at_s = 0.0
        for name, topic in topics.items():
            LAG_RECORDS.labels(group, topic).set_function(partial(self.records, name))
            LAG_SECONDS.labels(group, topic).set_function(partial(self.age_s, name))

    def takes(self, records: Sequence[ConsumerRecord]) -> None:
        """A batch is in hand."""
        times: defaultdict[str, list[int]] = defaultdict(list)
        for record in records:
            times[record.topic].append(record.timestamp)
        self._in_hand = Counter({name: len(each) for name, each in times.items()})
        self._oldest_ms = {name: min(each) for name, each in times.items()}
        self._done_ms |= {name: max(each) for name, each in times.items()}

    def done(self) -> None:
        """It is not any more: done, or handed back."""
        self._in_hand.clear()
        self._oldest_ms = {}
        self._ends = {}

    async def ask_for_ends(self) -> None:
        """Ask the broker where the topics end, now and then: while a batch is in hand for long nothing is fetched, so
        no watermark is heard of, and what gathers meanwhile is lag all the same."""
        consumer, now_s = self._consumer(), self._clock()
        if consumer is None or now_s - self._asked_at_s < _ENDS_EVERY_S:
            return
        self._asked_at_s = now_s
        with suppress(KafkaError, TimeoutError):
            async with asyncio.timeout(_ENDS_WITHIN_S):
                self._ends = await consumer.end_offsets(list(consumer.assignment()))

    def records(self, name: str) -> int:
        """How many records of the topic are not done, of the partitions that are this reader's now."""
        return self._in_hand[name] + sum(
            max(0, max(highwater, self._ends.get(partition, 0)) - position)
            for partition, position, highwater in _places(self._consumer())
            if partition.topic == name
        )

    def age_s(self, name: str) -> float:
        """Seconds; of the oldest record in hand, or, where more waits and none is, of the last that was."""
        since_ms = self._oldest_ms.get(name)
        if since_ms is None and self.records(name):
            since_ms = self._done_ms.get(name)
        return 0.0 if since_ms is None else max(self._clock() - since_ms / 1000, 0.0)


def _places(consumer: AIOKafkaConsumer | None) -> Iterable[tuple[TopicPartition, int, int]]:
    """Each partition with the position behind what was fetched from it, and the high watermark."""
    subscription = consumer._subscription.subscription if consumer is not None else None
    if subscription is None or subscription.assignment is None:
        return
    for partition in subscription.assignment.tps:
        # aiokafka's own `position()` is a coroutine; a scrape cannot wait.
        state = subscription.assignment.state_value(partition)
        if state is not None and state.has_valid_position and state.highwater is not None:
            yield partition, state.position, state.highwater
