"""`profile.updates.v1` → what sources say of customers: one consumer group, apart from those of the messages."""

import asyncio
from collections.abc import Callable, Sequence

from omnifil_contracts.profile import ProfileUpdated
from omnifil_contracts.topics import PROFILE_UPDATES
from omnifil_messaging import BatchConsumer, KafkaSettings, PoisonRecords, Producer, Received

from customer_profile.domain.telling import NotVouchedFor
from customer_profile.hearing import Hearing, TooFarAhead

GROUP = "customer-profile.updates"


class Updates:
    """The role `updates`. What can never be taken in is dead-lettered, each record with its own cause."""

    def __init__(
        self,
        kafka: KafkaSettings,
        hearing: Hearing,
        producer: Producer,
        *,
        batch_records: int = 500,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._hearing = hearing
        self._consumer = BatchConsumer(
            kafka,
            topics=[PROFILE_UPDATES.name],
            group=GROUP,
            record_type=ProfileUpdated,
            handler=self._hear,
            producer=producer,
            max_records=batch_records,
            beat=beat,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set."""
        await self._consumer.run(stop)

    async def _hear(self, batch: Sequence[Received[ProfileUpdated]]) -> None:
        if culprits := [(received, error) for received in batch if (error := self._refused(received.record))]:
            raise PoisonRecords(culprits)
        await self._hearing.hear([received.record for received in batch])

    def _refused(self, update: ProfileUpdated) -> Exception | None:
        try:
            self._hearing.check(update)
        except (NotVouchedFor, TooFarAhead) as error:
            return error
        return None
