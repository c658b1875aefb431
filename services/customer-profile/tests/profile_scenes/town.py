"""The service as it runs: real topics, a real database, its own loops; and what it has published."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Self, TypeVar

from customer_profile.bootstrap import bootstrap
from customer_profile.settings import Settings
from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.message import IdentifiedMessage, InboundMessage
from omnifil_contracts.record import Record
from omnifil_contracts.topics import CUSTOMER_EVENTS, IDENTIFIED, INBOUND, PROFILE_UPDATES
from omnifil_messaging import KafkaSettings, Producer, Received, TopicTail, ensure_topics
from omnifil_servicekit.process import Parts
from omnifil_testkit.replicas import replica
from omnifil_testkit.topic_records import as_ingested
from pydantic import SecretStr

TOKEN = "internal-for-tests"
AGENT = {"Authorization": f"Bearer {TOKEN}", "X-Omnifil-Agent": "amelie", "X-Omnifil-Agent-Name": "Am%C3%A9lie%20Roux"}


PATIENCE_S = 30
R = TypeVar("R", bound=Record)


class Town:
    """One installation: its topics, its database, and replicas of the service that can be started and stopped."""

    def __init__(self, kafka: KafkaSettings, settings: Settings, producer: Producer) -> None:
        self.kafka = kafka
        self.settings = settings
        self.producer = producer

    def parts(self, *roles: str, **overrides: Any) -> Parts:
        return bootstrap(self.settings, frozenset(roles), **overrides)

    def running(self, *roles: str, **overrides: Any) -> AbstractAsyncContextManager[Parts]:
        """A replica, stopped in good order at the end."""
        return replica(self.parts(*roles, **overrides))

    def with_settings(self, **changes: Any) -> Self:
        return type(self)(self.kafka, self.settings.model_copy(update=changes), self.producer)

    def environment(self, http_port: int = 0) -> dict[str, str]:
        """The same settings for a process."""
        return {
            **os.environ,
            "OMNIFIL_KAFKA_BOOTSTRAP": self.settings.kafka_bootstrap,
            "OMNIFIL_MONGO_URI": self.settings.mongo_uri,
            "OMNIFIL_MONGO_PREFIX": self.settings.mongo_prefix,
            "OMNIFIL_TOPIC_PREFIX": self.settings.topic_prefix,
            "OMNIFIL_INTERNAL_TOKEN": TOKEN,
            "OMNIFIL_HTTP_PORT": str(http_port),
            "OMNIFIL_LEASE_S": str(self.settings.lease_s),
        }

    async def told_of(self, customers: int) -> bool:
        """Whether so many customers have been told of."""
        return len(await self.last_states()) == customers

    async def write(self, *messages: InboundMessage) -> None:
        """What the ingest services do."""
        await self.producer.publish_all([as_ingested(each) for each in messages])

    async def identified(self, channel: str = "email", at_least: int = 1) -> list[Received[IdentifiedMessage]]:
        """Everything on `identified.<channel>.v1`, once there are so many."""
        return await self._records(IDENTIFIED.of(channel), IdentifiedMessage, at_least)

    async def customer_events(self, at_least: int = 1) -> list[CustomerChanged]:
        return [each.record for each in await self._records(CUSTOMER_EVENTS.name, CustomerChanged, at_least)]

    async def last_states(self) -> dict[str, CustomerChanged]:
        """What a reader of the compacted topic ends up with."""
        return {each.customer_id: each for each in await self.customer_events(at_least=0)}

    async def _records(self, topic: str, record_type: type[R], at_least: int) -> list[Received[R]]:
        """What is on a topic now, or when the last of `at_least` has come."""
        tail, stop = TopicTail(self.kafka, topic, record_type), asyncio.Event()
        async with asyncio.timeout(PATIENCE_S):
            while sum((await tail.end_offsets()).values()) < at_least:  # noqa: ASYNC110 nobody tells when it grows
                await asyncio.sleep(0.05)
        ends = await tail.end_offsets()
        found: list[Received[R]] = []
        async with asyncio.timeout(PATIENCE_S):
            while len(found) < sum(ends.values()):
                async for batch in tail.read("beginning", stop):
                    found.extend(batch)
                    if len(found) >= sum(ends.values()):
                        break
        return found


@asynccontextmanager
async def town_of(kafka: KafkaSettings, mongo_uri: str, mongo_prefix: str) -> AsyncIterator[Town]:
    settings = Settings(
        kafka_bootstrap=kafka.bootstrap,
        mongo_uri=mongo_uri,
        mongo_prefix=mongo_prefix,
        topic_prefix=kafka.topic_prefix,
        internal_token=SecretStr(TOKEN),
        http_port=0,
        discovery_interval_s=0.2,
        lease_s=2,
    )
    await ensure_topics(kafka, [INBOUND, IDENTIFIED, CUSTOMER_EVENTS, PROFILE_UPDATES])
    async with Producer(kafka) as producer:
        yield Town(kafka, settings, producer)
