"""What a consumer says of its lag, on the real broker."""

import asyncio
from collections.abc import Sequence

import pytest
from omnifil_messaging import Received
from omnifil_testkit.waiting import Eventually
from prometheus_client import REGISTRY

from .conftest import GROUP, NAME, Bench, Thing, thing

pytestmark = pytest.mark.integration


def lag(unit: str) -> float:
    return REGISTRY.get_sample_value(f"omnifil_lag_{unit}", {"group": GROUP, "topic": NAME}) or 0.0


def handled() -> float:
    return REGISTRY.get_sample_value("omnifil_batch_records_sum", {"group": GROUP}) or 0.0


async def test_lag_counts_what_is_in_hand_and_what_comes_while_it_is_held_up_and_ends_at_nothing(
    bench: Bench, eventually: Eventually
) -> None:
    going, begun = asyncio.Event(), asyncio.Event()

    async def handler(batch: Sequence[Received[Thing]]) -> None:
        begun.set()
        await going.wait()

    before = handled()
    await bench.publish(*(thing(f"k{n}", n) for n in range(30)))
    async with bench.consuming(handler, max_records=10):
        await asyncio.wait_for(begun.wait(), 20)
        await eventually(lambda: lag("records") == 30)
        await bench.publish(*(thing(f"k{n}", n) for n in range(30, 45)))
        await eventually(lambda: lag("records") == 45)
        held_s = lag("seconds")
        await eventually(lambda: lag("seconds") > held_s > 0)
        going.set()
        await eventually(lambda: lag("records") == 0)
        await eventually(lambda: lag("seconds") == 0)
        assert handled() - before == 45
    assert lag("records") == 0
