"""The service on the real Kafka and MongoDB, wired by its own bootstrap or as processes that can be killed."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
from case_service.bootstrap import bootstrap
from case_service.settings import Settings
from omnifil_contracts.dossier import DossierEvent
from omnifil_contracts.message import IdentifiedMessage
from omnifil_contracts.topics import DOSSIER_EVENTS, IDENTIFIED
from omnifil_devstack.ports import free_ports
from omnifil_messaging import KafkaSettings, Outgoing, Producer, TopicTail
from omnifil_testkit.builders import NOON
from omnifil_testkit.replicas import replica

TOKEN = "internal-secret"

Running = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
Publish = Callable[[Sequence[IdentifiedMessage]], Awaitable[None]]
EventsSeen = Callable[[], Awaitable[list[DossierEvent]]]


@asynccontextmanager
async def running_in(settings: Settings, *roles: str) -> AsyncIterator[httpx.AsyncClient]:
    """One replica of these roles, until the block ends; the client asks its API as the agent `amelie`."""
    async with (
        replica(bootstrap(settings, frozenset(roles))) as parts,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(parts.app),
            base_url="http://case",
            headers={"Authorization": f"Bearer {TOKEN}", "X-Omnifil-Agent": "amelie"},
        ) as client,
    ):
        yield client


async def publish_all(producer: Producer, batch: Sequence[IdentifiedMessage]) -> None:
    await producer.publish_all(
        [
            Outgoing(
                IDENTIFIED.of(each.message.channel),
                each.customer_id,
                each,
                each.message.message_id,
                "/test",
                None,
                NOON,
            )
            for each in batch
        ]
    )


async def all_events(kafka_settings: KafkaSettings) -> list[DossierEvent]:
    """All of dossier.events.v1 up to now, in the order of its partitions."""
    tail = TopicTail(kafka_settings, DOSSIER_EVENTS.name, DossierEvent)
    left = sum((await tail.end_offsets()).values())
    seen: list[DossierEvent] = []
    stop = asyncio.Event()
    if not left:
        return seen
    async for batch in tail.read("beginning", stop):
        seen += [received.record for received in batch]
        if len(seen) >= left:
            stop.set()
    return seen


class Replica:
    """The service in a process of its own, that can be killed."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.port = port

    async def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 30)

    async def is_ready(self) -> None:
        async with httpx.AsyncClient() as client:
            try:
                answer = await client.get(f"http://127.0.0.1:{self.port}/health/ready")
            except httpx.TransportError as error:
                raise AssertionError(str(error)) from error
            assert answer.status_code == 200, answer.text


StartReplica = Callable[..., Awaitable[Replica]]


async def start_replica(settings: Settings, *roles: str) -> Replica:
    port = free_ports(1)[0]
    environment = {
        "OMNIFIL_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "OMNIFIL_TOPIC_PREFIX": settings.topic_prefix,
        "OMNIFIL_MONGO_URI": settings.mongo_uri,
        "OMNIFIL_MONGO_PREFIX": settings.mongo_prefix,
        "OMNIFIL_HTTP_PORT": str(port),
        "OMNIFIL_INTERNAL_TOKEN": TOKEN,
        "OMNIFIL_CASE_REFERENCE_KEYS": '["key"]',
        "OMNIFIL_CASE_DISCOVERY_INTERVAL_S": "0.2",
        "OMNIFIL_CASE_LEASE_S": "3",
        "OMNIFIL_CASE_BATCH_RECORDS": "20",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "case_service.main", *roles, env=os.environ | environment
    )
    return Replica(process, port)
