"""The part of the suite that carries a message from its topic to the dossier's events, in processes of its own."""

import json
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from omnifil_contracts.topics import REGISTRY
from omnifil_messaging import KafkaSettings, Producer, ensure_topics
from omnifil_testkit.isolation import delete_topics, drop_databases

from omnifil_bench.arrivals import Arrivals
from omnifil_bench.messages import Batch, slices
from omnifil_bench.processes import Launch, Servers, running

_SERVICES = {"customer-profile": "customer_profile.main", "case-service": "case_service.main"}
_DEPLOYED = (
    ("customer-profile", "consume"),
    ("customer-profile", "relay"),
    ("case-service", "consume"),
    ("case-service", "relay"),
)
"""A process for each role, as the chart deploys them."""
_START_S = 60


@dataclass(frozen=True)
class Place:
    """Topics and databases of one run, on shared servers."""

    name: str
    servers: Servers

    @property
    def kafka(self) -> KafkaSettings:
        return KafkaSettings(self.servers.kafka.bootstrap, f"{self.name}.", "bench")

    @property
    def environment(self) -> dict[str, str]:
        return {
            "OMNIFIL_KAFKA_BOOTSTRAP": self.servers.kafka.bootstrap,
            "OMNIFIL_TOPIC_PREFIX": f"{self.name}.",
            "OMNIFIL_MONGO_URI": self.servers.mongod.uri,
            "OMNIFIL_MONGO_PREFIX": self.name,
        }


@asynccontextmanager
async def place(servers: Servers, channels: Sequence[str]) -> AsyncIterator[Place]:
    """With all its topics; everything in it is gone afterwards."""
    here = Place(f"b{uuid.uuid4().hex[:8]}", servers)
    await ensure_topics(here.kafka, REGISTRY, channels=channels)
    try:
        yield here
    finally:
        await delete_topics(servers.kafka.bootstrap, f"{here.name}.")
        await drop_databases(servers.mongod.uri, f"{here.name}_")


def suite(here: Place, *, replicas: int = 1, cores: frozenset[int] | None = None) -> list[Launch]:
    """Both services, a process for each role."""
    shared = {
        **here.environment,
        "OMNIFIL_HTTP_PORT": "0",
        "OMNIFIL_INTERNAL_TOKEN": "bench-secret",
        "OMNIFIL_CASE_REFERENCE_KEYS": json.dumps(["bench"]),
        "OMNIFIL_LOG_LEVEL": "warning",
    }
    launches = [Launch(f"{service} {role}", _SERVICES[service], (role,), shared, cores) for service, role in _DEPLOYED]
    # A second relay would only stand by: it takes over when the first one dies.
    more = [each for each in launches if each.arguments == ("consume",)] * (replicas - 1)
    return launches + [replace(each, name=f"{each.name} {number}") for number, each in enumerate(more, 2)]


def floor(here: Place, topics: Sequence[str], *, cores: frozenset[int] | None = None) -> list[Launch]:
    """The same by hand, in one process."""
    return [Launch("floor", "omnifil_bench.floor", tuple(topics), here.environment, cores)]


@asynccontextmanager
async def warm(here: Place, launches: Sequence[Launch], first: Batch) -> AsyncIterator[dict[str, int]]:
    """Started, and proven by some messages that went all the way through: process ids by name."""
    async with running(launches, here.servers.folder / "log") as pids, Arrivals.opened(here.kafka) as arrivals:
        await publish(here.kafka, first)
        await arrivals.wait_for(first.entries, patience_s=_START_S)
        yield pids


async def publish(kafka: KafkaSettings, batch: Batch) -> None:
    """All of it, in order; returns when Kafka has acknowledged the last."""
    async with Producer(kafka) as producer:
        for part in slices(batch.wires()):
            await producer.publish_raw(part)
