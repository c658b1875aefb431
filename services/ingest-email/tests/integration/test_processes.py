"""The service as a process: it becomes ready, stops on SIGTERM, and survives SIGKILL without a loss or a repetition."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx
import pytest
from email_scenes.mails import a_mail
from email_scenes.outside import MakeMailbox, Suite
from email_scenes.replies import a_reply
from omnifil_devstack.ports import free_ports
from omnifil_messaging import Outgoing
from omnifil_testkit.builders import NOON
from omnifil_testkit.waiting import Eventually

pytestmark = pytest.mark.integration


@asynccontextmanager
async def service(suite: Suite, account: dict[str, Any], port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m ingest_email.main receive deliver`, ready."""
    environment = {
        "PATH": os.environ["PATH"],
        "OMNIFIL_KAFKA_BOOTSTRAP": suite.kafka.bootstrap,
        "OMNIFIL_TOPIC_PREFIX": suite.kafka.topic_prefix,
        "OMNIFIL_MONGO_URI": suite.mongod.uri,
        "OMNIFIL_MONGO_PREFIX": suite.mongo.prefix,
        "OMNIFIL_HTTP_PORT": str(port),
        "OMNIFIL_INTERNAL_TOKEN": "not-a-secret",
        "OMNIFIL_EMAIL_ACCOUNTS": json.dumps([account]),
        "OMNIFIL_EMAIL_READERS": "1",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ingest_email.main", "receive", "deliver", env=environment, stdout=sys.stderr
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ready(port: int) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            answer = await client.get(f"http://127.0.0.1:{port}/health/ready")
        except httpx.TransportError as error:
            raise AssertionError("it does not answer yet") from error
    assert answer.status_code == 200, answer.text


async def test_it_becomes_ready_and_stops_cleanly(
    suite: Suite, new_mailbox: MakeMailbox, eventually: Eventually
) -> None:
    mailbox = await new_mailbox()
    (port,) = free_ports(1)
    async with service(suite, mailbox.account(), port) as process:
        await eventually(lambda: ready(port), timeout_s=60)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            assert await process.wait() == 0


async def test_sigkill_loses_nothing_and_repeats_nothing(
    suite: Suite, new_mailbox: MakeMailbox, eventually: Eventually
) -> None:
    shop, customer = await new_mailbox(), await new_mailbox()
    (port,) = free_ports(1)
    sent, replies = 0, []
    for _round in range(3):
        async with service(suite, shop.account(), port) as process:
            await eventually(lambda: ready(port), timeout_s=60)
            for _ in range(5):
                shop.deliver(a_mail(message_id=f"<{sent}@mail.example>"))
                sent += 1
            more = [a_reply(customer.address, conversation=f"<c{sent}-{n}@x>") for n in range(5)]
            await suite.producer.publish_all(
                [
                    Outgoing("outbound.email.v1", each.outbound_id, each, each.outbound_id, "/t", None, NOON)
                    for each in more
                ]
            )
            replies += more
            # killed as soon as the first sign of this round's work shows, in the middle of the rest
            await eventually(partial(at_least, suite, sent - 4), timeout_s=60)
            process.kill()
            await process.wait()
    async with service(suite, shop.account(), port):
        await eventually(lambda: at_least(suite, sent), timeout_s=60)
        await eventually(lambda: all_told(suite, {each.outbound_id for each in replies}), timeout_s=120)
        await eventually(lambda: {b"\\Seen"} == set().union(*shop.flags()), timeout_s=60)
    values = await suite.values("inbound.email.v1")
    assert {each["provider_message_id"] for each in values} == {f"<{n}@mail.example>" for n in range(sent)}
    delivered = [raw.split(b"Message-ID: ")[1].split(b"\r\n")[0] for raw in customer.raws()]
    assert len(delivered) == len(set(delivered))
    told = await all_told(suite, {each.outbound_id for each in replies})
    arrived = {message_id.decode() for message_id in delivered}
    for outbound_id, states in told.items():
        assert len(states) == 1
        assert any(outbound_id in each for each in arrived) or states == {"failed"}  # and then the agent knows


async def at_least(suite: Suite, count: int) -> None:
    assert len({each["provider_message_id"] for each in await suite.values("inbound.email.v1")}) >= count


async def all_told(suite: Suite, outbound_ids: set[str]) -> dict[str, set[str]]:
    told: dict[str, set[str]] = {}
    for each in await suite.values("delivery.events.v1"):
        told.setdefault(each["outbound_id"], set()).add(each["state"])
    assert told.keys() == outbound_ids
    return told
