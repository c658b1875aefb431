import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from omnifil_devstack.mongo_server import mongod_program
from omnifil_devstack.ports import HOST, free_ports
from omnifil_devstack.server_process import ServerProcess, accepts_connections
from omnifil_mongostore import Mongo, NotAReplicaSet, Session, connect
from omnifil_servicekit.errors import Transient
from omnifil_testkit.servers import Mongod

pytestmark = pytest.mark.integration


@pytest.fixture
async def single_server(tmp_path: Path) -> AsyncIterator[int]:
    """The port of a mongod that is no replica set."""
    port = free_ports(1)[0]
    command = [str(mongod_program()), "--dbpath", str(tmp_path), "--port", str(port), "--bind_ip", HOST]
    server = await ServerProcess.spawn("MongoDB", [*command, "--nounixsocket"], log=tmp_path / "log")
    await server.until(lambda: accepts_connections(HOST, port), timeout_s=30)
    yield port
    await server.kill()


async def test_writes_reach_the_server_as_majority_and_journaled_whatever_the_uri_says(
    mongo: Mongo, mongod: Mongod
) -> None:
    careless = connect(f"{mongod.uri}&w=1&journal=false&readConcernLevel=local", prefix=mongo.prefix)
    database = careless.database("x")
    await database.command({"profile": 2})
    await database["things"].insert_one({"_id": 1})
    await database["things"].find_one({"_id": 1})
    await database.command({"profile": 0})
    written = await database["system.profile"].find_one({"command.insert": "things"})
    read = await database["system.profile"].find_one({"command.find": "things"})
    await careless.close()
    assert written is not None
    assert read is not None
    assert written["command"]["writeConcern"]["w"] == "majority"
    assert written["command"]["writeConcern"]["j"] is True
    assert read["command"]["readConcern"]["level"] == "majority"


async def test_instants_come_back_aware_and_in_utc(mongo: Mongo) -> None:
    things = mongo.database("x")["things"]
    there = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=timezone(timedelta(hours=5)))
    await things.insert_one({"_id": 1, "at": there})
    found = await things.find_one({"_id": 1})
    assert found is not None
    assert found["at"] == there
    assert found["at"].tzinfo is UTC or found["at"].utcoffset() == timedelta(0)


@pytest.mark.parametrize("options", ["", "?replicaSet=rs0", "?directConnection=true"])
async def test_a_single_server_is_refused_in_one_sentence(single_server: int, options: str) -> None:
    uri = f"mongodb://{HOST}:{single_server}/{options}"
    if "replicaSet" in options:
        uri += "&serverSelectionTimeoutMS=1000"
    with pytest.raises(NotAReplicaSet, match=f"{single_server} is not a replica set.*--replSet"):
        async with connect(uri, prefix="t"):
            pass


async def test_a_server_that_is_away_is_transient_and_named() -> None:
    port = free_ports(1)[0]
    with pytest.raises(Transient, match=f"{HOST}:{port}"):
        async with connect(f"mongodb://{HOST}:{port}/?replicaSet=rs0&serverSelectionTimeoutMS=300", prefix="t"):
            pass


async def test_transactions_that_conflict_both_take_effect(mongo: Mongo) -> None:
    things = mongo.database("x")["things"]
    await things.insert_one({"_id": 1, "count": 0})
    attempts = 0

    async def increment(session: Session) -> None:
        nonlocal attempts
        found = await things.find_one({"_id": 1}, session=session)
        assert found is not None
        attempts += 1
        if attempts == 2:
            both_have_read.set()
        await both_have_read.wait()
        await things.update_one({"_id": 1}, {"$set": {"count": found["count"] + 1}}, session=session)

    both_have_read = asyncio.Event()
    await asyncio.gather(mongo.transaction(increment), mongo.transaction(increment))
    found = await things.find_one({"_id": 1})
    assert found == {"_id": 1, "count": 2}
    assert attempts > 2  # one of them had to begin again


async def test_a_transaction_that_raises_leaves_nothing(mongo: Mongo) -> None:
    things = mongo.database("x")["things"]
    await things.insert_one({"_id": 0})

    async def half(session: Session) -> None:
        await things.insert_one({"_id": 1}, session=session)
        raise ValueError("second half")

    with pytest.raises(ValueError, match="second half"):
        await mongo.transaction(half)
    assert await things.count_documents({}) == 1


async def test_what_a_transaction_returns_is_returned(mongo: Mongo) -> None:
    async def answer(session: Session) -> int:
        await mongo.database("x")["things"].insert_one({"_id": 1}, session=session)
        return 42

    assert await mongo.transaction(answer) == 42
