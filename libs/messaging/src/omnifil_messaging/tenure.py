"""The time for which this consumer owns its partitions: from an assignment to the next revocation."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence

from aiokafka import ConsumerRecord, TopicPartition

from omnifil_messaging.progress import Progress
from omnifil_messaging.received import Received


class Tenure:
    """What was delivered and done in it. aiokafka revokes everything at each rebalance, so a tenure ends as a whole:
    what is not committed then is delivered again, to whoever owns the partition next."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        """Set: finish what is in hand, begin nothing more."""
        self.idle = asyncio.Event()
        self.idle.set()
        self.progress: Progress[tuple[str, int]] = Progress()

    def delivered(self, records: Sequence[ConsumerRecord]) -> None:
        by_partition: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        for record in records:
            by_partition[record.topic, record.partition].append(record.offset)
        for partition, offsets in by_partition.items():
            self.progress.delivered(partition, offsets)

    def done(self, prefix: str, batch: Iterable[Received[object]]) -> None:
        by_partition: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        for received in batch:
            by_partition[prefix + received.topic, received.partition].append(received.offset)
        for partition, offsets in by_partition.items():
            self.progress.done(partition, offsets)

    def take(self) -> dict[TopicPartition, int]:
        """What may be committed and was not yet."""
        return {TopicPartition(topic, partition): at for (topic, partition), at in self.progress.take().items()}

    def put_back(self, offsets: Iterable[TopicPartition]) -> None:
        """Their commit failed."""
        self.progress.put_back((each.topic, each.partition) for each in offsets)
