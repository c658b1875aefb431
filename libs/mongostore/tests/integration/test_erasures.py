"""Erasures under way: each step is somebody's, repeated until it is done, and nothing of the person outlives it."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from omnifil_mongostore import Mongo
from omnifil_mongostore.erasures import STEPS, Erasures, ErasureWork, NotYet, Order
from omnifil_servicekit.errors import Transient
from omnifil_testkit.waiting import eventually_

pytestmark = pytest.mark.integration


def an_order(erasure_id: str = "erasure-1", step: str = "identities") -> Order:
    return Order(
        erasure_id=erasure_id,
        customer_id="c1",
        customer_ids=("c1", "c0"),
        step=step,
        reason="request",
        requested_by={"kind": "agent", "id": "amelie"},
        requested_at=datetime(2026, 3, 2, tzinfo=UTC),
    )


@pytest.fixture
async def erasures(mongo: Mongo) -> Erasures:
    found = Erasures(mongo)
    await found.prepare()
    return found


async def nothing(order: Order) -> Mapping[str, int]:
    return {}


async def test_the_same_command_again_is_the_same_erasure(erasures: Erasures) -> None:
    await erasures.place(an_order())
    await erasures.learn(an_order(), identities=["email:a@x.example"])
    again = await erasures.place(an_order())
    assert again.person.identities == ("email:a@x.example",)
    assert again.person.values("email") == ("a@x.example",)


async def test_a_step_is_one_workers_at_a_time_and_anothers_when_it_is_given_back(erasures: Erasures) -> None:
    await erasures.place(an_order())
    taken = await erasures.take("identities", "worker")
    assert taken is not None
    assert await erasures.take("identities", "worker") is None
    await erasures.release(taken, "worker", ["kafka"])
    assert (await erasures.get("erasure-1") or taken).waits_for == ("kafka",)
    assert await erasures.take("identities", "worker") is not None


async def test_it_goes_through_all_steps_and_forgets_the_person_with_the_last(erasures: Erasures) -> None:
    order = await erasures.place(an_order())
    await erasures.learn(order, identities=["email:a@x.example"], blobs=["f" * 64])
    steps = {step: nothing for step in STEPS[:-1] if step != "copies"}
    await erasures.join("channel")
    stop = asyncio.Event()
    working = [
        asyncio.create_task(ErasureWork(erasures, "owner", steps, gathers=True).run(stop)),
        asyncio.create_task(ErasureWork(erasures, "channel", {"copies": nothing}).run(stop)),
    ]

    async def done() -> None:
        found = await erasures.get("erasure-1")
        assert found is not None
        assert found.step == "done"
        assert found.person.identities == ()
        assert found.finished_at is not None

    await eventually_(done, 30)
    stop.set()
    await asyncio.gather(*working)


async def test_copies_wait_for_everybody_who_ever_kept_something(erasures: Erasures) -> None:
    await erasures.place(an_order(step="copies"))
    await erasures.join("chat")
    await erasures.join("email")
    stop = asyncio.Event()
    working = [
        asyncio.create_task(ErasureWork(erasures, "owner", {}, gathers=True).run(stop)),
        asyncio.create_task(ErasureWork(erasures, "chat", {"copies": nothing}).run(stop)),
    ]

    async def waits() -> None:
        found = await erasures.get("erasure-1")
        assert found is not None
        assert (found.step, found.left, found.waits_for) == ("copies", ("chat",), ("email",))

    await eventually_(waits, 30)
    working.append(asyncio.create_task(ErasureWork(erasures, "email", {"copies": nothing}).run(stop)))

    async def goes_on() -> None:
        found = await erasures.get("erasure-1")
        assert found is not None
        assert found.step == "topics"

    await eventually_(goes_on, 30)
    stop.set()
    await asyncio.gather(*working)


@pytest.mark.parametrize("failure", [Transient("away"), NotYet("group"), ValueError("a fault of ours")])
async def test_what_cannot_be_done_now_is_tried_again_and_stops_nothing(erasures: Erasures, failure: Exception) -> None:
    await erasures.place(an_order())
    failed: list[str] = []

    async def work(order: Order) -> Mapping[str, int]:
        if len(failed) < 2:
            failed.append(order.step)
            raise failure
        return {"identities": 3}

    stop = asyncio.Event()
    working = asyncio.create_task(ErasureWork(erasures, "owner", {"identities": work}).run(stop))

    async def done() -> None:
        found = await erasures.get("erasure-1")
        assert found is not None
        assert (found.step, found.counts) == ("drain", {"identities": 3})

    await eventually_(done, 30)
    stop.set()
    await working
    assert failed == ["identities", "identities"]
