"""Each kind of fault on the real suite, one of everything: the harm is there, and it goes when it is healed."""

import asyncio
import json
import os
import smtplib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.message import EmailMessage
from random import Random
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from chaos_field.clock_faults import NO_COMPILER, ClockSkew
from chaos_field.disk_faults import NOT_ROOT, DiskFull
from chaos_field.disturbance import Disturbance
from chaos_field.fault import striking
from chaos_field.field import Field, Shape
from chaos_field.link_faults import HalfOpen, Link, LinkFault
from chaos_field.mail_faults import MailServerDeath
from chaos_field.place import free_base
from chaos_field.process_faults import Freeze, Kill, Restart
from chaos_field.processes import is_stopped, present
from imapclient import IMAPClient
from omnifil_messaging import KafkaSettings
from omnifil_testkit.waiting import eventually_ as eventually
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

pytestmark = [pytest.mark.e2e, pytest.mark.chaos, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

_LONG_S = 600.0
"""Longer than any test: healing ends it."""
_AGAIN_WITHIN_S = 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def field(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Field]:
    async with Field.raised(Shape.PLAIN, tmp_path_factory.mktemp("field"), free_base()) as field:
        yield field


@pytest_asyncio.fixture(loop_scope="module")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        yield client


def ready_url(field: Field, service: str) -> str:
    return f"{field.stack.services[service]}/health/ready"


async def is_ready(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).is_success
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("name", ["case-service", "kafka", "mongod"])
async def test_what_is_killed_comes_back_as_another_process(field: Field, name: str) -> None:
    before = present(name)
    fault = Kill(name, name)
    await fault.strike()
    await fault.heal()
    assert present(name).pid != before.pid
    await field.settled(_AGAIN_WITHIN_S)


async def test_what_is_frozen_does_not_answer_until_it_is_thawed(field: Field, http: httpx.AsyncClient) -> None:
    before = present("case-service")
    async with striking(Freeze("case-service", "case-service", _LONG_S)):
        await eventually(lambda: is_stopped(before))
        with pytest.raises(httpx.ReadTimeout):
            await http.get(ready_url(field, "case-service"), timeout=1)
    await field.settled(_AGAIN_WITHIN_S)
    assert present("case-service") == before


async def test_a_restart_lets_a_process_finish(field: Field) -> None:
    before = present("ingest-chat")
    fault = Restart("ingest-chat", "ingest-chat")
    await fault.strike()
    await fault.heal()
    assert present("ingest-chat").pid != before.pid
    assert "ingest-chat ended (with code 0)" in (field.plan.logs / "supervisor.log").read_text()
    await field.settled(_AGAIN_WITHIN_S)


async def test_a_cut_leaves_a_service_without_its_server_and_others_with_it(
    field: Field, http: httpx.AsyncClient
) -> None:
    link = Link("case-service->mongod", "case-service", ("mongod",))
    async with striking(LinkFault("cut", link, field.doors, Disturbance(refused=True), _LONG_S, reset=True)):
        await eventually(lambda: _not(is_ready(http, ready_url(field, "case-service"))), 30)
        assert await is_ready(http, ready_url(field, "customer-profile"))
    await field.settled(_AGAIN_WITHIN_S)


async def test_a_blackholed_database_is_waited_for_and_then_found_again(field: Field, http: httpx.AsyncClient) -> None:
    link = Link("case-service->mongod", "case-service", ("mongod",))
    async with striking(LinkFault("blackhole", link, field.doors, Disturbance(held=True), _LONG_S, reset=False)):
        await eventually(lambda: _not(is_ready(http, ready_url(field, "case-service"))), 30)
        assert (await field.doors.clients("mongod"))["case-service"] > 0
    await field.settled(_AGAIN_WITHIN_S)


async def test_a_slow_link_to_a_gateway_is_felt_by_its_desktops(field: Field, http: httpx.AsyncClient) -> None:
    link = Link("desktop->agent-gateway", "outside", ("agent-gateway",))
    how = Disturbance(latency_ms=300)
    url = f"{field.gateways[0]}/health/live"
    async with striking(LinkFault("slow", link, field.doors, how, _LONG_S, reset=False)):

        async def late() -> None:
            began = asyncio.get_running_loop().time()
            assert (await http.get(url)).is_success
            assert asyncio.get_running_loop().time() - began > 0.6

        await eventually(late)


async def test_connections_to_kafka_that_went_half_open_are_made_anew(field: Field, http: httpx.AsyncClient) -> None:
    link = Link("customer-profile->kafka", "customer-profile", ("kafka",))
    before = (await field.doors.clients("kafka"))["customer-profile"]
    async with striking(HalfOpen(link, field.doors, _LONG_S)):
        # new ones beside those of which only this end is left
        await eventually(lambda: _more(field, "kafka", "customer-profile", before), 90)
    await field.settled(_AGAIN_WITHIN_S)


async def test_the_mail_server_dies_and_what_nobody_had_read_is_put_back(field: Field) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "nobody@post.test", field.stack.accounts.email, "Still here"
    mail["Message-ID"] = f"<{os.urandom(8).hex()}@post.test>"
    mail.set_content("Was it kept?")
    reader, before = present("ingest-email"), present("greenmail")
    async with striking(Freeze("ingest-email", "ingest-email", _LONG_S)):
        await eventually(lambda: is_stopped(reader))
        await asyncio.to_thread(_send, field, mail)
        fault = MailServerDeath(field.doors, field.stack.world)
        await fault.strike()
        await fault.heal()
        assert present("greenmail").pid != before.pid
        await eventually(lambda: asyncio.to_thread(_is_there, field, str(mail["Message-ID"]), seen=False))
    await field.settled(_AGAIN_WITHIN_S)
    await eventually(lambda: asyncio.to_thread(_is_there, field, str(mail["Message-ID"]), seen=True), 60)


@pytest.mark.parametrize(
    ("name", "log", "complaint"),
    [("mongod", "mongod", "No space left on device"), ("kafka", "supervisor", "kafka ended (with code 1)")],
)
async def test_a_full_disk_stops_a_server_and_room_brings_it_back(
    field: Field, name: str, log: str, complaint: str
) -> None:
    if not field.disks:
        pytest.skip(NOT_ROOT)
    before = present(name)
    async with striking(DiskFull(name, name, field.disks[name], _LONG_S)):
        await eventually(lambda: _not(_can_write(field, name)), 60)
        await eventually(lambda: complaint in _log(field, log), 60)
        await eventually(lambda: before.alive() is None, 60)
    # The one that was started while the disk was full may answer for a moment before it ends as well.
    await eventually(lambda: _can_write(field, name), _AGAIN_WITHIN_S)
    await field.settled(_AGAIN_WITHIN_S)


async def test_a_wrong_clock_is_seen_by_one_process_alone(field: Field, http: httpx.AsyncClient) -> None:
    if field.plan.clocks is None:
        pytest.skip(NO_COMPILER)
    fault = ClockSkew("customer-profile", "clock:customer-profile", field.plan.clocks, 3600, _LONG_S)
    async with striking(fault):
        await eventually(lambda: _says_another_hour(field, http, "customer-profile"), 30)
        assert not await _says_another_hour(field, http, "case-service")
    await eventually(lambda: _not(_says_another_hour(field, http, "customer-profile")), 30)


async def test_faults_that_are_drawn_can_be_struck_one_after_the_other(field: Field) -> None:
    seen: set[str] = set()
    for fault in field.faults(Random(11)):
        if fault.kind in seen or fault.target in ("kafka", "mongod"):
            continue
        seen.add(fault.kind)
        async with striking(fault):
            pass
        if len(seen) >= 6:
            break
    await field.settled(_AGAIN_WITHIN_S)


async def _not(told: object) -> bool:
    assert asyncio.iscoroutine(told)
    return not await told


async def _more(field: Field, door: str, client: str, than: int) -> bool:
    return (await field.doors.clients(door)).get(client, 0) > than


async def _can_write(field: Field, name: str) -> bool:
    """Whether a server takes something and says that it is safe."""
    try:
        if name == "mongod":
            uri = (
                f"mongodb://127.0.0.1:{field.plan.ports['mongod']}/?directConnection=true&serverSelectionTimeoutMS=1000"
            )
            async with AsyncMongoClient[dict[str, Any]](uri, w="majority", journal=True, timeoutMS=3_000) as client:
                await client["probe"]["probe"].insert_one({"filling": "x" * 100_000})
        else:
            settings = KafkaSettings(f"127.0.0.1:{field.plan.ports['kafka']}", client_id="probe")
            producer = AIOKafkaProducer(**settings.connection(), acks="all", request_timeout_ms=3_000)
            async with producer, asyncio.timeout(5):
                await producer.send_and_wait("inbound.chat.v1.dead-letter", b"x" * 100_000)
    except (PyMongoError, KafkaError, TimeoutError, OSError):
        return False
    return True


def _log(field: Field, name: str) -> str:
    return (field.plan.logs / f"{name}.log").read_text(errors="replace")


async def _says_another_hour(field: Field, http: httpx.AsyncClient, service: str) -> bool:
    """By what it logs of a request just now."""
    await http.get(f"{field.stack.services[service]}/no-such-page")
    said = [json.loads(line) for line in _log(field, service).splitlines() if '"timestamp"' in line]
    told = datetime.fromisoformat(said[-1]["timestamp"])
    return abs((told - datetime.now(UTC)).total_seconds()) > 1800


def _send(field: Field, mail: EmailMessage) -> None:
    with smtplib.SMTP(field.stack.smtp.host, field.stack.smtp.port, timeout=10) as smtp:
        smtp.sendmail("nobody@post.test", [field.stack.accounts.email], mail.as_bytes())


def _is_there(field: Field, message_id: str, *, seen: bool) -> bool:
    """Whether the company's mailbox has the mail once, read or not."""
    login = next(each for each in field.stack.mailboxes if each.username == field.stack.accounts.email)
    with IMAPClient(field.stack.imap.host, field.stack.imap.port, ssl=False) as imap:
        imap.login(login.username, login.password)
        imap.select_folder("INBOX", readonly=True)
        found = imap.search(["HEADER", "Message-ID", message_id])
        flags = imap.get_flags(found).values() if found else ()
        return [b"\\Seen" in each for each in flags] == [seen]
