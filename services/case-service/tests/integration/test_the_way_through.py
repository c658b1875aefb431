"""One message, all the way: identified → timeline → dossier event, projection, snapshot; and an answer back out."""

import asyncio
from typing import Any

import httpx
import pytest
from case_scenes.town import EventsSeen, Publish, Running
from omnifil_contracts import ids
from omnifil_contracts.delivery import SendMessage
from omnifil_contracts.topics import IDENTIFIED, OUTBOUND
from omnifil_messaging import KafkaSettings, Producer, TopicTail, ensure_topics
from omnifil_messaging.outgoing import Wire
from omnifil_messaging.topics import existing_topics
from omnifil_testkit.builders import an_identified_message, an_inbound_message
from omnifil_testkit.waiting import Eventually

pytestmark = pytest.mark.integration


async def inbox(client: httpx.AsyncClient, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/dossiers")).json()["dossiers"]
    assert len(found) == count
    return found


async def test_a_message_becomes_a_dossier_that_everybody_sees(
    running: Running, publish: Publish, events_seen: EventsSeen, eventually: Eventually
) -> None:
    await publish([an_identified_message()])
    async with running("consume", "relay", "api") as client:
        dossier = (await eventually(lambda: inbox(client, 1)))[0]
        snapshot = (await client.get(f"/dossiers/{dossier['dossier_id']}")).json()
        assert snapshot["dossier"] == dossier
        types = [entry["event"]["type"] for entry in snapshot["timeline"]]
        assert types == ["dossier_opened", "conversation_linked", "message_linked"]
        assert [event.entry.seq for event in await events_seen()] == [1, 2, 3]


async def test_a_reply_goes_out_on_its_channel(
    running: Running, publish: Publish, kafka_settings: KafkaSettings, eventually: Eventually
) -> None:
    await publish([an_identified_message()])
    async with running("consume", "relay", "api") as client:
        dossier = (await eventually(lambda: inbox(client, 1)))[0]
        conversation_id = dossier["conversations"][0]["conversation"]["conversation_id"]
        request = {
            "command_id": "command-1",
            "command": {"type": "reply", "text": "Soon.", "conversation_ids": [conversation_id], "seen_seq": 3},
        }
        path = f"/dossiers/{dossier['dossier_id']}/commands"
        first = await client.post(path, json=request)
        assert first.status_code == 200, first.text
        assert (await client.post(path, json=request)).json() == first.json()
        stop = asyncio.Event()
        async for batch in TopicTail(kafka_settings, OUTBOUND.of("email"), SendMessage).read("beginning", stop):
            (sent,) = batch
            stop.set()
        assert sent.key == conversation_id
        assert sent.record.target.outbound_id == ids.outbound_id(sent.record.reply_id, conversation_id)
        assert sent.record.agent.id == "amelie"


async def test_errors_are_problems_with_a_code(running: Running, publish: Publish, eventually: Eventually) -> None:
    async with running("api") as client:
        missing = await client.get("/dossiers/none")
        assert (missing.status_code, missing.json()["code"]) == (404, "dossier-not-found")
        page = await client.get("/dossiers", params={"page": "nonsense"})
        assert (page.status_code, page.json()["code"]) == (400, "invalid-page")
        bad = await client.post("/dossiers/none/commands", json={"command_id": "command-1", "command": {"type": "?"}})
        assert bad.status_code == 422
        client.headers.pop("Authorization")
        assert (await client.get("/dossiers")).status_code == 401


async def test_an_integrators_channel_that_appears_later_is_consumed(
    running: Running, publish: Publish, kafka_settings: KafkaSettings, eventually: Eventually
) -> None:
    async with running("consume", "relay", "api") as client:
        await ensure_topics(kafka_settings, [IDENTIFIED], channels=["sms"])
        await publish([an_identified_message(an_inbound_message(channel="sms"))])
        await eventually(lambda: inbox(client, 1), timeout_s=30)


async def test_a_poison_record_is_set_aside_and_its_neighbours_go_through(
    running: Running, publish: Publish, kafka_settings: KafkaSettings, eventually: Eventually
) -> None:
    good = [an_identified_message(customer_id=f"customer-{number}") for number in range(2)]
    await publish(good[:1])
    misplaced = an_identified_message(an_inbound_message(channel="chat")).model_dump_json().encode()
    async with Producer(kafka_settings) as producer:
        topic = IDENTIFIED.of("email")
        await producer.publish_raw([Wire(topic, b"k", b"{broken"), Wire(topic, b"k", misplaced)])
        await publish(good[1:])
        async with running("consume", "relay", "api") as client:
            await eventually(lambda: inbox(client, 2))
            assert f"{topic}.dead-letter" in await existing_topics(kafka_settings)

            async def set_aside() -> None:
                ends = await TopicTail(kafka_settings, f"{topic}.dead-letter").end_offsets()
                assert sum(ends.values()) == 2

            await eventually(set_aside)
            await inbox(client, 2)
