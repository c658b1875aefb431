"""A broker of our own that is stopped and killed: everybody comes back alone, and nothing is lost."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from omnifil_devstack.kafka_server import KafkaServer
from omnifil_devstack.ports import free_ports
from omnifil_messaging import (
    Backoff,
    KafkaEnvironment,
    KafkaSettings,
    Patience,
    Producer,
    Received,
    TopicTail,
    ensure_topics,
)
from omnifil_servicekit.errors import Transient
from omnifil_testkit.waiting import Eventually

from .conftest import NAME, Bench, Handled, Thing, thing, topic

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


@pytest_asyncio.fixture
async def broker(tmp_path: Path) -> AsyncIterator[KafkaServer]:
    port, controller_port = free_ports(2)
    server = await KafkaServer.start(tmp_path / "kafka", port=port, controller_port=controller_port)
    yield server
    await server.kill()


@pytest.mark.parametrize("end", ["kill", "stop"])
async def test_nothing_acknowledged_is_lost_when_the_broker_goes_and_comes_back(
    broker: KafkaServer, end: Literal["kill", "stop"], eventually: Eventually
) -> None:
    """A writer who repeats what was not acknowledged, a consumer and a tail, all through two restarts."""
    settings = KafkaSettings(broker.bootstrap, "t.", "test", KafkaEnvironment(delivery_timeout_s=2))
    await ensure_topics(settings, [topic()])
    acknowledged: list[tuple[str, int]] = []
    refused = 0
    stop = asyncio.Event()
    tailed: list[tuple[int, int]] = []
    tailed_things: set[tuple[str, int]] = set()

    async def write(producer: Producer) -> None:
        nonlocal refused
        n = 0
        while not stop.is_set():
            batch = [thing(key, n) for key in "abc"]
            try:
                await producer.publish_all(batch)
            except Transient:
                refused += 1
                continue
            acknowledged.extend((key, n) for key in "abc")
            n += 1
            await asyncio.sleep(0.01)

    async def tail() -> None:
        async for batch in TopicTail(settings, NAME, Thing).read("beginning", stop_tail):
            tailed.extend((each.partition, each.offset) for each in batch)
            tailed_things.update((each.record.key, each.record.n) for each in batch)

    stop_tail = asyncio.Event()
    handled = Handled()
    async with Producer(settings) as producer:
        bench = Bench(settings, producer)
        patience = Patience(session_timeout_s=6, backoff=Backoff(ceiling_s=1))
        async with bench.consuming(handled, patience=patience):
            writing, tailing = asyncio.create_task(write(producer)), asyncio.create_task(tail())
            for _ in range(2):
                seen = len(handled.things)
                await eventually(lambda seen=seen: len(handled.things) > seen + 100)  # type: ignore[misc]
                await getattr(broker, end)()
                before = refused
                # Away for longer than one publish waits, so that the writer sees it.
                await eventually(lambda before=before: refused > before)  # type: ignore[misc]
                await broker.restart()
            seen = len(handled.things)
            await eventually(lambda: len(handled.things) > seen + 100)
            stop.set()
            await writing
            await eventually(lambda: set(acknowledged) <= set(handled.things))
            await eventually(lambda: set(acknowledged) <= tailed_things)
            stop_tail.set()
            await tailing
    assert refused >= 2
    assert len(tailed) == len(set(tailed))
    for key in "abc":
        first_seen = list(dict.fromkeys(handled.of(key)))
        assert first_seen == sorted(first_seen)


async def test_a_consumer_that_is_started_before_the_broker_waits_for_it(
    tmp_path: Path, eventually: Eventually
) -> None:
    port, controller_port = free_ports(2)
    settings = KafkaSettings(f"127.0.0.1:{port}", "t.", "test")
    handled, beats = Handled(), 0

    def beat() -> None:
        nonlocal beats
        beats += 1

    async with Producer(settings) as producer:
        bench = Bench(settings, producer)
        async with bench.consuming(handled, patience=Patience(backoff=Backoff(ceiling_s=0.5)), beat=beat):
            await eventually(lambda: beats > 2)
            broker = await KafkaServer.start(tmp_path / "kafka", port=port, controller_port=controller_port)
            await ensure_topics(settings, [topic()])
            await bench.publish(thing("a", 1))
            await eventually(lambda: handled.of("a") == [1])
        await broker.kill()


async def test_a_stop_while_the_broker_is_away_ends_in_time(broker: KafkaServer, eventually: Eventually) -> None:
    settings = KafkaSettings(broker.bootstrap, "t.", "test", KafkaEnvironment(delivery_timeout_s=2))
    await ensure_topics(settings, [topic()])
    handled = Handled()
    loop = asyncio.get_running_loop()
    async with Producer(settings) as producer:
        bench = Bench(settings, producer)
        await bench.publish(thing("a", 1))
        async with bench.consuming(handled):
            await eventually(lambda: handled.of("a") == [1])
            await broker.kill()
            with pytest.raises(Transient):
                await bench.publish(thing("a", 2))
            asked = loop.time()
        assert loop.time() - asked < 12
    assert loop.time() - asked < 20


async def test_work_under_way_while_the_broker_is_away_is_committed_when_it_is_back(
    broker: KafkaServer, eventually: Eventually
) -> None:
    settings = KafkaSettings(broker.bootstrap, "t.", "test")
    await ensure_topics(settings, [topic()])
    entered, release, handled = asyncio.Event(), asyncio.Event(), Handled()

    async def handler(batch: Sequence[Received[Thing]]) -> None:
        entered.set()
        await release.wait()
        await handled(batch)

    async with Producer(settings) as producer:
        bench = Bench(settings, producer)
        await bench.publish(*(thing("a", n) for n in range(10)))
        async with bench.consuming(handler):
            await entered.wait()
            await broker.kill()
            release.set()
            await eventually(lambda: handled.of("a") == list(range(10)))
            await broker.restart()
            await bench.publish(thing("a", 10))
            await eventually(lambda: 10 in handled.of("a"))
        assert sum((await bench.committed()).values()) == 11
