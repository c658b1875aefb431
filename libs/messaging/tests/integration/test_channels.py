import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from omnifil_messaging import (
    Backoff,
    BatchConsumer,
    ChannelConsumers,
    Patience,
    Received,
    ensure_topics,
    known_channels,
)
from omnifil_servicekit.errors import Transient
from omnifil_testkit.waiting import Eventually

from .conftest import Bench, Handled, Thing, thing, topic

pytestmark = pytest.mark.integration


@asynccontextmanager
async def consuming_channels(
    bench: Bench, handled: dict[str, Handled], only: Collection[str] = ()
) -> AsyncIterator[ChannelConsumers]:
    stop = asyncio.Event()

    def make_consumer(channel: str) -> BatchConsumer[Thing]:
        async def handler(batch: Sequence[Received[Thing]]) -> None:
            if any(received.record.key == "stuck" for received in batch):
                raise Transient("stuck")
            await handled.setdefault(channel, Handled())(batch)

        return BatchConsumer(
            bench.settings,
            topics=[f"inbound.{channel}.v1"],
            group=f"profile.{channel}",
            record_type=Thing,
            handler=handler,
            producer=bench.producer,
            patience=Patience(backoff=Backoff(ceiling_s=0.5)),
        )

    consumers = ChannelConsumers(bench.settings, "inbound", make_consumer, only=only, discovery_interval_s=0.3)
    running = asyncio.create_task(consumers.run(stop))
    try:
        yield consumers
    finally:
        stop.set()
        async with asyncio.timeout(40):
            await running


async def test_a_channel_that_appears_is_consumed_and_gets_its_dead_letter(
    bench: Bench, eventually: Eventually
) -> None:
    await ensure_topics(bench.settings, [topic("inbound.email.v1")])
    handled: dict[str, Handled] = {}
    async with consuming_channels(bench, handled) as consumers:
        await bench.publish(thing("a", 1, to="inbound.email.v1"))
        await eventually(lambda: "email" in handled)
        # As an integrator makes it: a topic, nothing else.
        await ensure_topics(bench.settings, [replace(topic("inbound.sms.v1"), dead_letter=False)])
        await bench.publish(thing("b", 1, to="inbound.sms.v1"))
        await eventually(lambda: "sms" in handled and handled["sms"].of("b") == [1])
        assert consumers.channels == ("email", "sms")
    assert await known_channels(bench.settings, "inbound") == ["email", "sms"]
    assert await bench.dead_letters("inbound.sms.v1") == []


async def test_a_channel_that_is_stuck_leaves_the_others_alone(bench: Bench, eventually: Eventually) -> None:
    await ensure_topics(bench.settings, [topic("inbound.email.v1"), topic("inbound.chat.v1")])
    handled: dict[str, Handled] = {}
    async with consuming_channels(bench, handled):
        await bench.publish(thing("stuck", 1, to="inbound.email.v1"))
        await bench.publish(*(thing("a", n, to="inbound.chat.v1") for n in range(50)))
        await eventually(lambda: "chat" in handled and handled["chat"].of("a") == list(range(50)))
        assert "email" not in handled


async def test_a_process_that_was_given_channels_consumes_those_alone(bench: Bench, eventually: Eventually) -> None:
    await ensure_topics(bench.settings, [topic("inbound.email.v1"), topic("inbound.sms.v1")])
    handled: dict[str, Handled] = {}
    async with consuming_channels(bench, handled, only=["sms", "fax"]) as consumers:
        await bench.publish(thing("a", 1, to="inbound.email.v1"), thing("b", 1, to="inbound.sms.v1"))
        await eventually(lambda: "sms" in handled)
        assert set(consumers.channels) == {"sms"}
        await ensure_topics(bench.settings, [topic("inbound.fax.v1")])
        await eventually(lambda: set(consumers.channels) == {"fax", "sms"})
    assert "email" not in handled
