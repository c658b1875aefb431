"""The whole service, wired."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from fastapi import FastAPI
from omnifil_contracts.topics import CUSTOMER_EVENTS, IDENTIFIED, INBOUND, PROFILE_UPDATES
from omnifil_messaging import KafkaSettings, Producer, ensure_topics
from omnifil_mongostore import BlobStore, Mongo, connect, ensure_indexes
from omnifil_mongostore.erasures import Erasures, ErasureWork
from omnifil_servicekit import problem
from omnifil_servicekit.health import Health
from omnifil_servicekit.patience import patiently
from omnifil_servicekit.process import Loop, Parts
from omnifil_servicekit.web import OWN_TELEMETRY

from customer_profile.adapters.kafka_announcements import KafkaAnnouncements
from customer_profile.adapters.kafka_erasing import KafkaTopics
from customer_profile.adapters.kafka_profile_updates import KafkaProfileUpdates
from customer_profile.adapters.mongo_erased import MongoErased
from customer_profile.adapters.mongo_identities import DATABASE, INDEXES, MongoIdentities
from customer_profile.desk import Desk
from customer_profile.domain.sharing import SharingRules
from customer_profile.domain.telling import Trust
from customer_profile.entrypoints import api, erasing, pushing
from customer_profile.entrypoints.consume import NAME, Consume
from customer_profile.entrypoints.relay import Relay
from customer_profile.entrypoints.updates import Updates
from customer_profile.erasing import ErasingDesk, ErasingSteps
from customer_profile.handlers import Announcer, Recogniser, Rules
from customer_profile.hearing import Hearing
from customer_profile.ports import Clock
from customer_profile.settings import Settings

log = structlog.get_logger(__name__)

ROLES = {
    "consume": "Say whose each message is: inbound.<channel>.v1 to identified.<channel>.v1.",
    "relay": "Tell of customers that changed: customer.events.v1.",
    "updates": "Take in what sources say of customers: profile.updates.v1.",
    "api": "Answer the other services about customers, and take agents' links.",
}


def utc_now() -> datetime:
    return datetime.now(UTC)


def bootstrap(
    settings: Settings,
    roles: frozenset[str],
    *,
    mongo: Mongo | None = None,
    producer: Producer | None = None,
    clock: Clock = utc_now,
) -> Parts:
    """The parts of these roles. Everything that touches the outside can be passed in."""
    kafka = KafkaSettings.of(settings, client_id=NAME)
    mongo = mongo or connect(settings.mongo_uri, prefix=settings.mongo_prefix, app_name=NAME)
    producer = producer or Producer(kafka)
    identities = MongoIdentities(mongo)
    announcements = KafkaAnnouncements(producer)
    erasures = Erasures(mongo)
    ledger = MongoErased(mongo, settings.erasure_key.get_secret_value().encode() if settings.erasure_key else None)
    erasing_desk = ErasingDesk(erasures, ledger, clock)
    health = Health()
    health.check("mongodb", mongo.ping)
    health.check("kafka", producer.ping)
    role_addresses = frozenset(each.lower() for each in settings.shared_addresses)
    trust = Trust(frozenset(settings.trusted_sources), role_addresses)
    hearing = Hearing(identities, trust, clock, ledger.anchors, settings.phone_region)
    loops: dict[str, Loop] = {}
    if "consume" in roles:
        rules = Rules(
            timedelta(days=settings.namesake_window_days),
            timedelta(seconds=settings.sighting_interval_s),
            settings.phone_region,
            SharingRules(
                settings.shared_names,
                settings.shared_accounts,
                timedelta(days=settings.shared_window_days),
                role_addresses,
            ),
        )
        loops["consume"] = Consume(
            kafka,
            Recogniser(identities, announcements, rules, ledger.anchors),
            producer,
            channels=settings.channels,
            batch_records=settings.batch_records,
            discovery_interval_s=settings.discovery_interval_s,
            beat=health.beat,
        ).run
        health.watch("consume")
    if "relay" in roles:
        loops["relay"] = Relay(
            mongo, Announcer(identities, announcements), lease_s=settings.lease_s, beat=lambda: health.beat("relay")
        ).run
        health.watch("relay")
        steps = ErasingSteps(
            erasures,
            ledger,
            KafkaTopics(kafka, producer, BlobStore(mongo)),
            announcements,
            Announcer(identities, announcements).announce_all,
            patience=timedelta(hours=settings.erasure_patience_h),
            clock=clock,
        )
        beat = partial(health.beat, "erasing")
        loops["erasing"] = ErasureWork(erasures, NAME, steps.steps(), gathers=True, beat=beat).run
        health.watch("erasing")
    if "updates" in roles:
        beat = partial(health.beat, "updates")
        loops["updates"] = Updates(kafka, hearing, producer, batch_records=settings.batch_records, beat=beat).run
        health.watch("updates")
    app = (
        api.create(
            Desk(
                identities,
                clock,
                phone_region=settings.phone_region,
                erased=erasing_desk.states,
                anchoring=ledger.anchors,
            ),
            settings.internal_token,
            pushing.routes(hearing, KafkaProfileUpdates(producer)),
            erasing.routes(erasing_desk),
        )
        if "api" in roles
        else FastAPI(openapi_url=None, telemetry=OWN_TELEMETRY)
    )
    if "api" in roles:
        problem.install(app, erasing.PROBLEMS)
    return Parts(app, health, loops, _resources(kafka, mongo, producer))


@asynccontextmanager
async def _resources(kafka: KafkaSettings, mongo: Mongo, producer: Producer) -> AsyncIterator[None]:
    """What is needed before the first record: indexes, topics. The last to go."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(mongo.close)
        await patiently(mongo.ping)
        await stack.enter_async_context(producer)
        await patiently(lambda: ensure_indexes(mongo.database(DATABASE), INDEXES))
        await patiently(lambda: ensure_topics(kafka, [INBOUND, IDENTIFIED, CUSTOMER_EVENTS, PROFILE_UPDATES]))
        yield
