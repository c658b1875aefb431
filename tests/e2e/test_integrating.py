"""A channel of one's own: the lines of docs/integrating.md, run as they stand there."""

import asyncio
import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from omnifil_contracts.dossier import MessageLinked
from omnifil_contracts.topics import REGISTRY
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.agent import Agent
from omnifil_devstack.story.customer import World
from omnifil_messaging import KafkaSettings, TopicTail, ensure_topics

pytestmark = pytest.mark.e2e

GUIDE = Path(__file__).parents[2] / "docs" / "integrating.md"
SEEN_WITHIN_S = 40
LETTERS = str.maketrans("0123456789", "ghijklmnop")


@pytest.fixture(scope="session")
def example() -> str:
    """The guide's block on messages."""
    return blocks()[0]


@pytest.fixture(scope="session")
def pushing() -> str:
    """The guide's block on facts."""
    return blocks()[1]


def blocks() -> list[str]:
    """The Python blocks of the guide."""
    return re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)


@pytest.fixture
async def sms(stack: Stack) -> None:
    """The topics of the channel, made while everything runs."""
    await ensure_topics(KafkaSettings(stack.kafka, client_id="test"), REGISTRY, channels=["sms"])


def publish(example: str, stack: Stack, sms_id: str, phone: str, text: str) -> None:
    told = {"OMNIFIL_KAFKA_BOOTSTRAP": stack.kafka, "SMS_ID": sms_id, "SMS_FROM": phone, "SMS_TEXT": text}
    ran = subprocess.run(  # noqa: S603  # the guide's own example
        [sys.executable, "-c", example], env={**os.environ, **told}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def linked(agent: Agent, text: str) -> list[tuple[str, MessageLinked]]:
    return [
        (dossier_id, entry.event)
        for dossier_id, entry in agent.entries()
        if isinstance(entry.event, MessageLinked) and entry.event.message.text == text
    ]


def test_the_example_is_ten_lines(example: str) -> None:
    lines = [line for line in example.splitlines() if line.strip() and "import" not in line]
    assert len(lines) <= 10


async def test_a_published_message_appears_in_a_dossier_once(
    example: str, stack: Stack, agent: Agent, sms: None
) -> None:
    phone, text = f"+3361{uuid.uuid4().int % 10**7:07}", f"Has my parcel left? {uuid.uuid4().hex}"
    sms_id = uuid.uuid4().hex
    publish(example, stack, sms_id, phone, text)
    publish(example, stack, sms_id, phone, text)
    answer = f"And the other one? {uuid.uuid4().hex}"
    publish(example, stack, uuid.uuid4().hex, phone, answer)
    await agent.until(lambda: linked(agent, answer) or None, "the second message", SEEN_WITHIN_S)
    [(dossier_id, event)] = linked(agent, text)
    assert (event.message.channel, event.message.sender.primary.identity.key) == ("sms", f"phone:{phone}")
    assert [other for other, _ in linked(agent, answer)] == [dossier_id]


async def test_a_malformed_record_is_set_aside_and_its_neighbours_go_through(
    example: str, stack: Stack, agent: Agent, sms: None, eventually: Any
) -> None:
    phone, text = f"+3362{uuid.uuid4().int % 10**7:07}", f"I am fine {uuid.uuid4().hex}"
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka, acks="all") as kafka:
        marker = uuid.uuid4().hex
        await kafka.send_and_wait("inbound.sms.v1", f'{{"text": "{marker}"'.encode(), key=f"phone:{phone}".encode())
    publish(example, stack, uuid.uuid4().hex, phone, text)
    await agent.until(lambda: linked(agent, text) or None, "the neighbour", SEEN_WITHIN_S)

    async def is_kept() -> None:
        tail = TopicTail(KafkaSettings(stack.kafka, client_id="test"), "inbound.sms.v1.dead-letter")
        stop, letters = asyncio.Event(), list[Any]()
        async for batch in tail.read("beginning", stop, idle_s=0.3):
            letters += [received for received in batch if marker.encode() in received.record]
            if not batch:
                stop.set()
        assert [received.headers["omnifil_dl_cause"] for received in letters] == ["NotJson"]

    await eventually(is_kept)


def push(pushing: str, stack: Stack, update_id: str, email: str) -> None:
    told = {
        "OMNIFIL_URL": stack.agent_gateway.url,
        "SHOP_TOKEN": stack.integrations["shop"],
        "UPDATE_ID": update_id,
        "CUSTOMER_EMAIL": email,
    }
    ran = subprocess.run(  # noqa: S603  # the guide's own example
        [sys.executable, "-c", pushing], env={**os.environ, **told}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_pushing_takes_ten_lines_too(pushing: str) -> None:
    assert len([line for line in pushing.splitlines() if line.strip() and "import" not in line]) <= 10


async def test_a_pushed_order_and_cart_show_on_the_card_and_in_the_journey(
    pushing: str, stack: Stack, agent: Agent, eventually: Any
) -> None:
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        world = World(stack, http)
        customer = await world.move_in(f"Ines {uuid.uuid4().hex[:8].translate(LETTERS)}")
        for _ in range(2):
            push(pushing, stack, "order-4711-sent", customer.email)
        text = f"Where is my coat? {uuid.uuid4().hex}"
        await world.write_mail(customer, "My coat", text)
    [(dossier_id, event)] = await agent.until(
        lambda: [each for each in mailed(agent) if text in each[1].message.text] or None, "the mail", SEEN_WITHIN_S
    )
    cart = {
        "update_id": uuid.uuid4().hex,
        "source": "shop",
        "identity": {"kind": "email", "value": customer.email},
        "records": [{"kind": "cart", "record_id": "1", "title": "A scarf", "at": "2026-03-02T12:00:00Z"}],
        "consents": [{"channel": "email", "purpose": "marketing", "granted": False}],
        "occurred_at": "2026-03-02T12:00:00Z",
    }
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka, acks="all") as kafka:
        await kafka.send_and_wait("profile.updates.v1", b"{ broken", key=f"email:{customer.email}".encode())
        key = f"email:{customer.email}".encode()
        await kafka.send_and_wait("profile.updates.v1", json.dumps(cart).encode(), key=key)

    async def card_shows_both() -> None:
        card = await agent.card(event.customer_id)
        profile = card.customer.profile
        assert profile is not None
        assert [(each.kind, each.source) for each in profile.records] == [("order", "shop"), ("cart", "shop")]
        assert [(each.channel, each.granted) for each in profile.consents] == [("email", False)]
        assert (card.preferred_channel, card.preferred_channel_from) == ("email", "journey")

    await eventually(card_shows_both)
    contacts = (await agent.journey(event.customer_id)).contacts
    assert sorted(each.kind for each in contacts) == ["message", "record", "record"]
    assert [each.dossier_id for each in contacts if each.kind == "message"] == [dossier_id]


def mailed(agent: Agent) -> list[tuple[str, MessageLinked]]:
    return [
        (dossier_id, entry.event)
        for dossier_id, entry in agent.entries()
        if isinstance(entry.event, MessageLinked) and entry.event.message.channel == "email"
    ]
