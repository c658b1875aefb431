"""One message, all the way: identified → timeline → dossier event, projection, snapshot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from case_service.bootstrap import bootstrap
from case_service.settings import Settings
from omnifil_contracts.dossier import DossierEvent
from omnifil_contracts.topics import DOSSIER_EVENTS, IDENTIFIED
from omnifil_messaging import KafkaSettings, Outgoing, Producer, TopicTail
from omnifil_mongostore import Mongo
from omnifil_testkit.builders import NOON, an_identified_message

pytestmark = pytest.mark.integration

TOKEN = "internal-secret"


@asynccontextmanager
async def running(settings: Settings, *roles: str) -> AsyncIterator[httpx.AsyncClient]:
    parts = bootstrap(settings, frozenset(roles))
    stop = asyncio.Event()
    assert parts.resources is not None
    async with parts.resources:
        loops = [asyncio.create_task(loop(stop)) for loop in parts.loops.values()]
        transport = httpx.ASGITransport(parts.app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://case", headers={"Authorization": f"Bearer {TOKEN}"}
        ) as client:
            try:
                yield client
            finally:
                stop.set()
                await asyncio.gather(*loops)


@pytest.fixture
def settings(kafka_settings: KafkaSettings, mongo: Mongo, mongod: object) -> Settings:
    return Settings(
        kafka_bootstrap=kafka_settings.bootstrap,
        topic_prefix=kafka_settings.topic_prefix,
        mongo_uri=mongod.uri,
        mongo_prefix=mongo.prefix,
        http_port=0,
        internal_token=TOKEN,
        case_reference_keys=["key"],
        case_discovery_interval_s=0.2,
    )


async def test_a_message_becomes_a_dossier_that_everybody_sees(settings, kafka_settings, eventually) -> None:
    identified = an_identified_message()
    async with running(settings, "consume", "relay", "api") as client, Producer(kafka_settings) as producer:
        await producer.publish(
            Outgoing(IDENTIFIED.of("email"), identified.customer_id, identified, "e1", "/test", None, NOON)
        )

        async def in_the_inbox() -> dict:
            inbox = (await client.get("/dossiers")).json()
            assert len(inbox["dossiers"]) == 1
            return inbox

        inbox = await eventually(in_the_inbox)
        dossier = inbox["dossiers"][0]
        snapshot = (await client.get(f"/dossiers/{dossier['dossier_id']}")).json()
        assert snapshot["dossier"] == dossier
        assert [entry["event"]["type"] for entry in snapshot["timeline"]] == [
            "dossier_opened",
            "conversation_linked",
            "message_linked",
        ]
        stop = asyncio.Event()
        seen = []
        async for batch in TopicTail(kafka_settings, DOSSIER_EVENTS.name, DossierEvent).read("beginning", stop):
            seen += [received.record.entry.seq for received in batch]
            if len(seen) >= 3:
                stop.set()
        assert seen == [1, 2, 3]
