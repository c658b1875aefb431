import smtplib

import pytest
from aiokafka.client import AIOKafkaClient
from imapclient import IMAPClient
from omnifil_testkit.isolation import drop_databases
from omnifil_testkit.servers import GreenMail, Kafka, Mongod
from pymongo import AsyncMongoClient

pytestmark = pytest.mark.integration


async def test_the_broker_answers(kafka: Kafka) -> None:
    client = AIOKafkaClient(bootstrap_servers=kafka.bootstrap)
    await client.bootstrap()
    assert client.cluster.brokers()
    await client.close()


async def test_mongod_takes_a_transaction_and_leaves_no_database(mongod: Mongod) -> None:
    client: AsyncMongoClient[dict[str, str]] = AsyncMongoClient(mongod.uri)
    async with client, client.start_session() as session:
        async with await session.start_transaction():
            await client["testkit_x"]["things"].insert_one({"a": "b"}, session=session)
        assert await client["testkit_x"]["things"].count_documents({}) == 1
        await drop_databases(mongod.uri, "testkit_")
        assert "testkit_x" not in await client.list_database_names()


async def test_a_mail_to_a_new_mailbox_is_read_by_imap(greenmail: GreenMail) -> None:
    await greenmail.add("testkit@example.test", "secret")
    with smtplib.SMTP(*greenmail.smtp) as smtp:
        smtp.sendmail("a@example.test", ["testkit@example.test"], b"Subject: hello\r\n\r\nBody\r\n")
    with IMAPClient(*greenmail.imap, ssl=False) as imap:
        imap.login("testkit@example.test", "secret")
        imap.select_folder("INBOX")
        assert imap.search("ALL")
