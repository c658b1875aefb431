"""The whole service, wired. Everything that touches the outside can be passed in."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI
from omnifil_contracts.delivery import SendMessage
from omnifil_contracts.message import RawMessage
from omnifil_contracts.topics import OUTBOUND, RAW_EMAIL
from omnifil_messaging import BatchConsumer, KafkaSettings, Producer
from omnifil_mongostore import BlobStore, Mongo, connect
from omnifil_mongostore.erasures import Erasures, ErasureWork
from omnifil_servicekit.health import Health
from omnifil_servicekit.patience import patiently
from omnifil_servicekit.process import Loop, Parts
from omnifil_servicekit.web import OWN_TELEMETRY

from ingest_email.adapters.blobs import StoredBlobs
from ingest_email.adapters.dns_records import PatientDns, RealDns, ZoneFile
from ingest_email.adapters.imap_mailboxes import ImapMailboxes
from ingest_email.adapters.kafka_records import KafkaRecords
from ingest_email.adapters.mongo_erasing import ErasedDeliveries
from ingest_email.adapters.mongo_ledger import MongoLedger
from ingest_email.adapters.mongo_positions import MongoPositions
from ingest_email.adapters.process_reader import ProcessReader
from ingest_email.adapters.smtp_postman import SmtpPostman
from ingest_email.domain.normalise import CHANNEL
from ingest_email.entrypoints.consumers import ReplayedMails, Replies
from ingest_email.handlers.delivering import DeliverReplies
from ingest_email.handlers.receiving import Normaliser, ReceiveMail
from ingest_email.handlers.watching import MailboxWatch
from ingest_email.ports import Clock, Dns, Mailboxes, Postman
from ingest_email.settings import Settings

RECEIVE, DELIVER = "receive", "deliver"


def utc_now() -> datetime:
    return datetime.now(UTC)


def bootstrap(
    settings: Settings,
    roles: frozenset[str] = frozenset({RECEIVE, DELIVER}),
    *,
    mongo: Mongo | None = None,
    mailboxes: Mailboxes | None = None,
    postman: Postman | None = None,
    dns: Dns | None = None,
    clock: Clock = utc_now,
) -> Parts:
    """The parts of these roles."""
    health = Health()
    kafka = KafkaSettings.of(settings, "ingest-email")
    mongo = mongo or connect(settings.mongo_uri, prefix=settings.mongo_prefix, app_name="ingest-email")
    producer = Producer(kafka)
    blobs, records, ledger = StoredBlobs(BlobStore(mongo)), KafkaRecords(producer), MongoLedger(mongo)
    reader = ProcessReader(settings.limits, processes=settings.email_readers, limit_s=settings.email_read_limit_s)
    accounts = {name: account.mailbox for name, account in settings.accounts.items()}

    @asynccontextmanager
    async def resources() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(mongo.close)
            await stack.enter_async_context(producer)
            if RECEIVE in roles:
                await stack.enter_async_context(reader)
            await patiently(ledger.prepare)
            yield

    loops: dict[str, Loop] = {}
    if RECEIVE in roles:
        normaliser = Normaliser(reader, dns or _dns(settings), blobs, clock)
        receive = ReceiveMail(accounts, normaliser, blobs, records, ledger, clock)
        positions = MongoPositions(mongo, {name: each.imap.folder for name, each in settings.accounts.items()})
        mailboxes = mailboxes or _mailboxes(settings)
        for name, account in settings.accounts.items():
            loops[f"receive {name}"] = MailboxWatch(
                name,
                mailboxes=mailboxes,
                positions=positions,
                blobs=blobs,
                receive=receive,
                take_all=account.start == "all",
                mail_bytes=settings.email_max_mail_bytes,
                batch_mails=settings.email_batch_mails,
                beat=_beat(health, f"receive {name}"),
            ).run
        loops["replayed"] = BatchConsumer(
            kafka,
            topics=[RAW_EMAIL.name],
            group="ingest-email.receive",
            record_type=RawMessage,
            handler=ReplayedMails(receive).handle,
            producer=producer,
            max_records=10,
            beat=_beat(health, "replayed"),
        ).run
    if DELIVER in roles:
        deliver = DeliverReplies(
            accounts,
            ledger=ledger,
            postman=postman or _postman(settings),
            blobs=blobs,
            records=records,
            clock=clock,
            give_up=timedelta(hours=settings.email_give_up_h),
            at_once=settings.email_send_at_once,
            beat=_beat(health, "send"),
        )
        loops["send"] = deliver.run
        loops["deliver"] = BatchConsumer(
            kafka,
            topics=[OUTBOUND.of(CHANNEL)],
            group="ingest-email.deliver",
            record_type=SendMessage,
            handler=Replies(deliver).handle,
            producer=producer,
            beat=_beat(health, "deliver"),
            traced_as=lambda command: command.outbound_id,
        ).run
        loops["erasing"] = ErasureWork(
            Erasures(mongo), "ingest-email", {"copies": ErasedDeliveries(mongo).erase}, beat=_beat(health, "erasing")
        ).run
    health.check("database", mongo.ping)
    health.check("broker", producer.ping)
    for name in loops:
        health.watch(name)
    app = FastAPI(title="Omnifil e-mail", docs_url=None, redoc_url=None, openapi_url=None, telemetry=OWN_TELEMETRY)
    return Parts(app=app, health=health, loops=loops, resources=resources())


def _beat(health: Health, loop: str) -> Callable[[], None]:
    return lambda: health.beat(loop)


def _dns(settings: Settings) -> Dns:
    zone = settings.email_dns_zone
    resolver = ZoneFile(zone) if zone else RealDns(settings.email_dns_timeout_s)
    return PatientDns(resolver, attempts=settings.email_dns_attempts)


def _mailboxes(settings: Settings) -> Mailboxes:
    return ImapMailboxes(
        {name: account.imap for name, account in settings.accounts.items()},
        timeout_s=settings.email_imap_timeout_s,
        renewal_s=settings.email_idle_renewal_s,
        poll_interval_s=settings.email_poll_interval_s,
    )


def _postman(settings: Settings) -> Postman:
    servers = {name: account.smtp for name, account in settings.accounts.items()}
    return SmtpPostman(servers, limit_s=settings.email_send_limit_s)
