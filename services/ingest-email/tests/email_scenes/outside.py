"""The service, run in this process on real Kafka, mongod and GreenMail."""

import asyncio
import json
import smtplib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from imapclient import IMAPClient
from ingest_email.bootstrap import bootstrap
from ingest_email.settings import Settings
from omnifil_messaging import KafkaSettings, Producer
from omnifil_mongostore import Mongo
from omnifil_testkit.servers import GreenMail, Mongod


@dataclass
class Mailbox:
    """A mailbox of GreenMail, seen from outside."""

    address: str
    password: str
    server: GreenMail

    def deliver(self, raw: bytes, sender: str = "clara.martin@mail.example") -> None:
        """As another mail server would."""
        with smtplib.SMTP(*self.server.smtp, timeout=20) as smtp:
            smtp.sendmail(sender, [self.address], raw)

    def connect(self) -> IMAPClient:
        client = IMAPClient(self.server.imap[0], self.server.imap[1], ssl=False, timeout=20)
        client.login(self.address, self.password)
        client.select_folder("INBOX")
        return client

    def flags(self) -> list[set[bytes]]:
        with self.connect() as client:
            return [set(told[b"FLAGS"]) for told in client.fetch(client.search("ALL"), ["FLAGS"]).values()]

    def raws(self) -> list[bytes]:
        with self.connect() as client:
            return [told[b"BODY[]"] for told in client.fetch(client.search("ALL"), ["BODY.PEEK[]"]).values()]

    def account(self, name: str = "support", **overrides: Any) -> dict[str, Any]:
        """As OMNIFIL_EMAIL_ACCOUNTS has it."""
        host, port = self.server.imap
        smtp_host, smtp_port = self.server.smtp
        return {
            "account": name,
            "addresses": [self.address],
            "from_name": "Atelier Brume",
            "reply_domain": "brume.example",
            "imap": {"host": host, "port": port, "tls": "none", "user": self.address, "password": self.password},
            "smtp": {"host": smtp_host, "port": smtp_port, "tls": "none"},
            **overrides,
        }


MakeMailbox = Callable[[], Awaitable[Mailbox]]


@dataclass
class Suite:
    """What a test needs of the outside."""

    kafka: KafkaSettings
    mongo: Mongo
    mongod: Mongod
    producer: Producer

    def settings(self, *accounts: dict[str, Any], **overrides: Any) -> Settings:
        return Settings(
            kafka_bootstrap=self.kafka.bootstrap,
            topic_prefix=self.kafka.topic_prefix,
            mongo_uri=self.mongod.uri,
            mongo_prefix=self.mongo.prefix,
            http_port=0,
            internal_token="not-a-secret",
            email_accounts=json.loads(json.dumps(accounts)),
            email_readers=1,
            **overrides,
        )

    @asynccontextmanager
    async def running(self, settings: Settings, *roles: str, **parts: Any) -> AsyncIterator[None]:
        """The loops of these roles, stopped as SIGTERM would."""
        service = bootstrap(settings, frozenset(roles or ("receive", "deliver")), **parts)
        stop = asyncio.Event()
        assert service.resources is not None
        async with service.resources:
            loops = [asyncio.ensure_future(loop(stop)) for loop in service.loops.values()]
            try:
                yield
            finally:
                stop.set()
                async with asyncio.timeout(30):
                    await asyncio.gather(*loops)

    async def records(self, topic: str) -> list[Any]:
        """All records of a topic now."""
        name = self.kafka.prefixed(topic)
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka.bootstrap, group_id=None, enable_auto_commit=False)
        await consumer.start()
        try:
            partitions = [TopicPartition(name, number) for number in await consumer._client._wait_on_metadata(name)]
            end = await consumer.end_offsets(partitions)
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            found: list[Any] = []
            while any([await consumer.position(each) < end[each] for each in partitions]):
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    found += batch
            return sorted(found, key=lambda record: record.timestamp)
        finally:
            await consumer.stop()

    async def values(self, topic: str) -> list[dict[str, Any]]:
        """Their JSON."""
        return [json.loads(record.value) for record in await self.records(topic)]
