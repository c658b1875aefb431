"""`inbound.<channel>.v1` → `identified.<channel>.v1`: one consumer group and one loop per channel."""

import asyncio
from collections.abc import Callable, Collection, Sequence

from omnifil_contracts.message import InboundMessage
from omnifil_contracts.topics import IDENTIFIED, INBOUND
from omnifil_messaging import (
    BatchConsumer,
    ChannelConsumers,
    KafkaSettings,
    PoisonRecords,
    Producer,
    Received,
    Turns,
    ensure_topics,
)
from omnifil_servicekit.errors import Poison
from omnifil_servicekit.metrics import Stage, messages

from customer_profile.handlers import Recogniser

NAME = "customer-profile"


class Consume:
    """The role `consume`. `channels` empty: every channel that has a topic, also one that appears later."""

    def __init__(
        self,
        kafka: KafkaSettings,
        recogniser: Recogniser,
        producer: Producer,
        *,
        channels: Collection[str] = (),
        batch_records: int = 500,
        discovery_interval_s: float = 2.0,
        beat: Callable[[str], None] = lambda loop: None,
    ) -> None:
        self._kafka = kafka
        self._recogniser = recogniser
        self._producer = producer
        self._channels = channels
        self._batch_records = batch_records
        self._discovery_interval_s = discovery_interval_s
        self._beat = beat
        self._prepared: set[str] = set()
        self._turns = Turns()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set."""
        await ChannelConsumers(
            self._kafka,
            "inbound",
            self._consumer,
            only=self._channels,
            discovery_interval_s=self._discovery_interval_s,
            beat=lambda: self._beat("consume"),
        ).run(stop)

    def _consumer(self, channel: str) -> BatchConsumer[InboundMessage]:
        identified = messages(channel, Stage.IDENTIFIED)

        async def recognise(batch: Sequence[Received[InboundMessage]]) -> None:
            _refuse_misplaced(channel, batch)
            await self._prepare(channel)
            await self._recogniser.recognise([received.record for received in batch])
            identified.inc(len(batch))

        return BatchConsumer(
            self._kafka,
            topics=[INBOUND.of(channel)],
            group=f"{NAME}.{channel}",
            record_type=InboundMessage,
            handler=recognise,
            producer=self._producer,
            max_records=self._batch_records,
            beat=lambda: self._beat(f"consume {channel}"),
            traced_as=lambda message: message.message_id,
            turns=self._turns,
        )

    async def _prepare(self, channel: str) -> None:
        """An integrator makes `inbound.sms.v1`; what follows from it is ours to make."""
        if channel not in self._prepared:
            await ensure_topics(self._kafka, [IDENTIFIED], channels=[channel])
            self._prepared.add(channel)


def _refuse_misplaced(channel: str, batch: Sequence[Received[InboundMessage]]) -> None:
    """What says that it is of another channel than its topic is somebody's mistake: raises `PoisonRecords`."""
    if culprits := [
        (received, Poison(f"A message of the channel {received.record.channel} does not belong on {received.topic}."))
        for received in batch
        if received.record.channel != channel
    ]:
        raise PoisonRecords(culprits)
