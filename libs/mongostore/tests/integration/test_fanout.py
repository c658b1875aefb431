import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest
from omnifil_mongostore import Change, ChangeTail, Fanout, Mongo, Overrun
from omnifil_testkit.waiting import Eventually

pytestmark = pytest.mark.integration


def conversation_of(change: Change) -> Iterable[str]:
    return [change.document["conversation"]] if change.document else []


class Running:
    def __init__(self, mongo: Mongo, capacity: int = 1000) -> None:
        self.things = mongo.database("x")["things"]
        self.beats = 0
        self.stop = asyncio.Event()
        tail = ChangeTail(mongo.database("x"), "things", max_await_ms=50)
        self.fanout = Fanout(tail, conversation_of, capacity=capacity, beat=self._beat)
        self.task = asyncio.create_task(self.fanout.run(self.stop))

    def _beat(self) -> None:
        self.beats += 1

    async def say(self, conversation: str, *numbers: int) -> None:
        await self.things.insert_many([{"conversation": conversation, "n": number} for number in numbers])


@pytest.fixture
async def running(mongo: Mongo) -> AsyncIterator[Running]:
    running = Running(mongo, capacity=5)
    yield running
    running.stop.set()
    await running.task


def number(change: Change) -> int:
    assert change.document is not None
    return int(change.document["n"])


async def test_each_subscriber_gets_all_changes_of_its_key_and_no_others(running: Running) -> None:
    async with (
        running.fanout.subscribe("a") as first,
        running.fanout.subscribe("a") as second,
        running.fanout.subscribe("b") as other,
    ):
        await running.say("a", 1, 2)
        await running.say("b", 3)
        await running.say("a", 4)
        for subscription in (first, second):
            assert [number(await anext(subscription)) for _ in range(3)] == [1, 2, 4]
        assert number(await anext(other)) == 3


async def test_a_subscription_misses_nothing_written_after_it_began(running: Running) -> None:
    async with running.fanout.subscribe("a") as subscription:  # waits for the stream to be open
        await running.say("a", 1)
        async with asyncio.timeout(5):
            assert number(await anext(subscription)) == 1


async def test_a_slow_subscriber_is_told_and_the_others_notice_nothing(running: Running) -> None:
    seen: list[int] = []

    async with running.fanout.subscribe("a") as slow, running.fanout.subscribe("a") as quick:
        for first in (1, 4):
            await running.say("a", *range(first, first + 3))
            seen += [number(await anext(quick)) for _ in range(3)]
        with pytest.raises(Overrun):
            await anext(slow)
    assert seen == [1, 2, 3, 4, 5, 6]


async def test_subscriptions_end_when_the_process_stops(running: Running) -> None:
    async with running.fanout.subscribe("a") as subscription:
        await running.say("a", 1)
        assert number(await anext(subscription)) == 1
        running.stop.set()
        async with asyncio.timeout(5):
            assert [change async for change in subscription] == []


async def test_it_beats_also_when_nothing_happens(running: Running, eventually: Eventually) -> None:
    await eventually(lambda: running.beats > 3)


async def test_who_left_leaves_nothing_behind(running: Running) -> None:
    async with running.fanout.subscribe("a"):
        pass
    assert running.fanout._subscriptions == {}
