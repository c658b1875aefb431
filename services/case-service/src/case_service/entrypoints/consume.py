"""Topics → handlers: one consumer group for each channel, one for deliveries, one for customers."""

import asyncio
from collections.abc import Callable, Collection, Sequence

from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.delivery import DeliveryReported
from omnifil_contracts.message import IdentifiedMessage
from omnifil_contracts.topics import CUSTOMER_EVENTS, DELIVERY_EVENTS, IDENTIFIED
from omnifil_messaging import BatchConsumer, ChannelConsumers, KafkaSettings, PoisonRecords, Producer, Received, Turns
from omnifil_servicekit.errors import Poison

from case_service.entrypoints.pace import Pace
from case_service.handlers import Customers, Deliveries, Messages

NAME = "case-service"


class Consume:
    """The role `consume`."""

    def __init__(
        self,
        kafka: KafkaSettings,
        producer: Producer,
        messages: Messages,
        deliveries: Deliveries,
        customers: Customers,
        pace: Pace,
        *,
        channels: Collection[str] = (),
        batch_records: int = 500,
        discovery_interval_s: float = 2.0,
        beat: Callable[[str], None] = lambda loop: None,
    ) -> None:
        self._kafka = kafka
        self._producer = producer
        self._messages = messages
        self._deliveries = deliveries
        self._customers = customers
        self._pace = pace
        self._turns = Turns()
        self._channels = channels
        self._batch_records = batch_records
        self._discovery_interval_s = discovery_interval_s
        self._beat = beat

    async def run_channels(self, stop: asyncio.Event) -> None:
        """`identified.<channel>.v1` of every channel that is ours, also of those that appear later."""
        await ChannelConsumers(
            self._kafka,
            "identified",
            self._of_channel,
            only=self._channels,
            discovery_interval_s=self._discovery_interval_s,
            beat=lambda: self._beat("channels"),
        ).run(stop)

    async def run_deliveries(self, stop: asyncio.Event) -> None:
        """`delivery.events.v1`."""

        async def note(batch: Sequence[Received[DeliveryReported]]) -> None:
            await self._deliveries.note([received.record for received in batch])

        await BatchConsumer(
            self._kafka,
            topics=[DELIVERY_EVENTS.name],
            group=f"{NAME}.deliveries",
            record_type=DeliveryReported,
            handler=note,
            producer=self._producer,
            max_records=self._batch_records,
            beat=lambda: self._beat("deliveries"),
            traced_as=lambda report: report.outbound_id,
        ).run(stop)

    async def run_customers(self, stop: asyncio.Event) -> None:
        """`customer.events.v1`."""

        async def follow(batch: Sequence[Received[CustomerChanged]]) -> None:
            await self._customers.follow([received.record for received in batch])

        await BatchConsumer(
            self._kafka,
            topics=[CUSTOMER_EVENTS.name],
            group=f"{NAME}.customers",
            record_type=CustomerChanged,
            handler=follow,
            producer=self._producer,
            max_records=self._batch_records,
            beat=lambda: self._beat("customers"),
        ).run(stop)

    def _of_channel(self, channel: str) -> BatchConsumer[IdentifiedMessage]:
        async def link(batch: Sequence[Received[IdentifiedMessage]]) -> None:
            _refuse_misplaced(channel, batch)
            await self._pace.keep(len(batch))
            await self._messages.link([received.record for received in batch])

        return BatchConsumer(
            self._kafka,
            topics=[IDENTIFIED.of(channel)],
            group=f"{NAME}.{channel}",
            record_type=IdentifiedMessage,
            handler=link,
            producer=self._producer,
            max_records=self._batch_records,
            beat=lambda: self._beat(f"channel {channel}"),
            traced_as=lambda identified: identified.message.message_id,
            turns=self._turns,
        )


def _refuse_misplaced(channel: str, batch: Sequence[Received[IdentifiedMessage]]) -> None:
    """What says that it is of another channel than its topic is somebody's mistake. Raises `PoisonRecords`."""
    if culprits := [
        (
            received,
            Poison(f"A message of the channel {received.record.message.channel} does not belong on {received.topic}."),
        )
        for received in batch
        if received.record.message.channel != channel
    ]:
        raise PoisonRecords(culprits)
