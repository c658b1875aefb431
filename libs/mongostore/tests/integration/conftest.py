from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from omnifil_devstack.mongo_server import MongoServer
from omnifil_devstack.ports import free_ports


@pytest.fixture
async def own_mongod(tmp_path: Path) -> AsyncIterator[MongoServer]:
    """A mongod of this test alone, to be killed and restarted."""
    server = await MongoServer.start(tmp_path, port=free_ports(1)[0])
    yield server
    await server.kill()
