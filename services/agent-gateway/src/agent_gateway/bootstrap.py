"""The whole gateway, wired. Everything that touches the outside can be passed in."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import cast
from urllib.parse import urlsplit

from fastapi import FastAPI
from omnifil_contracts.topics import CUSTOMER_EVENTS, DOSSIER_EVENTS, PRESENCE_EVENTS, Topic
from omnifil_messaging import KafkaSettings, Producer, TopicTail
from omnifil_mongostore.blobs import BlobStore
from omnifil_mongostore.client import connect
from omnifil_servicekit import problem
from omnifil_servicekit.auth import TokenVerifier
from omnifil_servicekit.errors import Transient
from omnifil_servicekit.health import Health
from omnifil_servicekit.process import Loop, Parts
from omnifil_servicekit.web import CONTENT_SECURITY_POLICY, OWN_TELEMETRY, BodyLimit, SecurityHeaders
from starlette.requests import Request
from starlette.responses import Response

from agent_gateway.adapters.blob_files import BlobFiles
from agent_gateway.adapters.internal_http import HttpCases, HttpProfiles, InternalApi
from agent_gateway.adapters.internal_persons import HttpPersons
from agent_gateway.adapters.kafka import KafkaPresences, KafkaTopicReader
from agent_gateway.adapters.mongo_agents import MongoAgents
from agent_gateway.cards import Cards
from agent_gateway.domain.log import Bell
from agent_gateway.entrypoints import api, customers, desktop, integrations, persons, stream
from agent_gateway.entrypoints.agents import Doorkeeper
from agent_gateway.handlers import Desk
from agent_gateway.live import LiveStream, TopicFeed
from agent_gateway.persons import PersonDesk, Persons
from agent_gateway.ports import (
    Agents,
    Cases,
    FileMissing,
    Files,
    FileTooLarge,
    Presences,
    Profiles,
    Refused,
    TopicReader,
)
from agent_gateway.settings import GatewaySettings

_HELD_SMALL = 5_000
_READING_ALL_S = 600
"""Seconds that a service may take to find everything about a person: it reads all there is."""
_BODY_LIMIT_BYTES = 1_000_000
_MULTIPART_OVERHEAD_BYTES = 10_000


def bootstrap(settings: GatewaySettings, _roles: frozenset[str] = frozenset({"serve"})) -> Parts:
    """The service on real Kafka, MongoDB and internal APIs."""
    health = Health()
    kafka = KafkaSettings.of(settings, "agent-gateway")
    mongo = connect(settings.mongo_uri, prefix=settings.mongo_prefix, app_name="agent-gateway")
    producer = Producer(kafka)
    token, timeout_s = settings.internal_token, settings.gateway_timeout_s
    cases = InternalApi("case-service", settings.gateway_case_service_url, token, timeout_s)
    profiles = InternalApi("customer-profile", settings.gateway_customer_profile_url, token, timeout_s)

    patient = [
        InternalApi("case-service", settings.gateway_case_service_url, token, _READING_ALL_S),
        InternalApi("customer-profile", settings.gateway_customer_profile_url, token, _READING_ALL_S),
    ]

    def reader(topic: Topic) -> TopicReader:
        return KafkaTopicReader(TopicTail(kafka, topic.name), partial(health.beat, topic.name))

    @asynccontextmanager
    async def resources() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(cases.close)
            stack.push_async_callback(profiles.close)
            for api_of_persons in patient:
                stack.push_async_callback(api_of_persons.close)
            stack.push_async_callback(mongo.close)
            await stack.enter_async_context(producer)
            yield

    health.check("database", mongo.ping)
    health.check("case-service", cases.ready)
    health.check("customer-profile", profiles.ready)
    verifier = TokenVerifier(settings.gateway_issuer, settings.gateway_audience, settings.gateway_jwks_url)
    parts = wire(
        settings,
        health=health,
        cases=HttpCases(cases),
        profiles=HttpProfiles(profiles),
        persons_of=HttpPersons(*patient),
        files=BlobFiles(BlobStore(mongo), settings.gateway_upload_limit_bytes),
        agents=MongoAgents(mongo),
        presences=KafkaPresences(producer),
        verifier=verifier,
        reader=reader,
    )
    parts.resources = resources()
    return parts


def wire(
    settings: GatewaySettings,
    *,
    health: Health,
    cases: Cases,
    profiles: Profiles,
    files: Files,
    persons_of: Persons,
    agents: Agents,
    presences: Presences,
    verifier: TokenVerifier,
    reader: Callable[[Topic], TopicReader],
    clock: stream.Clock = lambda: datetime.now(UTC),
) -> Parts:
    """The gateway from its ports."""
    bell = Bell()
    held, preload = settings.gateway_held_events, settings.gateway_preload_events
    feeds = {
        topic: TopicFeed(reader(topic), bell, held_records=held_records, preload_records=preloaded)
        for topic, held_records, preloaded in (
            (DOSSIER_EVENTS, held, preload),
            (CUSTOMER_EVENTS, _HELD_SMALL, preload),
            (PRESENCE_EVENTS, _HELD_SMALL, 0),
        )
    }
    live = LiveStream(
        dossiers=feeds[DOSSIER_EVENTS],
        customers=feeds[CUSTOMER_EVENTS],
        presence=feeds[PRESENCE_EVENTS],
        bell=bell,
        ping_interval_s=settings.gateway_ping_interval_s,
    )
    desk = Desk(
        cases=cases,
        profiles=profiles,
        presences=presences,
        customers_position=lambda: live.position().customers,
        clock=clock,
    )
    cards = Cards(cases=cases, profiles=profiles, clock=clock)
    doorkeeper = Doorkeeper(verifier, agents, settings.gateway_role)
    app = FastAPI(
        title="Omnifil agent gateway",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        telemetry=OWN_TELEMETRY,
    )
    app.include_router(
        api.router(
            settings=settings, desk=desk, cards=cards, cases=cases, files=files, agents=agents, doorkeeper=doorkeeper
        )
    )
    app.include_router(customers.router(profiles=profiles, cases=cases, doorkeeper=doorkeeper))
    app.include_router(integrations.router(settings, profiles))
    person_desk = PersonDesk(persons_of, files, clock)
    app.include_router(persons.router(person_desk, doorkeeper, settings.gateway_privacy_role))
    app.include_router(stream.router(settings=settings, live=live, doorkeeper=doorkeeper, health=health, clock=clock))
    problem.install(app, {
        Transient: (503, "unavailable", "A service behind the gateway is not available just now: try again"),
        FileMissing: (404, "blob-not-found", "There is no such file"),
        FileTooLarge: (413, "too-large", "The file is too large"),
    })  # fmt: skip
    app.add_exception_handler(Refused, _refused)
    uploads = {"/api/v1/blobs": settings.gateway_upload_limit_bytes + _MULTIPART_OVERHEAD_BYTES}
    app.add_middleware(BodyLimit, limit_bytes=_BODY_LIMIT_BYTES, larger=uploads)
    app.add_middleware(SecurityHeaders, content_security_policy=_policy(settings))
    desktop.mount(app, settings.gateway_desktop_dir)
    loops: dict[str, Loop] = {topic.name: feed.run for topic, feed in feeds.items()}
    for name in loops:
        health.watch(name)
    health.check("streams", partial(_started, list(feeds.values())))
    return Parts(app=app, health=health, loops=loops)


async def _started(feeds: list[TopicFeed]) -> None:
    async with asyncio.timeout(1):
        for feed in feeds:
            await feed.started.wait()


def _policy(settings: GatewaySettings) -> str:
    """The desktop also talks to the issuer, to exchange its code for a token."""
    issuer = urlsplit(settings.gateway_token_url)
    return CONTENT_SECURITY_POLICY.replace(
        "connect-src 'self'", f"connect-src 'self' {issuer.scheme}://{issuer.netloc}"
    )


def _refused(_request: Request, error: Exception) -> Response:
    answer = cast(Refused, error).answer
    return Response(answer.body, answer.status, media_type=answer.content_type)
