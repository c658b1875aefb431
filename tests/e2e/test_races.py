"""The same people on three channels in the same second, two replicas of each service, while everything comes again, in
any order, and an agent merges customers in the middle of it: one customer, one dossier, each message once."""

import asyncio
import random
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import case_service.bootstrap
import case_service.settings
import customer_profile.bootstrap
import customer_profile.settings
import httpx
import pytest
from case_service.adapters.mongo_timeline import MongoTimeline
from case_service.domain.dossier import Dossier, evolve
from case_service.domain.standing import standing
from omnifil_contracts.dossier import TimelineEntry
from omnifil_contracts.identity import Assurance, AssuredIdentity, Identity
from omnifil_contracts.message import InboundMessage, Sender
from omnifil_contracts.topics import CUSTOMER_EVENTS, IDENTIFIED, INBOUND
from omnifil_messaging import KafkaSettings, Producer, ensure_topics
from omnifil_mongostore import Mongo
from omnifil_testkit.builders import an_inbound_message
from omnifil_testkit.replicas import replica
from omnifil_testkit.servers import Mongod
from omnifil_testkit.topic_records import as_ingested
from omnifil_testkit.waiting import Eventually
from pydantic import SecretStr

pytestmark = pytest.mark.integration

TOKEN = "internal-for-tests"
AGENT = {"Authorization": f"Bearer {TOKEN}", "X-Omnifil-Agent": "amelie", "X-Omnifil-Agent-Name": "Am%C3%A9lie"}
PEOPLE = 8
STARTED = datetime.now(UTC) - timedelta(minutes=1)
"""Customers write now: what is older than the window joins nothing."""


@dataclass
class Town:
    """Two replicas of both services."""

    producer: Producer
    timeline: MongoTimeline
    profiles: httpx.AsyncClient

    async def write(self, messages: Sequence[InboundMessage]) -> None:
        """What the ingest services do."""
        await self.producer.publish_all([as_ingested(each) for each in messages])

    async def whose(self, identity: Identity) -> str:
        """The customer who has the handle."""
        answer = await self.profiles.get(f"/identities/{identity.kind}/{identity.value}", headers=AGENT)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["customer_id"])

    async def dossiers(self) -> dict[str, tuple[Dossier, list[TimelineEntry]]]:
        found: dict[str, list[TimelineEntry]] = defaultdict(list)
        async for append in self.timeline.all_appends():
            found[append.dossier_id] += append.entries
        dossiers = {}
        for dossier_id, entries in found.items():
            dossier = None
            for entry in entries:
                dossier = evolve(dossier_id, dossier, entry)
            assert dossier is not None
            dossiers[dossier_id] = (dossier, entries)
        return dossiers


@pytest.fixture
async def town(kafka_settings: KafkaSettings, mongo: Mongo, mongod: Mongod) -> AsyncIterator[Town]:
    shared: dict[str, Any] = {
        "kafka_bootstrap": kafka_settings.bootstrap,
        "topic_prefix": kafka_settings.topic_prefix,
        "mongo_uri": mongod.uri,
        "mongo_prefix": mongo.prefix,
        "http_port": 0,
        "internal_token": SecretStr(TOKEN),
    }
    profile = customer_profile.settings.Settings(**shared, lease_s=3, batch_records=7, discovery_interval_s=0.2)
    cases = case_service.settings.Settings(
        **shared,
        case_reference_keys=(SecretStr("key"),),
        case_lease_s=3,
        case_batch_records=7,
        case_discovery_interval_s=0.2,
    )
    channels = ("email", "chat", "sms")
    await ensure_topics(kafka_settings, [INBOUND, IDENTIFIED, CUSTOMER_EVENTS], channels=channels)
    async with AsyncExitStack() as stack:
        replicas = [
            await stack.enter_async_context(replica(customer_profile.bootstrap.bootstrap(profile, frozenset(roles))))
            for roles in (("consume", "relay", "api"), ("consume", "relay", "api"))
        ]
        for _ in range(2):
            roles = frozenset(("consume", "relay", "api"))
            await stack.enter_async_context(replica(case_service.bootstrap.bootstrap(cases, roles)))
        client = httpx.AsyncClient(transport=httpx.ASGITransport(replicas[0].app), base_url="http://profiles")
        yield Town(
            await stack.enter_async_context(Producer(kafka_settings)),
            MongoTimeline(mongo),
            await stack.enter_async_context(client),
        )


def email(number: int) -> Identity:
    return Identity(kind="email", value=f"person{number}@customer.test")


def phone(number: int) -> Identity:
    return Identity(kind="phone", value=f"+3361234567{number}")


def writes(number: int, channel: str, said: int, *, proves: Sequence[Identity]) -> InboundMessage:
    """One thread on each channel; the sender proves all these handles."""
    proven = [AssuredIdentity(identity=each, assurance=Assurance.VERIFIED) for each in proves]
    return an_inbound_message(
        channel=channel,
        account="support",
        conversation_key=f"{channel} of {number}",
        provider_message_id=f"<{uuid.uuid4().hex}@customer.test>",
        sender=Sender(primary=proven[0], others=tuple(proven[1:]), display_name=f"Person {number}"),
        subject=f"Order 47{number}1",
        text=f"Where is my order 47{number}1? It should have come on Monday ({said}).",
        received_at=STARTED + timedelta(seconds=said),
    )


async def in_order(town: Town, batch: Sequence[InboundMessage]) -> dict[str, tuple[Dossier, list[TimelineEntry]]]:
    """Gapless timelines, and each message stands in one dossier, once."""
    dossiers = await town.dossiers()
    messages: Counter[str] = Counter()
    for dossier, entries in dossiers.values():
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        here = standing(entries)
        assert dossier.view.messages == here.count
        messages.update(list(here.messages))
    assert messages == Counter({each.message_id: 1 for each in batch})
    return dossiers


@pytest.mark.timeout(180)
async def test_the_same_person_on_three_channels_in_the_same_second_has_one_dossier(
    town: Town, eventually: Eventually
) -> None:
    batch = [
        writes(number, channel, said, proves=proves)
        for number in range(PEOPLE)
        for channel, proves in (
            ("email", (email(number),)),
            ("chat", (Identity(kind="shop-account", value=f"account-{number}"), email(number))),
            ("sms", (phone(number), email(number))),
        )
        for said in range(3)
    ]
    sent = batch + random.Random(5).sample(batch, len(batch) // 2)  # what comes again
    random.Random(6).shuffle(sent)  # and in what order
    await asyncio.gather(*(town.write(sent[start::4]) for start in range(4)))

    async def one_dossier_each() -> None:
        dossiers = await in_order(town, batch)
        full = [dossier for dossier, _ in dossiers.values() if dossier.view.messages]
        assert Counter(each.customer_id for each in full) == Counter(
            {await town.whose(email(number)): 1 for number in range(PEOPLE)}
        )
        assert all(len(each.view.conversations) == 3 for each in full)

    await eventually(one_dossier_each, timeout_s=90)


@pytest.mark.timeout(180)
async def test_a_merge_of_customers_in_the_middle_of_a_batch_leaves_one_dossier(
    town: Town, eventually: Eventually
) -> None:
    """Everybody begins as two customers: one by mail, one by telephone. Both write on while an agent merges them."""
    first = [writes(number, "email", 0, proves=(email(number),)) for number in range(PEOPLE)]
    first += [writes(number, "sms", 1, proves=(phone(number),)) for number in range(PEOPLE)]
    await town.write(first)

    async def known() -> None:
        await in_order(town, first)

    await eventually(known, timeout_s=60)
    more = [
        writes(number, channel, said, proves=(proof(number),))
        for said in range(2, 8)
        for number in range(PEOPLE)
        for channel, proof in (("email", email), ("sms", phone))
    ]

    async def write_on() -> None:
        for start in range(0, len(more), 8):
            await town.write([*more[start : start + 8], first[start % len(first)]])  # and one comes again

    async def merge(number: int) -> None:
        one, other = await town.whose(email(number)), await town.whose(phone(number))
        asked = {"command_id": uuid.uuid4().hex, "other_customer_id": other}
        answer = await town.profiles.post(f"/customers/{one}/merge", json=asked, headers=AGENT)
        assert answer.status_code == 200, answer.text

    await asyncio.gather(write_on(), *(merge(number) for number in range(PEOPLE)))

    async def one_dossier_each() -> None:
        dossiers = await in_order(town, first + more)
        full = [dossier for dossier, _ in dossiers.values() if dossier.view.messages]
        owners = {await town.whose(email(number)) for number in range(PEOPLE)}
        assert len(owners) == PEOPLE
        assert Counter(each.customer_id for each in full) == Counter(dict.fromkeys(owners, 1))

    await eventually(one_dossier_each, timeout_s=90)
