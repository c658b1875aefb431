"""`omnifil doctor` on the suite that runs: nothing to say of a sound one, and each thing that is broken is named."""

import importlib
import json
import pkgutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from omnifil_contracts.topics import REGISTRY
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.topology import ROLES
from omnifil_devstack.watching.condition import DECLARED_INDEXES, declared
from omnifil_messaging import KafkaSettings
from omnifil_messaging.admin import administration
from omnifil_messaging.topics import plans
from omnifil_mongostore import Index, connect, ensure_indexes

TOPIC = "presence.events.v1"
Examine = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def examine(omnifil: Callable[..., subprocess.CompletedProcess[str]]) -> Examine:
    """What is wrong, as `omnifil doctor --json` tells it."""

    def ask() -> list[dict[str, Any]]:
        ran = omnifil("doctor", "--json")
        findings = json.loads(ran.stdout)
        wrong = [finding for finding in findings if not finding["ok"]]
        assert ran.returncode == (1 if wrong else 0), ran.stderr
        assert {"Clock", "Oplog", "Relay dossiers", "case-service"} <= {finding["what"] for finding in findings}
        return wrong

    return ask


async def set_retention(stack: Stack, value: str | None = None) -> None:
    """None: as it is planned. Kafka takes the whole configuration at once."""
    kafka = KafkaSettings(stack.kafka)
    planned = next(plan.config for plan in plans(kafka, REGISTRY, []) if plan.name == TOPIC)
    config = {**planned, "retention.ms": value or planned["retention.ms"]}
    async with administration(kafka) as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, TOPIC, config)])


@pytest.mark.e2e
async def test_what_is_broken_in_a_running_suite_is_named_with_what_to_do(
    stack: Stack, examine: Examine, eventually: Any
) -> None:
    def sound() -> None:
        """Other tests of the session leave dead letters and customers who wait; nothing else may be said."""
        assert [each for each in examine() if not each["what"].startswith("Dead letters")] == []

    await eventually(sound, timeout_s=60)
    index = next(index for index in declared(DECLARED_INDEXES["cases"]) if index.unique)
    async with connect(stack.mongo_uri, prefix=stack.mongo_prefix) as mongo:
        cases = mongo.database("cases")
        await cases[index.collection].drop_index(index.name)
        await set_retention(stack, "60000")
        async with AIOKafkaProducer(bootstrap_servers=stack.kafka, acks="all") as kafka:
            await kafka.send_and_wait("identified.email.v1", f"poison {uuid.uuid4()}".encode())

        try:

            def all_named() -> None:
                says = {each["what"]: each["says"] for each in examine()}
                assert "restart its service" in says[f"Index {index.name}"]
                assert "retention.ms is 60000" in says[f"Topic {TOPIC}"]
                assert "omnifil dead-letter list" in says["Dead letters identified.email.v1"]

            await eventually(all_named, timeout_s=60)
        finally:
            await ensure_indexes(cases, [index])
            await set_retention(stack)
    await eventually(sound, timeout_s=60)


def test_every_index_that_a_service_declares_is_looked_at() -> None:
    looked_at = {index for place in DECLARED_INDEXES.values() for index in map(repr, declared(place))}
    found = {repr(index) for service in ROLES for index in declared_in(service.replace("-", "_"))}
    assert found
    assert found <= looked_at


def declared_in(package: str) -> Iterator[Index]:
    """Every index at the top of a module of a service's adapters."""
    adapters = importlib.import_module(f"{package}.adapters")
    for each in pkgutil.iter_modules(adapters.__path__, f"{adapters.__name__}."):
        for value in vars(importlib.import_module(each.name)).values():
            if isinstance(value, tuple | list):
                yield from (item for item in value if isinstance(item, Index))
