"""The whole service, wired."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

from fastapi import FastAPI
from omnifil_contracts.topics import CUSTOMER_EVENTS, DELIVERY_EVENTS, DOSSIER_EVENTS, IDENTIFIED, OUTBOUND
from omnifil_messaging import KafkaSettings, Producer, ensure_topics
from omnifil_mongostore import BlobStore, Mongo, connect, ensure_indexes
from omnifil_mongostore.erasures import Erasures, ErasureWork
from omnifil_servicekit.health import Health
from omnifil_servicekit.patience import patiently
from omnifil_servicekit.process import Loop, Parts
from omnifil_servicekit.web import OWN_TELEMETRY

from case_service.adapters.documents import DATABASE, INDEXES
from case_service.adapters.kafka_publications import KafkaPublications
from case_service.adapters.mongo_dossiers import MongoDossiers
from case_service.adapters.mongo_originals import MongoOriginals
from case_service.adapters.mongo_timeline import MongoTimeline
from case_service.domain.tokens import Minting
from case_service.entrypoints import api
from case_service.entrypoints.consume import NAME, Consume
from case_service.entrypoints.erasing import Parts as ErasingParts
from case_service.entrypoints.erasing import router as erasing_router
from case_service.entrypoints.pace import Pace
from case_service.entrypoints.relay import Relay
from case_service.entrypoints.waits import WaitsWatch
from case_service.handlers import Commands, Customers, Deliveries, Messages
from case_service.handlers.erasing import Erasing
from case_service.handlers.journey import JourneyReading
from case_service.handlers.reading import Reading
from case_service.handlers.relaying import Relaying
from case_service.settings import Settings

ROLES = {
    "consume": "Decide which dossier: identified.<channel>.v1, delivery.events.v1 and customer.events.v1 to timelines.",
    "relay": "Publish and project the timelines: dossier.events.v1, outbound.<channel>.v1 and the dossiers.",
    "api": "Answer the gateway about dossiers, and take agents' commands.",
}


def utc_now() -> datetime:
    return datetime.now(UTC)


def bootstrap(
    settings: Settings,
    roles: frozenset[str],
    *,
    mongo: Mongo | None = None,
    producer: Producer | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Parts:
    """The parts of these roles. Everything that touches the outside can be passed in."""
    kafka = KafkaSettings.of(settings, client_id=NAME)
    mongo = mongo or connect(settings.mongo_uri, prefix=settings.mongo_prefix, app_name=NAME)
    producer = producer or Producer(kafka)
    policy = settings.policy()
    minting = Minting(tuple(key.get_secret_value().encode() for key in settings.case_reference_keys))
    timeline = MongoTimeline(mongo, patterns=policy.patterns)
    dossiers = MongoDossiers(mongo)
    health = Health()
    health.check("mongodb", mongo.ping)
    if roles & {"consume", "relay"}:
        health.check("kafka", producer.ping)
    originals = MongoOriginals(mongo)
    erasing = Erasing(timeline, originals, dossiers, policy.patterns, clock)
    loops: dict[str, Loop] = {}
    if "consume" in roles:
        consume = Consume(
            kafka,
            producer,
            Messages(timeline, policy, minting, clock),
            Deliveries(timeline, policy, clock),
            Customers(timeline, policy, clock),
            Pace(mongo),
            channels=settings.channels,
            batch_records=settings.case_batch_records,
            discovery_interval_s=settings.case_discovery_interval_s,
            beat=health.beat,
        )
        loops |= {
            "channels": consume.run_channels,
            "deliveries": consume.run_deliveries,
            "customers": consume.run_customers,
        }
    if "relay" in roles:
        publications = KafkaPublications(kafka, producer)
        relaying = Relaying(timeline, dossiers, publications, policy.patterns)
        loops["relay"] = Relay(
            mongo,
            relaying,
            publications,
            lease_s=settings.case_lease_s,
            beat=lambda: health.beat("relay"),
            alongside=WaitsWatch(dossiers).run,
        ).run
        erasures = Erasures(mongo)
        parts = ErasingParts(erasures, erasing, originals, BlobStore(mongo))
        loops["erasing"] = ErasureWork(erasures, NAME, parts.steps(), beat=lambda: health.beat("erasing")).run
    for name in loops:
        health.watch(name)
    app = (
        api.create(
            Reading(timeline, dossiers),
            JourneyReading(timeline, dossiers),
            Commands(timeline, policy, minting, clock),
            settings.internal_token,
        )
        if "api" in roles
        else FastAPI(openapi_url=None, telemetry=OWN_TELEMETRY)
    )
    if "api" in roles:
        app.include_router(erasing_router(erasing))
    return Parts(app, health, loops, _resources(kafka, mongo, producer, topics=bool(loops)))


@asynccontextmanager
async def _resources(kafka: KafkaSettings, mongo: Mongo, producer: Producer, *, topics: bool) -> AsyncIterator[None]:
    """What is needed before the first record: indexes, topics. The last to go."""
    needed = [IDENTIFIED, OUTBOUND, DOSSIER_EVENTS, CUSTOMER_EVENTS, DELIVERY_EVENTS]
    async with AsyncExitStack() as stack:
        stack.push_async_callback(mongo.close)
        await patiently(mongo.ping)
        await stack.enter_async_context(producer)
        await patiently(lambda: ensure_indexes(mongo.database(DATABASE), INDEXES))
        if topics:
            await patiently(lambda: ensure_topics(kafka, needed))
        yield
