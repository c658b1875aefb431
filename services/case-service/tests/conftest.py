"""Fixtures of all tests of this service."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import httpx
import pytest
from case_service.adapters.documents import DATABASE, INDEXES
from case_service.adapters.mongo_dossiers import MongoDossiers
from case_service.adapters.mongo_timeline import MongoTimeline
from case_service.settings import Settings
from omnifil_contracts.dossier import DossierEvent
from omnifil_contracts.message import IdentifiedMessage
from omnifil_contracts.topics import DOSSIER_EVENTS, IDENTIFIED
from omnifil_messaging import KafkaSettings, Producer, ensure_topics
from omnifil_mongostore import Mongo, ensure_indexes
from omnifil_testkit.servers import Mongod
from pydantic import SecretStr

# Test files are imported one by one, without a package to share things in: this gives them one, of a name of its own.
sys.path.insert(0, str(Path(__file__).parent))

from case_scenes.shop import Shop
from case_scenes.town import (
    TOKEN,
    EventsSeen,
    Publish,
    Replica,
    Running,
    StartReplica,
    all_events,
    publish_all,
    running_in,
    start_replica,
)


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def settings(kafka_settings: KafkaSettings, mongo: Mongo, mongod: Mongod) -> Settings:
    return Settings(
        kafka_bootstrap=kafka_settings.bootstrap,
        topic_prefix=kafka_settings.topic_prefix,
        mongo_uri=mongod.uri,
        mongo_prefix=mongo.prefix,
        http_port=0,
        internal_token=SecretStr(TOKEN),
        case_reference_keys=(SecretStr("key"),),
        case_discovery_interval_s=0.2,
        case_lease_s=3,
    )


@pytest.fixture
async def mongo_timeline(mongo: Mongo) -> MongoTimeline:
    await ensure_indexes(mongo.database(DATABASE), INDEXES)
    return MongoTimeline(mongo)


@pytest.fixture
async def mongo_dossiers(mongo: Mongo, mongo_timeline: MongoTimeline) -> MongoDossiers:
    return MongoDossiers(mongo)


@pytest.fixture
def running(settings: Settings) -> Running:
    """`async with running("consume", "relay", "api") as client`: one replica, until the block ends."""

    def run(*roles: str) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        return running_in(settings, *roles)

    return run


@pytest.fixture
async def publish(kafka_settings: KafkaSettings) -> AsyncIterator[Publish]:
    async with Producer(kafka_settings) as producer:
        await ensure_topics(kafka_settings, [IDENTIFIED, DOSSIER_EVENTS])

        async def send(batch: Sequence[IdentifiedMessage]) -> None:
            await publish_all(producer, batch)

        yield send


@pytest.fixture
def events_seen(kafka_settings: KafkaSettings) -> EventsSeen:
    async def read() -> list[DossierEvent]:
        return await all_events(kafka_settings)

    return read


@pytest.fixture
async def replica(settings: Settings) -> AsyncIterator[StartReplica]:
    """`await replica("consume", "relay")` starts a process, which is killed at the end unless it has ended."""
    started: list[Replica] = []

    async def start(*roles: str) -> Replica:
        started.append(await start_replica(settings, *roles))
        return started[-1]

    yield start
    for each in started:
        if each.process.returncode is None:
            await each.kill()
