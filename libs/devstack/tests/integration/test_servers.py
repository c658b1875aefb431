"""The servers alone: what was acknowledged is there after kill -9, and a taken port is said."""

import smtplib
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from imapclient import IMAPClient
from omnifil_devstack.errors import PortTaken
from omnifil_devstack.kafka_server import KafkaServer
from omnifil_devstack.mail_server import Mailbox, MailServer
from omnifil_devstack.mongo_server import MongoServer
from omnifil_devstack.ports import free_ports
from pymongo import AsyncMongoClient

pytestmark = pytest.mark.integration


async def test_kafka_has_what_it_acknowledged_after_it_was_killed(tmp_path: Path) -> None:
    port, controller_port = free_ports(2)
    broker = await KafkaServer.start(tmp_path, port=port, controller_port=controller_port)
    try:
        admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic("things", 1, 1)])
        await admin.close()
        async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all") as producer:
            await producer.send_and_wait("things", b"kept")
        await broker.kill()
        await broker.restart()
        consumer = AIOKafkaConsumer("things", bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest")
        async with consumer:
            assert (await consumer.getone()).value == b"kept"
    finally:
        await broker.kill()


async def test_mongod_has_what_it_journaled_after_it_was_killed_and_on_another_port(tmp_path: Path) -> None:
    first, second = free_ports(2)
    server = await MongoServer.start(tmp_path, port=first)
    try:
        await _insert(server.uri, {"_id": 1})
        await server.kill()
        await server.restart()
        assert await _ids(server.uri) == [1]
        await server.stop()
        server = await MongoServer.start(tmp_path, port=second)
        await _insert(server.uri, {"_id": 2})
        assert await _ids(server.uri) == [1, 2]
    finally:
        await server.kill()


async def test_the_mail_server_delivers_and_is_empty_after_a_restart(tmp_path: Path) -> None:
    smtp_port, imap_port, api_port = free_ports(3)
    mailbox = Mailbox("a@post.test", "secret")
    server = await MailServer.start(
        tmp_path, smtp_port=smtp_port, imap_port=imap_port, api_port=api_port, mailboxes=[mailbox]
    )
    try:
        with smtplib.SMTP("127.0.0.1", smtp_port) as smtp:
            smtp.sendmail("b@post.test", [mailbox.address], b"Subject: hello\r\n\r\nBody\r\n")
        assert len(_mails(imap_port, mailbox)) == 1
        await server.restart()
        assert _mails(imap_port, mailbox) == []
    finally:
        await server.kill()


async def test_a_taken_port_is_said_by_its_number(tmp_path: Path) -> None:
    [port] = free_ports(1)
    server = await MongoServer.start(tmp_path / "one", port=port)
    try:
        with pytest.raises(PortTaken, match=f"Port {port}, which MongoDB needs, is taken"):
            await MongoServer.start(tmp_path / "two", port=port)
    finally:
        await server.kill()


async def _insert(uri: str, document: dict[str, Any]) -> None:
    async with AsyncMongoClient[dict[str, Any]](uri, w="majority", journal=True) as client:
        await client["x"]["things"].insert_one(document)


async def _ids(uri: str) -> list[int]:
    async with AsyncMongoClient[dict[str, Any]](uri) as client:
        return [each["_id"] async for each in client["x"]["things"].find().sort("_id")]


def _mails(port: int, mailbox: Mailbox) -> list[int]:
    with IMAPClient("127.0.0.1", port, ssl=False) as imap:
        imap.login(mailbox.address, mailbox.password)
        imap.select_folder("INBOX")
        return list(imap.search("ALL"))
