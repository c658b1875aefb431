"""What the shop, the till and the CRM know of customers, as they publish it."""

import uuid
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaProducer
from omnifil_contracts.identity import Identity
from omnifil_contracts.profile import AttributeUpdate, ConsentUpdate, ExternalRecord, ProfileUpdated
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.customer import Customer


async def told(
    stack: Stack,
    customer: Customer,
    source: str,
    *,
    attributes: dict[str, str] | None = None,
    records: tuple[ExternalRecord, ...] = (),
    consents: tuple[ConsentUpdate, ...] = (),
) -> None:
    """On `profile.updates.v1`, of the person with this address; returns when Kafka has it."""
    update = ProfileUpdated(
        update_id=uuid.uuid4().hex,
        source=source,
        identity=Identity(kind="email", value=customer.email),
        attributes=tuple(AttributeUpdate(name=name, value=value) for name, value in (attributes or {}).items()),
        records=records,
        consents=consents,
        occurred_at=datetime.now(UTC),
    )
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka, acks="all") as kafka:
        content = update.model_dump_json().encode()
        await kafka.send_and_wait("profile.updates.v1", content, key=update.identity.key.encode())


def record(kind: str, title: str, **more: Any) -> ExternalRecord:
    """Something another system keeps; the kind is whatever that system calls it."""
    return ExternalRecord(kind=kind, record_id=uuid.uuid4().hex, title=title, at=datetime.now(UTC), **more)
