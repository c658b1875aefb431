"""The suite as a cluster: three brokers, a replica set of three, two of every role; what only a cluster survives."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from chaos_field.cluster_faults import BrokerLeader, CutOff, FailOver, How, leader_of, primary_of
from chaos_field.fault import striking
from chaos_field.field import Field, Shape
from chaos_field.place import free_base
from chaos_field.process_faults import Freeze
from chaos_field.processes import is_stopped, present
from omnifil_mongostore import connect
from omnifil_servicekit.errors import Transient
from omnifil_testkit.waiting import eventually_ as eventually
from pymongo.errors import PyMongoError

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.chaos,
    pytest.mark.cluster,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(420),
]

_LONG_S = 600.0
_AGAIN_WITHIN_S = 90
_TOPIC = "identified.chat.v1"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def field(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Field]:
    async with Field.raised(Shape.CLUSTER, tmp_path_factory.mktemp("field"), free_base()) as field:
        yield field


async def test_every_record_is_on_three_brokers_and_two_must_have_it(field: Field) -> None:
    await field.settled(_AGAIN_WITHIN_S)
    described = (await _described(field))["partitions"]
    assert all(len(partition["replicas"]) == len(partition["isr"]) == 3 for partition in described)
    async with _admin(field) as admin:
        resource = ConfigResource(ConfigResourceType.TOPIC, _TOPIC)
        [response] = await admin.describe_configs([resource])
    config = {entry[0]: entry[1] for entry in response.resources[0][4]}
    assert config["min.insync.replicas"] == "2"
    assert config["unclean.leader.election.enable"] == "false"


@pytest.mark.parametrize("how", ["step-down", "kill", "freeze", "cut-off"])
async def test_another_member_is_elected_and_takes_what_is_written(field: Field, how: How) -> None:
    before = await primary_of(field.plan.ports)
    fault = FailOver(field.plan.ports, field.doors, how, _LONG_S)
    async with striking(fault):
        await eventually(lambda: _another_leads(field, before), 60)
        # as the services write, by the proxies; a secondary that followed a frozen primary takes its time to leave it
        await eventually(lambda: _is_written(field, how), 90)
    await field.settled(_AGAIN_WITHIN_S)
    assert before in fault.target


async def test_a_broker_that_led_is_killed_and_another_leads(field: Field) -> None:
    before = await leader_of(field.plan.ports, _TOPIC, 0)
    killed = present(before)
    fault = BrokerLeader(field.plan.ports, _TOPIC, 0)
    await fault.strike()
    await eventually(lambda: _another_broker_leads(field, before), 60)
    await fault.heal()
    assert present(before) != killed
    await field.settled(_AGAIN_WITHIN_S)


async def test_a_broker_that_its_followers_do_not_hear_acknowledges_nothing(field: Field) -> None:
    cut_off = await leader_of(field.plan.ports, _TOPIC, 1)
    names = field.plan.ports.topology.broker_names()
    fault = CutOff(cut_off, "kafka", names, field.doors, 0, clients=False)
    async with AIOKafkaProducer(bootstrap_servers=field.stack.kafka.split(","), acks="all") as producer:
        await producer.partitions_for(_TOPIC)
        try:
            await fault.strike()  # holds until it is healed
            sent = await producer.send(_TOPIC, b"not an event", partition=1)
            done, _ = await asyncio.wait({sent}, timeout=3)
            assert not done, "acknowledged by one broker alone"
        finally:
            await fault.heal()
        async with asyncio.timeout(_AGAIN_WITHIN_S):
            await sent
    await field.settled(_AGAIN_WITHIN_S)


async def test_while_one_gateway_sleeps_the_other_serves(field: Field) -> None:
    async with (
        httpx.AsyncClient(timeout=5, trust_env=False) as http,
        striking(Freeze("agent-gateway-1", "agent-gateway-1", _LONG_S)),
    ):
        await eventually(lambda: is_stopped(present("agent-gateway-1")))
        assert (await http.get(f"{field.gateways[1]}/health/ready")).is_success
        with pytest.raises(httpx.ReadTimeout):
            await http.get(f"{field.gateways[0]}/health/ready", timeout=1)
    await field.settled(_AGAIN_WITHIN_S)


async def _another_leads(field: Field, before: str) -> None:
    assert await primary_of(field.plan.ports) != before


async def _another_broker_leads(field: Field, before: str) -> None:
    assert await leader_of(field.plan.ports, _TOPIC, 0) != before


async def _is_written(field: Field, what: str) -> None:
    try:
        async with connect(field.stack.mongo_uri, prefix="probe") as mongo:
            await mongo.database("probe")["probe"].insert_one({"written": what})
    except (PyMongoError, Transient) as error:
        raise AssertionError(f"Not written: {error!r}") from error


@asynccontextmanager
async def _admin(field: Field) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=field.stack.kafka.split(","))
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def _described(field: Field) -> dict[str, Any]:
    async with _admin(field) as admin:
        [described] = await admin.describe_topics([_TOPIC])
    topic: dict[str, Any] = described
    return topic
