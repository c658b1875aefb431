"""What is in the batch after a small one, and after a large one."""

import asyncio
from collections.abc import Sequence

import pytest
from omnifil_messaging import Received
from omnifil_messaging.subscription import PolledConsumer
from omnifil_testkit.waiting import Eventually

from .conftest import GROUP, NAME, Bench, Handled, Thing, thing

pytestmark = pytest.mark.integration


async def test_who_arrives_while_a_small_batch_is_worked_is_in_the_next_one(
    bench: Bench, eventually: Eventually
) -> None:
    handled, sizes, begun, go_on = Handled(), list[int](), asyncio.Event(), asyncio.Event()

    async def handler(batch: Sequence[Received[Thing]]) -> None:
        begun.set()
        await go_on.wait()
        sizes.append(len(batch))
        await handled(batch)

    async with bench.consuming(handler):
        await bench.publish(thing("a", 0))
        await begun.wait()
        for n in range(1, 10):
            await bench.publish(thing("a", n))  # one after the other: read ahead, the first would be a batch
        go_on.set()
        await eventually(lambda: len(handled.things) == 10)
    assert sizes == [1, 9]
    assert handled.of("a") == list(range(10))


async def test_a_backlog_is_read_ahead(bench: Bench) -> None:
    await bench.publish(*(thing("a", n) for n in range(200)))
    consumer = PolledConsumer(
        bench.settings.prefixed(NAME),
        **bench.settings.connection(),
        group_id=bench.settings.prefixed(GROUP),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        seen: list[tuple[int, bool]] = []
        while sum(count for count, _ in seen) < 200:
            records = await consumer.getmany(max_records=150)
            if count := sum(map(len, records.values())):
                seen.append((count, consumer.paused() == consumer.assignment()))
    finally:
        await consumer.stop()
    # More than a hundred: the rest is in memory, or asked for already. A hundred at most: nobody asks before the work
    # is done, and then for all partitions.
    assert {count > 100 for count, _ in seen} == {True, False}
    assert all(paused == (count <= 100) for count, paused in seen)
