"""The service on the real Kafka and MongoDB, wired by its own bootstrap."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest
from case_service.adapters.documents import DATABASE, INDEXES
from case_service.adapters.mongo_dossiers import MongoDossiers
from case_service.adapters.mongo_timeline import MongoTimeline
from case_service.bootstrap import bootstrap
from case_service.settings import Settings
from omnifil_contracts.dossier import DossierEvent
from omnifil_contracts.message import IdentifiedMessage
from omnifil_contracts.topics import DOSSIER_EVENTS, IDENTIFIED
from omnifil_messaging import KafkaSettings, Outgoing, Producer, TopicTail, ensure_topics
from omnifil_mongostore import Mongo, ensure_indexes
from omnifil_testkit.builders import NOON

TOKEN = "internal-secret"

Running = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
Publish = Callable[[Sequence[IdentifiedMessage]], Awaitable[None]]
EventsSeen = Callable[[], Awaitable[list[DossierEvent]]]


@pytest.fixture
def settings(kafka_settings: KafkaSettings, mongo: Mongo, mongod: Any) -> Settings:
    return Settings(
        kafka_bootstrap=kafka_settings.bootstrap,
        topic_prefix=kafka_settings.topic_prefix,
        mongo_uri=mongod.uri,
        mongo_prefix=mongo.prefix,
        http_port=0,
        internal_token=TOKEN,
        case_reference_keys=["key"],
        case_discovery_interval_s=0.2,
        case_lease_s=3,
    )


@pytest.fixture
async def timeline(mongo: Mongo) -> MongoTimeline:
    await ensure_indexes(mongo.database(DATABASE), INDEXES)
    return MongoTimeline(mongo)


@pytest.fixture
async def dossiers(mongo: Mongo, timeline: MongoTimeline) -> MongoDossiers:
    return MongoDossiers(mongo)


@pytest.fixture
def running(settings: Settings) -> Running:
    """`async with running("consume", "relay", "api") as client`: one replica, until the block ends."""

    @asynccontextmanager
    async def run(*roles: str) -> AsyncIterator[httpx.AsyncClient]:
        parts = bootstrap(settings, frozenset(roles))
        stop = asyncio.Event()
        assert parts.resources is not None
        async with parts.resources:
            loops = [asyncio.create_task(loop(stop)) for loop in parts.loops.values()]
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(parts.app),
                base_url="http://case",
                headers={"Authorization": f"Bearer {TOKEN}", "X-Omnifil-Agent": "amelie"},
            ) as client:
                try:
                    yield client
                finally:
                    stop.set()
                    await asyncio.gather(*loops)

    return run


@pytest.fixture
async def publish(kafka_settings: KafkaSettings) -> AsyncIterator[Publish]:
    async with Producer(kafka_settings) as producer:
        await ensure_topics(kafka_settings, [IDENTIFIED, DOSSIER_EVENTS])

        async def send(batch: Sequence[IdentifiedMessage]) -> None:
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

        yield send


@pytest.fixture
def events_seen(kafka_settings: KafkaSettings) -> EventsSeen:
    """All of dossier.events.v1 up to now, in the order of its partitions."""

    async def read() -> list[DossierEvent]:
        tail = TopicTail(kafka_settings, DOSSIER_EVENTS.name, DossierEvent)
        ends = await tail.end_offsets()
        left = sum(ends.values())
        seen: list[DossierEvent] = []
        stop = asyncio.Event()
        if not left:
            return seen
        async for batch in tail.read("beginning", stop):
            seen += [received.record for received in batch]
            if len(seen) >= left:
                stop.set()
        return seen

    return read


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


@pytest.fixture
async def replica(settings: Settings) -> AsyncIterator[Callable[..., Awaitable[Replica]]]:
    """`await replica("consume", "relay")` starts a process."""
    started: list[Replica] = []

    async def start(*roles: str) -> Replica:
        port = _free_port()
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
        started.append(Replica(process, port))
        return started[-1]

    yield start
    for each in started:
        if each.process.returncode is None:
            await each.kill()


def _free_port() -> int:
    from omnifil_devstack.ports import free_ports

    return free_ports(1)[0]
