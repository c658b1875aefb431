"""What the batch consumer promises, on the real broker."""

import asyncio
import json
from collections.abc import Sequence

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from omnifil_messaging import Backoff, BatchConsumer, Patience, PoisonRecords, Received, Turns, ensure_topics
from omnifil_servicekit.errors import Poison, Transient
from omnifil_testkit.waiting import Eventually

from .conftest import GROUP, NAME, Bench, Handled, Thing, thing, topic

pytestmark = pytest.mark.integration


async def test_every_record_arrives_once_and_in_the_order_of_its_key(bench: Bench, eventually: Eventually) -> None:
    await bench.publish(*(thing(f"k{n % 7}", n // 7) for n in range(700)))
    handled = Handled()
    async with bench.consuming(handled, max_records=50):
        await eventually(lambda: len(handled.things) >= 700)
    assert all(handled.of(f"k{k}") == list(range(100)) for k in range(7))


async def test_a_consumer_that_stopped_leaves_nothing_to_do_again(bench: Bench, eventually: Eventually) -> None:
    await bench.publish(*(thing("a", n) for n in range(20)))
    first, second = Handled(), Handled()
    async with bench.consuming(first):
        await eventually(lambda: len(first.things) == 20)
    assert sum((await bench.committed()).values()) == 20
    await bench.publish(thing("a", 20))
    async with bench.consuming(second):
        await eventually(lambda: second.of("a") == [20])


async def test_a_consumer_waits_for_a_topic_that_does_not_exist_yet(bench: Bench, eventually: Eventually) -> None:
    handled = Handled()
    async with bench.consuming(handled, topics=["later.v1"]):
        await ensure_topics(bench.settings, [topic("later.v1")])
        await bench.publish(thing("a", 1, to="later.v1"))
        await eventually(lambda: handled.of("a") == [1])


async def test_what_cannot_be_read_is_set_aside_with_its_cause_and_its_neighbours_go_through(
    bench: Bench, eventually: Eventually
) -> None:
    await bench.publish(thing("a", 1))
    await bench.put(b"\xff not json", headers={"x-odd": b"\xfe\x00"})
    await bench.publish(thing("a", 2))
    await bench.put(b'{"key": "a"}', key=None)
    await bench.put(None)
    await bench.publish(thing("a", 3))
    handled = Handled()
    async with bench.consuming(handled):
        await eventually(lambda: handled.of("a") == [1, 2, 3])
        await eventually(lambda: _has_letters(bench, 3))
    letters = {letter.headers["omnifil_dl_cause"]: letter for letter in await bench.dead_letters()}
    assert letters.keys() == {"NotJson", "InvalidRecord", "NoValue"}
    odd = letters["NotJson"]
    assert odd.record == b"\xff not json"
    assert (odd.key, odd.headers["omnifil_dl_topic"], odd.headers["omnifil_dl_group"]) == ("a", NAME, GROUP)
    assert odd.headers["omnifil_dl_offset"].isdecimal()
    assert "n: Field required" in letters["InvalidRecord"].headers["omnifil_dl_detail"]
    assert sum((await bench.committed()).values()) == 6


async def _has_letters(bench: Bench, count: int) -> bool:
    return len(await bench.dead_letters()) == count


async def test_poison_that_the_handler_names_and_poison_that_it_stumbles_over(
    bench: Bench, eventually: Eventually
) -> None:
    handled = Handled()

    async def handler(batch: Sequence[Received[Thing]]) -> None:
        if named := [(received, Poison("thirteen")) for received in batch if received.record.n == 13]:
            raise PoisonRecords(named)
        if any(received.record.n == 40 for received in batch):
            raise KeyError("forty")
        await handled(batch)

    await bench.publish(*(thing("a", n) for n in range(64)))
    async with bench.consuming(handler):
        await eventually(lambda: len(handled.things) == 62)
    assert handled.of("a") == [n for n in range(64) if n not in (13, 40)]
    letters = await bench.dead_letters()
    assert [(each.headers["omnifil_dl_cause"], json.loads(each.record)["n"]) for each in letters] == [
        ("Poison", 13),
        ("KeyError", 40),
    ]
    assert {each.headers["ce_id"] for each in letters} == {"a-13", "a-40"}
    assert sum((await bench.committed()).values()) == 64


async def test_while_a_dead_letter_is_refused_its_offset_is_not_committed(bench: Bench, eventually: Eventually) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bench.settings.bootstrap)
    await admin.start()
    name = bench.settings.prefixed(f"{NAME}.dead-letter")
    await admin.delete_topics([name])
    tiny = NewTopic(name, 1, 1, topic_configs={"max.message.bytes": "200"})
    await eventually(lambda: _created(admin, tiny))
    await bench.put(b"not json" * 100)
    await bench.publish(thing("a", 1))
    handled = Handled()
    patience = Patience(backoff=Backoff(ceiling_s=0.3))
    async with bench.consuming(handled, patience=patience):
        waited = asyncio.Event()
        asyncio.get_running_loop().call_later(3, waited.set)
        await waited.wait()
        assert await bench.dead_letters() == []
        assert handled.things == []
        assert sum((await bench.committed()).values()) == 0
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, {"max.message.bytes": "100000"})])
        await eventually(lambda: handled.of("a") == [1])
    assert len(await bench.dead_letters()) == 1
    assert sum((await bench.committed()).values()) == 2
    await admin.close()


async def _created(admin: AIOKafkaAdminClient, wanted: NewTopic) -> bool:
    """False while the deletion of its predecessor is still going on."""
    return bool((await admin.create_topics([wanted])).topic_errors[0][1] == 0)


async def test_what_is_away_is_waited_for_beyond_the_poll_interval_and_the_group_keeps_its_member(
    bench: Bench, eventually: Eventually
) -> None:
    """The other member of the group would get the partitions at once if the first one left."""
    handled, intruder = Handled(), Handled()
    assignments: list[str] = []
    loop = asyncio.get_running_loop()
    attempts: list[float] = []
    away_until = [float("inf")]

    async def handler(batch: Sequence[Received[Thing]]) -> None:
        attempts.append(loop.time())
        if loop.time() < away_until[0]:
            raise Transient("the database is away")
        await handled(batch)

    patience = Patience(max_poll_interval_s=1.5, session_timeout_s=6, backoff=Backoff(first_s=0.2, ceiling_s=1.0))
    async with (
        bench.consuming(handler, patience=patience, on_assigned=lambda: assignments.append("first")),
    ):
        await eventually(lambda: assignments == ["first"])
        await bench.publish(thing("a", 1))
        await eventually(lambda: len(attempts) > 0)
        away_until[0] = loop.time() + 6
        async with bench.consuming(intruder, on_assigned=lambda: assignments.append("second")):
            await eventually(lambda: "second" in assignments)
            before = list(assignments)
            await bench.publish(*(thing(key, 1) for key in "bcdefgh"))
            await eventually(lambda: len(handled.things) + len(intruder.things) == 8)
            # Joining is one rebalance; nobody has left since, four poll intervals long.
            assert assignments == before
    assert len(attempts) > 6
    assert sorted(handled.things + intruder.things) == [(key, 1) for key in "abcdefgh"]


async def test_a_handler_that_hangs_loses_its_partitions_to_another(bench: Bench, eventually: Eventually) -> None:
    """The poll interval still means something: it bounds one attempt."""
    entered, release, other = asyncio.Event(), asyncio.Event(), Handled()

    async def hanging(batch: Sequence[Received[Thing]]) -> None:
        entered.set()
        await release.wait()

    patience = Patience(max_poll_interval_s=1.5, session_timeout_s=6, handover_s=0.5)
    await bench.publish(thing("a", 1))
    async with bench.consuming(hanging, patience=patience):
        await entered.wait()
        async with bench.consuming(other):
            await eventually(lambda: other.of("a") == [1])
        release.set()


async def beside_a_light_channel() -> Turns:
    """By which every batch of more than ten is worked in parts of five."""
    turns = Turns(light_records=10, part_records=5, share=0.9, remembered_s=3600)
    async for _ in turns.parts("light", [1]):
        pass
    return turns


@pytest.mark.parametrize("in_parts", [False, True])
async def test_a_rebalance_in_the_middle_of_a_batch_loses_nothing_and_keeps_the_order(
    bench: Bench, eventually: Eventually, in_parts: bool
) -> None:
    """Consumers come and go while records flow; each batch takes a while, so every rebalance meets one under way."""
    turns = await beside_a_light_channel() if in_parts else Turns()
    log: list[tuple[str, int]] = []
    keys = [f"k{n}" for n in range(9)]

    async def slowly(batch: Sequence[Received[Thing]]) -> None:
        for received in batch:
            await asyncio.sleep(0.002)  # the work
            log.append((received.record.key, received.record.n))

    async def feed() -> None:
        for n in range(120):
            await bench.publish(*(thing(key, n) for key in keys))
            await asyncio.sleep(0.03)

    feeding = asyncio.create_task(feed())
    async with bench.consuming(slowly, max_records=100, turns=turns):
        for _ in range(3):
            seen = len(log)
            async with bench.consuming(slowly, max_records=100, turns=turns):
                await eventually(lambda seen=seen: len(log) > seen + 100)  # type: ignore[misc]
        await feeding
        await eventually(lambda: len(set(log)) == 120 * len(keys))
    for key in keys:
        numbers = [n for each, n in log if each == key]
        assert list(dict.fromkeys(numbers)) == list(range(120))
    # A hand-over finishes and commits what is under way, so nothing was done twice either; the rest is no poison.
    assert len(log) == len(set(log))
    assert await bench.dead_letters() == []


async def test_a_cancellation_that_escapes_a_handler_does_not_end_the_consumer(
    bench: Bench, eventually: Eventually
) -> None:
    """It would end FastStream's loop without a word."""
    handled = Handled()

    async def handler(batch: Sequence[Received[Thing]]) -> None:
        if any(received.record.n == 1 for received in batch):
            raise asyncio.CancelledError
        await handled(batch)

    async with bench.consuming(handler):
        await bench.publish(*(thing("a", n) for n in range(3)))
        await eventually(lambda: handled.of("a") == [0, 2])
    (letter,) = await bench.dead_letters()
    assert letter.headers["ce_id"] == "a-1"


async def test_an_exit_inside_a_handler_ends_the_consumer_loudly(bench: Bench) -> None:
    async def handler(batch: Sequence[Received[Thing]]) -> None:
        raise SystemExit(3)

    await bench.publish(thing("a", 1))
    consumer = BatchConsumer(
        bench.settings, topics=[NAME], group=GROUP, record_type=Thing, handler=handler, producer=bench.producer
    )
    with pytest.raises(RuntimeError, match="SystemExit"):
        await consumer.run(asyncio.Event())
    assert await bench.committed() == {}


async def test_a_stop_in_the_middle_of_a_batch_finishes_it(bench: Bench, eventually: Eventually) -> None:
    started, log = asyncio.Event(), Handled()

    async def slowly(batch: Sequence[Received[Thing]]) -> None:
        started.set()
        await asyncio.sleep(0.5)  # the work
        await log(batch)

    await bench.publish(*(thing("a", n) for n in range(5)))
    async with bench.consuming(slowly):
        await started.wait()
    assert len(log.things) == sum((await bench.committed()).values()) > 0


async def test_a_stop_does_not_wait_for_a_database_that_is_away(bench: Bench) -> None:
    waiting = asyncio.Event()

    async def away(batch: Sequence[Received[Thing]]) -> None:
        waiting.set()
        raise Transient("away")

    await bench.publish(thing("a", 1))
    patience = Patience(backoff=Backoff(first_s=60, ceiling_s=60))
    loop = asyncio.get_running_loop()
    async with bench.consuming(away, patience=patience):
        await waiting.wait()
        asked = loop.time()
    assert loop.time() - asked < 30
    assert await bench.committed() == {}
