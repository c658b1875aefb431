"""The pytest plugin: real servers for a session, topics and databases of its own for each test.

Nothing heavy is imported before a test asks for it: the plugin is loaded for unit tests too.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from omnifil_testkit.waiting import Eventually, eventually_

if TYPE_CHECKING:
    from omnifil_messaging import KafkaSettings
    from omnifil_mongostore import Mongo

    from omnifil_testkit.servers import GreenMail, Kafka, Mongod


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    """The session's broker (`.bootstrap`)."""
    from omnifil_testkit.servers import shared_kafka

    with shared_kafka() as broker:
        yield broker


@pytest.fixture(scope="session")
def mongod() -> Iterator[Mongod]:
    """The session's mongod (`.uri`), a replica set of one."""
    from omnifil_testkit.servers import shared_mongod

    with shared_mongod() as server:
        yield server


@pytest.fixture(scope="session")
def greenmail() -> Iterator[GreenMail]:
    """The session's mail server (`.smtp`, `.imap`, `await .add(address, password)`)."""
    from omnifil_testkit.servers import shared_greenmail

    with shared_greenmail() as server:
        yield server


@pytest_asyncio.fixture
async def kafka_settings(kafka: Kafka) -> AsyncIterator[KafkaSettings]:
    """Settings with a topic prefix of this test's own; its topics are deleted afterwards."""
    from omnifil_messaging import KafkaSettings

    from omnifil_testkit.isolation import delete_topics

    prefix = f"t{uuid.uuid4().hex[:10]}."
    yield KafkaSettings(bootstrap=kafka.bootstrap, topic_prefix=prefix, client_id="test")
    await delete_topics(kafka.bootstrap, prefix)


@pytest_asyncio.fixture
async def mongo(mongod: Mongod) -> AsyncIterator[Mongo]:
    """A connection whose databases have a prefix of this test's own; they are dropped afterwards."""
    from omnifil_mongostore import connect

    from omnifil_testkit.isolation import drop_databases

    prefix = f"t{uuid.uuid4().hex[:10]}"
    connected = connect(mongod.uri, prefix=prefix)
    yield connected
    await connected.close()
    await drop_databases(mongod.uri, f"{prefix}_")


@pytest.fixture
def eventually() -> Eventually:
    """`await eventually(condition, timeout_s=15)`: polls until the condition holds; see `omnifil_testkit.waiting`."""
    return eventually_
