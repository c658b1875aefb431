"""The service as a process: it says when it is ready, stops without a loss, and survives being killed."""

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
from omnifil_devstack.ports import free_ports

pytestmark = pytest.mark.integration


def environment(settings: Any, port: int) -> dict[str, str]:
    account = settings.chat_accounts[0]
    keys = [{"kid": key.kid, "key": key.key.get_secret_value()} for key in account.identity_keys]
    accounts = [{**account.model_dump(mode="json"), "identity_keys": keys}]
    return {
        "PATH": os.environ["PATH"],
        "OMNIFIL_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "OMNIFIL_TOPIC_PREFIX": settings.topic_prefix,
        "OMNIFIL_MONGO_URI": settings.mongo_uri,
        "OMNIFIL_MONGO_PREFIX": settings.mongo_prefix,
        "OMNIFIL_HTTP_PORT": str(port),
        "OMNIFIL_INTERNAL_TOKEN": "internal-token",
        "OMNIFIL_CHAT_MESSAGES_BURST": "100",
        "OMNIFIL_CHAT_ACCOUNTS": json.dumps(accounts),
        "OMNIFIL_CHAT_SESSION_KEYS": json.dumps([key.get_secret_value() for key in settings.chat_session_keys]),
    }


@asynccontextmanager
async def process(settings: Any, port: int, eventually: Any) -> AsyncIterator[asyncio.subprocess.Process]:
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ingest_chat.main", "serve", "deliver", env=environment(settings, port)
    )

    async def is_ready() -> None:
        assert started.returncode is None
        async with httpx.AsyncClient(trust_env=False) as http:
            try:
                assert (await http.get(f"http://127.0.0.1:{port}/health/ready")).status_code == 200
            except httpx.TransportError as error:
                raise AssertionError("not listening yet") from error

    try:
        await eventually(is_ready, 60)
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]


@pytest.mark.timeout(150)
async def test_it_stops_on_sigterm_and_tells_its_visitors_to_come_back(
    settings: Any, port: int, eventually: Any, replica: Any
) -> None:
    async with process(settings, port, eventually) as started:
        visitor = replica.visitor()
        visitor.base = f"http://127.0.0.1:{port}"
        await visitor.connect()
        await eventually(lambda: visitor.all("live") or False)
        started.send_signal(signal.SIGTERM)
        await eventually(lambda: visitor.closed == (1012, "restarting"))
        assert await asyncio.wait_for(started.wait(), 20) == 0


@pytest.mark.timeout(240)
async def test_killed_at_any_moment_nothing_is_lost_or_doubled(
    settings: Any, port: int, eventually: Any, replica: Any, records_of: Any
) -> None:
    visitor = replica.visitor()
    visitor.base = f"http://127.0.0.1:{port}"
    accepted: set[str] = set()
    wanted = [f"message-{n:02d}" for n in range(30)]
    for kill_after in (4, 12):
        async with process(settings, port, eventually) as started:
            await visitor.connect(after=0)
            await eventually(lambda: visitor.all("live") or False)
            for name in wanted:
                if name not in accepted:
                    await visitor.send(name, name)
            await eventually(partial(_has_accepted, visitor, kill_after))
            started.send_signal(signal.SIGKILL)
            await started.wait()
            await visitor.disconnect()
            accepted |= {frame["client_message_id"] for frame in visitor.all("accepted")}
    assert len(accepted) >= 16
    visitor.base = replica.base
    await visitor.connect(after=0)
    await eventually(lambda: visitor.all("live") or False)
    for name in [name for name in wanted if name not in accepted]:
        await visitor.send(name, name)

    async def all_there() -> None:
        records = await records_of("inbound.chat.v1")
        ids = [record["message_id"] for record in records]
        first = {record["message_id"]: record["text"] for record in reversed(records)}
        assert [first[each] for each in dict.fromkeys(ids)] == wanted

    await eventually(all_there)
    await eventually(lambda: [visitor.entries[seq]["text"] for seq in sorted(visitor.entries)] == wanted)
    await visitor.disconnect()


def _has_accepted(visitor: Any, count: int) -> bool:
    return len(visitor.all("accepted")) >= count
