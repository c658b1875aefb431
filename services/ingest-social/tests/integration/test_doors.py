"""The service as a process would run it, between the network player, Kafka and MongoDB."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from ingest_social.bootstrap import bootstrap
from ingest_social.settings import SocialSettings
from omnifil_contracts.delivery import DeliveryReported
from omnifil_contracts.message import InboundMessage
from omnifil_contracts.topics import DELIVERY_EVENTS, INBOUND, OUTBOUND, RAW_SOCIAL, REGISTRY, dead_letter_of
from omnifil_devstack.world.network import NetworkSettings, Person
from omnifil_devstack.world.network.app import network_app
from omnifil_messaging import Outgoing, Producer, TopicTail, ensure_topics
from omnifil_messaging.outgoing import Wire

pytestmark = pytest.mark.integration

PAGE_ID, PSID = "100200300400500", "6100000000000101"


def free_socket() -> socket.socket:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    return listening


@contextlib.asynccontextmanager
async def served(app: Any, listening: socket.socket) -> AsyncIterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
    task = asyncio.create_task(server.serve([listening]))
    while not server.started:
        assert not task.done()
        await asyncio.sleep(0.01)
    host, port = listening.getsockname()
    yield f"http://{host}:{port}"
    server.should_exit = True
    await task


class Door:
    """The running service and what its topics hold."""

    def __init__(self, url: str, network_url: str, kafka: Any) -> None:
        self.url, self.network_url, self.kafka = url, network_url, kafka

    async def topic(self, name: str, record_type: Any = None) -> list[Any]:
        """Everything on a topic until now."""
        tail = TopicTail(self.kafka, name, record_type) if record_type else TopicTail(self.kafka, name)
        ends = await tail.end_offsets()
        if not sum(ends.values()):
            return []
        stop, got = asyncio.Event(), list[Any]()
        async for batch in tail.read("beginning", stop, idle_s=0.5):
            got += batch
            if not batch or len(got) >= sum(ends.values()):
                stop.set()
        return got

    async def write(self, text: str, **form: Any) -> None:
        async with httpx.AsyncClient() as http:
            url = f"{self.network_url}/network/people/{PSID}/messages"
            (await http.post(url, data={"text": text}, **form)).raise_for_status()

    async def post(self, body: bytes, signature: str | None) -> httpx.Response:
        headers = {} if signature is None else {"X-Hub-Signature-256": signature}
        async with httpx.AsyncClient() as http:
            return await http.post(f"{self.url}/webhooks/messenger", content=body, headers=headers)

    async def seen(self) -> list[dict[str, Any]]:
        async with httpx.AsyncClient() as http:
            answer = await http.get(f"{self.network_url}/network/people/{PSID}/messages")
            return [message for message in answer.json() if message["author"] == "app"]


@pytest.fixture
async def door(kafka_settings: Any, mongo: Any, mongod: Any, tmp_path: Path) -> AsyncIterator[Door]:
    await ensure_topics(kafka_settings, REGISTRY, channels=["social"])
    ours, theirs = free_socket(), free_socket()
    our_port, their_port = ours.getsockname()[1], theirs.getsockname()[1]
    network = NetworkSettings(
        webhook_url=f"http://127.0.0.1:{our_port}/webhooks/messenger",
        public_url=f"http://127.0.0.1:{their_port}",
        database=tmp_path / "network.sqlite",
        app_secret="app_secret-for-tests",
        verify_token="verify_token-for-tests",
        page_token="page_token-for-tests",
        page_id=PAGE_ID,
        people=(Person(PSID, "Clara", "Martin"),),
        retry_pauses_s=(0.1,),
        delivery_delay_s=0.05,
    )
    page = {
        "account": "page-brume",
        "page_id": PAGE_ID,
        "app_secret": network.app_secret,
        "verify_token": network.verify_token,
        "page_token": network.page_token,
        "graph_url": f"{network.public_url}/v20.0",
        "picture_hosts": ["127.0.0.1"],
    }
    settings = SocialSettings.model_validate(
        {
            "kafka_bootstrap": kafka_settings.bootstrap,
            "topic_prefix": kafka_settings.topic_prefix,
            "mongo_uri": mongod.uri,
            "mongo_prefix": mongo.prefix,
            "internal_token": "internal-secret",
            "social_pages": [page],
            "social_echo_patience_s": 1,
        }
    )
    parts = bootstrap(settings)
    stop = asyncio.Event()
    assert parts.resources is not None
    async with parts.resources, served(parts.app, ours) as url, served(network_app(network), theirs) as network_url:
        loops = [asyncio.ensure_future(loop(stop)) for loop in parts.loops.values()]
        yield Door(url, network_url, kafka_settings)
        stop.set()
        await asyncio.gather(*loops)


async def test_a_message_with_a_picture_arrives_with_the_writers_name(door: Door, eventually: Any) -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
    await door.write("Look at this", files={"picture": ("a.png", png, "image/png")})

    async def arrived() -> InboundMessage:
        [received] = await door.topic(INBOUND.of("social"), InboundMessage)
        return received.record  # type: ignore[no-any-return]

    async def holds() -> bool:
        return len(await door.topic(INBOUND.of("social"))) == 1

    await eventually(holds)
    message = await arrived()
    assert (message.text, message.sender.display_name) == ("Look at this", "Clara Martin")
    assert message.attachments[0].size_bytes == len(png)
    assert message.reply_window_ends_at is not None


async def test_unsigned_and_wrongly_signed_webhooks_are_refused_and_not_processed(door: Door, writer: Any) -> None:
    body = writer.body(writer.text("Let me in"), page_id=PAGE_ID)
    unsigned = await door.post(body, None)
    wrong = await door.post(body, writer.signature(body, "guessed-secret"))
    assert (unsigned.status_code, unsigned.json()["code"]) == (401, "signature-missing")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "signature-wrong")
    assert await door.topic(INBOUND.of("social")) == []
    assert (await door.post(body, writer.signature(body))).status_code == 200
    assert len(await door.topic(INBOUND.of("social"))) == 1


async def test_the_handshake_proves_the_address_to_the_network(door: Door) -> None:
    async with httpx.AsyncClient() as http:
        url = f"{door.url}/webhooks/messenger"
        asked = {"hub.mode": "subscribe", "hub.verify_token": "verify_token-for-tests", "hub.challenge": "1158"}
        assert (await http.get(url, params=asked)).text == "1158"
        assert (await http.get(url, params=asked | {"hub.verify_token": "x"})).status_code == 403


async def test_what_is_not_understood_is_set_aside_and_can_be_replayed(
    door: Door, writer: Any, eventually: Any
) -> None:
    """A part that was set aside is replayed as the raw bytes that it was: understood by then, it goes the usual way."""
    broken = writer.body(writer.event(message={"mid": 5}), writer.text("neighbour"), page_id=PAGE_ID)
    assert (await door.post(broken, writer.signature(broken))).status_code == 200
    [letter] = await door.topic(dead_letter_of(RAW_SOCIAL.name))
    assert letter.headers["omnifil_dl_cause"] == "NotUnderstood"
    assert b'"mid": 5' in letter.record
    assert len(await door.topic(INBOUND.of("social"))) == 1
    mended = letter.record.replace(b'"mid": 5', b'"mid": "m_5", "text": "mended"')
    async with Producer(door.kafka) as producer:
        headers = [("omnifil_account", b"page-brume")]
        await producer.publish_raw([Wire(RAW_SOCIAL.name, b"page-brume", mended, headers)])

    async def both() -> bool:
        return len(await door.topic(INBOUND.of("social"))) == 2

    await eventually(both)


async def test_a_reply_goes_out_once_and_its_receipts_come_back(door: Door, command: Any, eventually: Any) -> None:
    await door.write("Hello?")
    reply = command(window_ends_at=None)
    key = {"key": PSID, "account": "page-brume"}
    conversation = reply.target.conversation.model_copy(update=key)
    reply = reply.model_copy(update={"target": reply.target.model_copy(update={"conversation": conversation})})
    outgoing = Outgoing(
        OUTBOUND.of("social"), conversation.conversation_id, reply, "e1", "/test", None, reply.requested_at
    )
    async with Producer(door.kafka) as producer:
        await producer.publish_all([outgoing, outgoing])

    async def states() -> list[str]:
        return [str(each.record.state) for each in await door.topic(DELIVERY_EVENTS.name, DeliveryReported)]

    async def delivered() -> bool:
        return "delivered" in await states()

    await eventually(delivered)
    assert [message["text"] for message in await door.seen()] == ["It is on its way."]
    async with httpx.AsyncClient() as http:
        await http.post(f"{door.network_url}/network/people/{PSID}/look")

    async def read() -> bool:
        return "read" in await states()

    await eventually(read)
    assert len(await door.topic(INBOUND.of("social"))) == 1, "the echo of our own reply is no message"
