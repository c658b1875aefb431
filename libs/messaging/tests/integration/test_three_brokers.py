"""A cluster as in production: one broker of three is killed, and nobody has to care."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient
from omnifil_devstack.ports import free_ports
from omnifil_devstack.server_process import ServerProcess
from omnifil_messaging import KafkaEnvironment, KafkaSettings, Producer, ensure_topics
from omnifil_servicekit.errors import Transient
from omnifil_testkit.waiting import Eventually

from .conftest import NAME, Bench, Handled, thing, topic
from .special_broker import special_broker

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

_PROPERTIES = """\
process.roles={roles}
node.id={node}
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
listeners={listeners}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={folder}/topics
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
offsets.topic.num.partitions=3
offsets.topic.replication.factor=3
transaction.state.log.num.partitions=3
transaction.state.log.replication.factor=3
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
"""


@dataclass
class Cluster:
    """Node 1 is the controller too and stays."""

    bootstrap: str
    brokers: dict[int, ServerProcess]


@pytest_asyncio.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    controller_port, *ports = free_ports(4)
    brokers: dict[int, ServerProcess] = {}
    async with AsyncExitStack() as running:
        for node, port in enumerate(ports, start=1):
            listeners = f"PLAINTEXT://127.0.0.1:{port}"
            properties = _PROPERTIES.format(
                roles="broker,controller" if node == 1 else "broker",
                node=node,
                controller_port=controller_port,
                listeners=f"{listeners},CONTROLLER://127.0.0.1:{controller_port}" if node == 1 else listeners,
                port=port,
                folder=tmp_path / str(node),
            )
            options = ["--standalone"] if node == 1 else []
            broker = special_broker(tmp_path / str(node), properties, port, format_options=options)
            brokers[node] = await running.enter_async_context(broker)
        yield Cluster(",".join(f"127.0.0.1:{port}" for port in ports), brokers)


async def test_the_death_of_a_leader_loses_nothing_and_stops_nobody(cluster: Cluster, eventually: Eventually) -> None:
    settings = KafkaSettings(cluster.bootstrap, "t.", "test", KafkaEnvironment(replication=3, delivery_timeout_s=20))
    await eventually(lambda: _made(settings))
    acknowledged: list[tuple[str, int]] = []
    keys = "abcdefgh"
    stop = asyncio.Event()

    async def write(producer: Producer) -> None:
        n = 0
        while not stop.is_set():
            await producer.publish_all([thing(key, n) for key in keys])  # one that fails fails the test
            acknowledged.extend((key, n) for key in keys)
            n += 1
            await asyncio.sleep(0.02)

    handled = Handled()
    async with Producer(settings) as producer:
        bench = Bench(settings, producer)
        async with bench.consuming(handled):
            writing = asyncio.create_task(write(producer))
            await eventually(lambda: len(handled.things) > 200)
            await cluster.brokers[await _a_leader(settings)].kill()
            seen = len(handled.things)
            await eventually(lambda: len(handled.things) > seen + 1000)
            stop.set()
            await writing
            await eventually(lambda: set(acknowledged) <= set(handled.things))
    for key in keys:
        first_seen = list(dict.fromkeys(handled.of(key)))
        assert first_seen == sorted(first_seen)


async def _made(settings: KafkaSettings) -> bool:
    """False while not all brokers have joined."""
    try:
        await ensure_topics(settings, [topic()])
    except Transient:
        return False
    return True


async def _a_leader(settings: KafkaSettings) -> int:
    """A node, not the controller, that leads a partition of the topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()
    (described,) = await admin.describe_topics([settings.prefixed(NAME)])
    await admin.close()
    assert all(len(partition["replicas"]) == 3 for partition in described["partitions"])
    return next(int(each["leader"]) for each in described["partitions"] if each["leader"] != 1)
