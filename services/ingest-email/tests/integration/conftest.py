"""The service, run in this process on real Kafka, mongod and GreenMail."""

import uuid
from collections.abc import AsyncIterator

import pytest
from email_scenes.outside import Mailbox, MakeMailbox, Suite
from omnifil_contracts.topics import REGISTRY
from omnifil_messaging import KafkaSettings, Producer, ensure_topics
from omnifil_mongostore import Mongo
from omnifil_testkit.servers import GreenMail, Mongod


@pytest.fixture
def new_mailbox(greenmail: GreenMail) -> MakeMailbox:
    async def make() -> Mailbox:
        mailbox = Mailbox(f"m{uuid.uuid4().hex[:10]}@brume.example", "secret", greenmail)
        await greenmail.add(mailbox.address, mailbox.password)
        return mailbox

    return make


@pytest.fixture
async def suite(kafka_settings: KafkaSettings, mongo: Mongo, mongod: Mongod) -> AsyncIterator[Suite]:
    await ensure_topics(kafka_settings, REGISTRY, channels=["email"])
    async with Producer(kafka_settings) as producer:
        yield Suite(kafka_settings, mongo, mongod, producer)
