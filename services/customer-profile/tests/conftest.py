"""Fixtures of all tests of this service."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from omnifil_messaging import KafkaSettings
from omnifil_mongostore import Mongo
from omnifil_testkit.servers import Mongod

# Test files are imported one by one, without a package to share things in: this gives them one, of a name of its own.
sys.path.insert(0, str(Path(__file__).parent))

from profile_scenes.scene import Scene
from profile_scenes.town import Town, town_of


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
async def town(mongod: Mongod, kafka_settings: KafkaSettings, mongo: Mongo) -> AsyncIterator[Town]:
    async with town_of(kafka_settings, mongod.uri, mongo.prefix) as town:
        yield town
