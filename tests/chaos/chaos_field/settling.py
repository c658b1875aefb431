"""Whether the suite is whole again."""

import asyncio
from typing import Any

import httpx
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from omnifil_devstack.ports import HOST
from omnifil_devstack.stack_plan import StackPlan
from omnifil_testkit.waiting import eventually_ as eventually
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from chaos_field.processes import is_stopped, present_stack

_SERVING = ("PRIMARY", "SECONDARY")


async def settled(plan: StackPlan, timeout_s: float) -> None:
    """Wait until nothing is missing. Raises `AssertionError` with what is."""
    async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
        await eventually(lambda: _all_awake(plan), timeout_s)
        await eventually(lambda: _all_ready(http, plan), timeout_s)
        await eventually(lambda: _every_copy(plan), timeout_s)
        await eventually(lambda: _whole_replica_set(plan), timeout_s)


def _all_awake(plan: StackPlan) -> None:
    processes = present_stack().processes
    missing = {*plan.servers(), *(service.name for service in plan.services)} - processes.keys()
    assert not missing, f"Ended: {sorted(missing)}"
    ended = [name for name, process in processes.items() if process.alive() is None]
    assert not ended, f"Not running: {ended}"
    stopped = [name for name, process in processes.items() if is_stopped(process)]
    assert not stopped, f"Frozen: {stopped}"


async def _all_ready(http: httpx.AsyncClient, plan: StackPlan) -> None:
    urls = {service.name: f"{service.url}/health/ready" for service in plan.services}
    urls["greenmail"] = f"http://{HOST}:{plan.ports['greenmail-api']}/api/service/readiness"
    told = await asyncio.gather(*(_told(http, url) for url in urls.values()))
    waiting = {name: said for name, said in zip(urls, told, strict=True) if said}
    assert not waiting, f"Not ready: {waiting}"


async def _told(http: httpx.AsyncClient, url: str) -> str:
    """Nothing when it is ready, otherwise what it says."""
    try:
        answer = await http.get(url)
    except httpx.TransportError as error:
        return type(error).__name__
    return "" if answer.is_success else answer.text[:300]


async def _every_copy(plan: StackPlan) -> None:
    """Each partition has a leader and all its replicas in sync."""
    ports = [plan.ports[name] for name in plan.ports.topology.broker_names()]
    admin = AIOKafkaAdminClient(bootstrap_servers=[f"{HOST}:{port}" for port in ports], request_timeout_ms=5_000)
    try:
        await admin.start()
        described = await admin.describe_topics()
    except (KafkaError, OSError, TimeoutError) as error:
        raise AssertionError(f"Kafka does not answer: {error!r}") from error
    finally:
        await admin.close()
    behind = [
        f"{topic['topic']}/{each['partition']}"
        for topic in described
        for each in topic["partitions"]
        if each["leader"] < 0 or len(each["isr"]) < len(each["replicas"])
    ]
    assert not behind, f"Partitions with replicas out of sync: {behind[:10]}"


async def _whole_replica_set(plan: StackPlan) -> None:
    port = plan.ports[plan.ports.topology.mongod_names()[0]]
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        HOST, port, directConnection=True, serverSelectionTimeoutMS=2_000
    )
    async with client:
        try:
            status = await client.admin.command("replSetGetStatus")
        except PyMongoError as error:
            raise AssertionError(f"MongoDB does not answer: {error!r}") from error
    states = {member["name"]: member["stateStr"] for member in status["members"]}
    assert all(state in _SERVING for state in states.values()), f"Members of the replica set: {states}"
    assert "PRIMARY" in states.values(), f"No primary: {states}"
