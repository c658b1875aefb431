"""A channel of one's own: the lines of docs/integrating.md, run as they stand there."""

import asyncio
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from omnifil_contracts.dossier import MessageLinked
from omnifil_contracts.topics import REGISTRY
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.agent import Agent
from omnifil_messaging import KafkaSettings, TopicTail, ensure_topics

pytestmark = pytest.mark.e2e

GUIDE = Path(__file__).parents[2] / "docs" / "integrating.md"
SEEN_WITHIN_S = 40


@pytest.fixture(scope="session")
def example() -> str:
    """The Python block of the guide."""
    [block] = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    return str(block)


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
