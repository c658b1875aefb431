"""A flood on one channel, and what the others notice of it in the same process."""

import asyncio
from collections.abc import AsyncIterable, Sequence

import pytest
from omnifil_messaging import Turns

FLOOD = list(range(500))


class Clock:
    """Stands still but when somebody sets it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def turns(clock: Clock) -> Turns:
    return Turns(light_records=100, part_records=50, share=0.5, remembered_s=5, clock=clock)


async def worked(parts: AsyncIterable[Sequence[int]]) -> list[Sequence[int]]:
    return [part async for part in parts]


async def test_alone_a_flood_is_worked_whole(turns: Turns) -> None:
    assert await worked(turns.parts("social", FLOOD)) == [FLOOD]


async def test_beside_others_a_flood_is_worked_in_parts_and_in_order(turns: Turns) -> None:
    await worked(turns.parts("email", [1, 2]))
    parts = await worked(turns.parts("social", FLOOD))
    assert [len(part) for part in parts] == [50] * 10
    assert [each for part in parts for each in part] == FLOOD


async def test_who_was_quiet_for_long_is_not_waited_for(turns: Turns, clock: Clock) -> None:
    await worked(turns.parts("email", [1, 2]))
    clock.now = 5.1
    assert await worked(turns.parts("social", FLOOD)) == [FLOOD]


async def test_two_floods_do_not_slow_each_other(turns: Turns) -> None:
    await worked(turns.parts("email", [1]))
    assert await worked(turns.parts("email", FLOOD)) == [FLOOD]
    assert await worked(turns.parts("social", FLOOD)) == [FLOOD]


async def test_a_part_of_a_flood_waits_until_the_light_batch_is_done(turns: Turns) -> None:
    light, order = turns.parts("email", [1]), []
    await anext(light)

    async def flood() -> None:
        async for part in turns.parts("social", FLOOD):
            order.append(len(part))

    flooding = asyncio.create_task(flood())
    for _ in range(10):  # as often as it may run
        await asyncio.sleep(0)
    assert order == []
    with pytest.raises(StopAsyncIteration):
        await anext(light)
    await flooding
    assert order == [50] * 10


async def test_a_light_batch_that_hangs_does_not_stop_a_flood_for_good(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("omnifil_messaging.turns._LONGEST_WAIT_S", 0.001)
    light = turns.parts("email", [1])
    await anext(light)
    assert len(await worked(turns.parts("social", FLOOD))) == 10
    await light.aclose()


async def test_a_light_batch_that_fails_is_not_waited_for(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omnifil_messaging.turns._LONGEST_WAIT_S", 60)
    light = turns.parts("email", [1])
    await anext(light)
    await light.aclose()
    async with asyncio.timeout(30):
        await worked(turns.parts("social", FLOOD))


async def test_a_flood_rests_for_as_long_as_leaves_it_its_share(
    turns: Turns, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []
    real_sleep = asyncio.sleep

    async def sleep(seconds: float) -> None:
        rests.append(seconds)
        await real_sleep(0)

    await worked(turns.parts("email", [1]))
    monkeypatch.setattr("omnifil_messaging.turns.asyncio.sleep", sleep)
    async for _ in turns.parts("social", FLOOD[:150]):
        clock.now += 0.02
    assert rests == pytest.approx([0.02] * 3)
