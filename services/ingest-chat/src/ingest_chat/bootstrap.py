"""The whole service, wired. Everything that touches the outside can be passed in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

from fastapi import FastAPI
from omnifil_contracts.delivery import PresenceChanged, SendMessage
from omnifil_contracts.topics import OUTBOUND, PRESENCE_EVENTS
from omnifil_messaging import BatchConsumer, KafkaSettings, Producer, TopicTail
from omnifil_mongostore import BlobStore, Mongo, connect
from omnifil_mongostore.erasures import Erasures, ErasureWork
from omnifil_servicekit import problem
from omnifil_servicekit.errors import Transient
from omnifil_servicekit.health import Health
from omnifil_servicekit.openapi import describe_problems
from omnifil_servicekit.patience import patiently
from omnifil_servicekit.process import Loop, Parts
from omnifil_servicekit.web import OWN_TELEMETRY, BodyLimit
from starlette.middleware.cors import CORSMiddleware

from ingest_chat.adapters.blob_pictures import BlobPictures
from ingest_chat.adapters.kafka_records import KafkaRecords
from ingest_chat.adapters.mongo_erasing import ErasedTranscripts
from ingest_chat.adapters.mongo_transcript import MongoTranscript
from ingest_chat.adapters.tokens import FileTokens, IdentityTokens, SessionTokens
from ingest_chat.domain.account import ANY_ORIGIN
from ingest_chat.domain.allowance import Allowance, Allowances
from ingest_chat.domain.image import MAX_IMAGE_BYTES
from ingest_chat.domain.visitor import CHANNEL
from ingest_chat.entrypoints import lobby as lobbies
from ingest_chat.entrypoints import pages, socket
from ingest_chat.entrypoints.hub import AgentPresenceFeed, EntryFeed, Hub
from ingest_chat.entrypoints.replies import Replies, Sweep
from ingest_chat.handlers import ChatHandlers
from ingest_chat.ports import Clock, Pictures, Records
from ingest_chat.settings import Settings

SERVE, DELIVER = "serve", "deliver"
_BODY_LIMIT_BYTES = 32 * 1024


def utc_now() -> datetime:
    return datetime.now(UTC)


def bootstrap(
    settings: Settings,
    roles: frozenset[str] = frozenset({SERVE, DELIVER}),
    *,
    mongo: Mongo | None = None,
    records: Records | None = None,
    pictures: Pictures | None = None,
    clock: Clock = utc_now,
) -> Parts:
    """The parts of these roles."""
    health = Health()
    kafka = KafkaSettings.of(settings, "ingest-chat")
    mongo = mongo or connect(settings.mongo_uri, prefix=settings.mongo_prefix, app_name="ingest-chat")
    producer = Producer(kafka)
    transcript = MongoTranscript(mongo)
    chat = ChatHandlers.over(transcript, records or KafkaRecords(producer), clock)
    in_hand = lobbies.InHand()

    @asynccontextmanager
    async def resources() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(mongo.close)
            await stack.enter_async_context(producer)
            stack.push_async_callback(in_hand.done)
            await patiently(transcript.prepare)
            yield

    app = FastAPI(
        title="Omnifil chat",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        telemetry=OWN_TELEMETRY,
    )
    health.check("database", mongo.ping)
    health.check("broker", producer.ping)
    loops: dict[str, Loop] = {}
    if SERVE in roles:
        hub = Hub()
        entries = EntryFeed(mongo, hub, lambda: health.beat("entries"))
        tail = TopicTail(kafka, PRESENCE_EVENTS.name, PresenceChanged)
        presence = AgentPresenceFeed(tail, transcript, hub, lambda: health.beat("presence"))
        loops |= {"entries": entries.run, "presence": presence.run}
        loops["sweep"] = Sweep(chat, lambda: health.beat("sweep")).run
        health.check("entries", lambda: _begun(entries.started))
        _serve(app, settings, chat, hub, pictures or BlobPictures(BlobStore(mongo)), health, in_hand)
    if DELIVER in roles:
        consumer = BatchConsumer(
            kafka,
            topics=[OUTBOUND.of(CHANNEL)],
            group="ingest-chat.deliver",
            record_type=SendMessage,
            handler=Replies(chat).handle,
            producer=producer,
            beat=lambda: health.beat("deliver"),
            traced_as=lambda command: command.outbound_id,
        )
        loops["deliver"] = consumer.run
        transcripts = ErasedTranscripts(mongo, settings.accounts)
        beat = partial(health.beat, "erasing")
        loops["erasing"] = ErasureWork(Erasures(mongo), "ingest-chat", {"copies": transcripts.erase}, beat=beat).run
    for name in loops:
        health.watch(name)
    return Parts(app=app, health=health, loops=loops, resources=resources())


def _serve(
    app: FastAPI,
    settings: Settings,
    chat: ChatHandlers,
    hub: Hub,
    pictures: Pictures,
    health: Health,
    in_hand: lobbies.InHand,
) -> None:
    """The visitors' routes."""
    accounts, keys = settings.accounts, settings.signing_keys
    sessions = SessionTokens(keys, life=settings.session_life, signed_life=settings.signed_session_life)
    files = FileTokens(keys, link_life=timedelta(hours=settings.chat_file_link_hours))
    reception = pages.Reception(
        accounts=accounts,
        transcript=chat.transcript,
        pictures=pictures,
        identities=IdentityTokens(),
        sessions=sessions,
        files=files,
        clock=chat.clock,
        session_allowance=Allowances(Allowance(settings.chat_sessions_burst, settings.chat_sessions_burst / 60)),
        upload_allowance=Allowances(Allowance(settings.chat_uploads_burst, settings.chat_uploads_burst / 60)),
        widget_file=settings.chat_widget_file,
        trusted_proxies=settings.chat_trusted_proxies,
    )
    lobby = lobbies.Lobby(
        accounts=accounts,
        chat=chat,
        hub=hub,
        sessions=sessions,
        files=files,
        places=lobbies.Places(settings.chat_connections_per_address, settings.chat_connections_per_visitor),
        messages=Allowances(Allowance(settings.chat_messages_burst, settings.chat_messages_per_second)),
        frames=Allowances(Allowance(settings.chat_messages_burst * 5, settings.chat_messages_per_second * 10)),
        health=health,
        address_of=reception.address_of,
        in_hand=in_hand,
    )
    app.include_router(pages.router(reception))
    app.include_router(socket.router(lobby))
    problem.install(app, {Transient: (503, "unavailable", "The service cannot do it just now: try again")})
    describe_problems(app)
    app.add_middleware(BodyLimit, limit_bytes=_BODY_LIMIT_BYTES, larger={"/api/uploads": MAX_IMAGE_BYTES})
    origins = {origin for account in accounts.values() for origin in account.allowed_origins}
    app.add_middleware(
        CORSMiddleware,
        allow_origins=[ANY_ORIGIN] if ANY_ORIGIN in origins else sorted(origins),
        allow_methods=["GET", "POST"],
        allow_headers=["authorization", "content-type"],
        expose_headers=["retry-after"],
        max_age=600,
    )


async def _begun(started: asyncio.Event) -> None:
    async with asyncio.timeout(1):
        await started.wait()
