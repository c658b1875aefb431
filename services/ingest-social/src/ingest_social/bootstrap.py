"""The whole service, wired. Everything that touches the outside can be passed in."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial

from fastapi import FastAPI
from omnifil_contracts.delivery import SendMessage
from omnifil_contracts.message import RawMessage
from omnifil_contracts.topics import OUTBOUND, RAW_SOCIAL
from omnifil_messaging import BatchConsumer, KafkaSettings, Producer
from omnifil_mongostore import BlobStore, connect
from omnifil_mongostore.erasures import Erasures, ErasureWork
from omnifil_servicekit import problem
from omnifil_servicekit.errors import Transient
from omnifil_servicekit.health import Health
from omnifil_servicekit.patience import patiently
from omnifil_servicekit.process import Loop, Parts
from omnifil_servicekit.web import OWN_TELEMETRY, BodyLimit

from ingest_social.adapters.blob_files import BlobFiles
from ingest_social.adapters.graph import GraphApi
from ingest_social.adapters.kafka_records import KafkaRecords
from ingest_social.adapters.mongo_erasing import ErasedReplies
from ingest_social.adapters.mongo_ledger import MongoLedger
from ingest_social.domain.messenger import CHANNEL
from ingest_social.domain.signature import SignatureMissing, SignatureWrong
from ingest_social.entrypoints import webhooks as webhook_routes
from ingest_social.entrypoints.consumers import OutboundConsumer, ReplayConsumer
from ingest_social.handlers import Clock, Replies, Webhooks
from ingest_social.ports import Files, Network, Records
from ingest_social.settings import SocialSettings

RECEIVE, DELIVER = "receive", "deliver"


def utc_now() -> datetime:
    return datetime.now(UTC)


def bootstrap(
    settings: SocialSettings,
    roles: frozenset[str] = frozenset({RECEIVE, DELIVER}),
    *,
    network: Network | None = None,
    files: Files | None = None,
    records: Records | None = None,
    clock: Clock = utc_now,
) -> Parts:
    """The parts of these roles."""
    health = Health()
    kafka = KafkaSettings.of(settings, "ingest-social")
    mongo = connect(settings.mongo_uri, prefix=settings.mongo_prefix, app_name="ingest-social")
    producer = Producer(kafka)
    graph = GraphApi(timeout_s=settings.social_timeout_s, file_limit_bytes=settings.social_file_limit_bytes)
    ledger = MongoLedger(mongo)
    network, files = network or graph, files or BlobFiles(BlobStore(mongo))
    records = records or KafkaRecords(producer)
    pages = {page.account: page for page in settings.social_pages}
    webhooks = Webhooks(network=network, files=files, records=records, ledger=ledger, clock=clock)

    @asynccontextmanager
    async def resources() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(graph.close)
            stack.push_async_callback(mongo.close)
            await stack.enter_async_context(producer)
            await patiently(ledger.prepare)
            yield

    app = FastAPI(title="Omnifil social networks", docs_url=None, redoc_url=None, telemetry=OWN_TELEMETRY)
    problem.install(app, {
        SignatureMissing: (401, "signature-missing", "Not authenticated"),
        SignatureWrong: (403, "signature-wrong", "Not allowed"),
        Transient: (503, "unavailable", "The service cannot take it just now: send it again"),
    })  # fmt: skip
    app.add_middleware(BodyLimit, limit_bytes=settings.social_webhook_limit_bytes)
    health.check("database", mongo.ping)
    health.check("broker", producer.ping)
    loops: dict[str, Loop] = {}
    if RECEIVE in roles:
        app.include_router(webhook_routes.router(settings.social_pages, webhooks))
        loops["replay"] = BatchConsumer(
            kafka,
            topics=[RAW_SOCIAL.name],
            group="ingest-social.replay",
            record_type=RawMessage,
            handler=ReplayConsumer(webhooks, pages),
            producer=producer,
            beat=partial(health.beat, "replay"),
        ).run
    if DELIVER in roles:
        replies = Replies(
            pages=pages,
            network=network,
            files=files,
            records=records,
            ledger=ledger,
            clock=clock,
            echo_patience_s=settings.social_echo_patience_s,
        )
        loops["deliver"] = BatchConsumer(
            kafka,
            topics=[OUTBOUND.of(CHANNEL)],
            group="ingest-social.deliver",
            record_type=SendMessage,
            handler=OutboundConsumer(replies),
            producer=producer,
            max_records=50,
            beat=partial(health.beat, "deliver"),
            traced_as=lambda command: command.outbound_id,
        ).run
        erased = ErasedReplies(mongo)
        beat = partial(health.beat, "erasing")
        loops["erasing"] = ErasureWork(Erasures(mongo), "ingest-social", {"copies": erased.erase}, beat=beat).run
    for name in loops:
        health.watch(name)
    return Parts(app=app, health=health, loops=loops, resources=resources())
