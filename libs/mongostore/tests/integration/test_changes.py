import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from itertools import count
from pathlib import Path

import pytest
from omnifil_devstack.mongo_server import MongoServer, mongod_program
from omnifil_devstack.ports import HOST, free_ports
from omnifil_devstack.server_process import ServerProcess, accepts_connections
from omnifil_mongostore import Change, ChangeTail, Mongo, ResumeToken, ResumeTokenGone, connect, translate
from omnifil_servicekit.errors import Transient
from omnifil_testkit.waiting import Eventually

pytestmark = pytest.mark.integration


async def read(tail: ChangeTail, token: ResumeToken | None, wanted: int) -> tuple[list[Change], ResumeToken]:
    """At least `wanted` changes after `token`, and the token after them."""
    changes: list[Change] = []
    async with aclosing(tail.batches(token, asyncio.Event())) as batches:
        async for batch in batches:
            changes += batch.changes
            token = batch.resume_token
            if len(changes) >= wanted:
                break
    assert token is not None
    return changes, token


@asynccontextmanager
async def tiny_oplog(folder: Path) -> AsyncIterator[Mongo]:
    """A replica set of one whose oplog holds one megabyte."""
    port = free_ports(1)[0]
    command = [str(mongod_program()), "--dbpath", str(folder), "--port", str(port), "--bind_ip", HOST]
    server = await ServerProcess.spawn(
        "MongoDB",
        [*command, "--nounixsocket", "--replSet", "rs0", "--oplogSize", "1", "--syncdelay", "1"],
        log=folder / "log",
    )
    await server.until(lambda: accepts_connections(HOST, port), timeout_s=30)
    alone = connect(f"mongodb://{HOST}:{port}/?directConnection=true", prefix="t")
    members = [{"_id": 0, "host": f"{HOST}:{port}"}]
    await alone.client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
    await alone.close()
    try:
        async with connect(f"mongodb://{HOST}:{port}/?replicaSet=rs0", prefix="t") as mongo:
            yield mongo
    finally:
        await server.kill()


async def now(tail: ChangeTail) -> ResumeToken:
    return (await read(tail, None, 0))[1]


async def test_changes_come_in_whole_batches_and_in_order(mongo: Mongo) -> None:
    database = mongo.database("x")
    tail = ChangeTail(database, "things", batch_size=400)
    token = await now(tail)
    await database["things"].insert_many([{"_id": n} for n in range(1000)])
    seen: list[int] = []
    sizes: list[int] = []
    stop = asyncio.Event()
    async for batch in tail.batches(token, stop):
        sizes.append(len(batch.changes))
        seen += [change.document_key["_id"] for change in batch.changes]
        if len(seen) == 1000:
            stop.set()
    assert seen == list(range(1000))
    assert [size for size in sizes if size] == [400, 400, 200]


async def test_the_first_batch_comes_at_once_and_from_its_token_on_nothing_is_missed(mongo: Mongo) -> None:
    things = mongo.database("x")["things"]
    await things.insert_one({"_id": "before"})
    tail = ChangeTail(mongo.database("x"), "things", max_await_ms=60_000)
    async with asyncio.timeout(30):
        token = await now(tail)
    await things.insert_one({"_id": "after"})
    changes, _ = await read(tail, token, 1)
    assert [change.document_key["_id"] for change in changes] == ["after"]


async def test_every_batch_carries_the_token_to_go_on_from(mongo: Mongo) -> None:
    database = mongo.database("x")
    tail = ChangeTail(database, "things", batch_size=10)
    token = await now(tail)
    await database["things"].insert_many([{"_id": n} for n in range(35)])
    seen: list[int] = []
    while len(seen) < 35:  # a new reader for each batch
        changes, token = await read(tail, token, 1)
        seen += [change.document_key["_id"] for change in changes]
    assert seen == list(range(35))


async def test_a_quiet_collection_gives_empty_batches_whose_token_moves_on(mongo: Mongo) -> None:
    database = mongo.database("x")
    stop = asyncio.Event()
    tokens = []
    elsewhere = count()
    async for batch in ChangeTail(database, "things", max_await_ms=20).batches(None, stop):
        assert batch.changes == []
        tokens.append(batch.resume_token["_data"])
        await database["other"].insert_one({"_id": next(elsewhere)})
        if len(set(tokens)) >= 3:
            stop.set()
    assert tokens == sorted(tokens)


async def test_updates_bring_the_document_only_when_asked(mongo: Mongo) -> None:
    database = mongo.database("x")
    bare, full = ChangeTail(database, "things"), ChangeTail(database, "things", full_document=True)
    token = await now(bare)
    await database["things"].insert_one({"_id": 1, "a": 1})
    await database["things"].update_one({"_id": 1}, {"$set": {"a": 2}})
    without, _ = await read(bare, token, 2)
    assert [(change.operation, change.document) for change in without] == [
        ("insert", {"_id": 1, "a": 1}),
        ("update", None),
    ]
    with_document, _ = await read(full, token, 2)
    assert with_document[1].document == {"_id": 1, "a": 2}


async def test_the_pipeline_selects_on_the_server(mongo: Mongo) -> None:
    database = mongo.database("x")
    tail = ChangeTail(database, "things", pipeline=[{"$match": {"fullDocument.slot": 1}}])
    token = await now(tail)
    await database["things"].insert_many([{"_id": n, "slot": n % 2} for n in range(10)])
    changes, _ = await read(tail, token, 5)
    assert [change.document_key["_id"] for change in changes] == [1, 3, 5, 7, 9]


async def test_it_goes_on_after_the_collection_was_dropped(mongo: Mongo) -> None:
    database = mongo.database("x")
    await database["things"].insert_one({"_id": 0})
    tail = ChangeTail(database, "things", max_await_ms=50)
    token = await now(tail)
    await database["things"].drop()
    changes, token = await read(tail, token, 2)
    assert [change.operation for change in changes] == ["drop", "invalidate"]
    await database["things"].insert_one({"_id": 1})
    changes, _ = await read(tail, token, 1)
    assert changes[0].document == {"_id": 1}


@pytest.mark.parametrize("token", [{"_data": "no hex"}, {"_data": "82"}, {"_data": 5}, {"other": 1}, {}])
async def test_a_token_that_is_none_is_gone(mongo: Mongo, token: ResumeToken) -> None:
    with pytest.raises(ResumeTokenGone, match="cannot be tailed from the stored token"):
        await read(ChangeTail(mongo.database("x"), "things"), token, 1)


async def test_a_token_of_another_collection_is_gone(mongo: Mongo) -> None:
    database = mongo.database("x")
    async with database["other"].watch(max_await_time_ms=100) as elsewhere:
        await database["other"].insert_one({"_id": 1})
        # The change's own token: that of a batch may lie behind it, at what others write, and fits every collection.
        token = dict((await anext(elsewhere))["_id"])
    await database["things"].insert_one({"_id": 1})
    with pytest.raises(ResumeTokenGone):
        await read(ChangeTail(database, "things"), token, 1)


async def test_a_token_that_the_oplog_has_moved_past_is_gone(tmp_path: Path, eventually: Eventually) -> None:
    async with tiny_oplog(tmp_path) as mongo:
        things = mongo.database("x")["things"]
        tail = ChangeTail(mongo.database("x"), "things")
        token = await now(tail)
        await things.insert_one({"_id": 1})
        _, token = await read(tail, token, 1)
        oplog = mongo.client["local"]["oplog.rs"]
        newest = await oplog.find_one({}, sort=[("$natural", -1)])
        assert newest is not None

        async def moved_past() -> bool:
            await things.insert_one({"filling": "x" * 200_000})
            oldest = await oplog.find_one({}, sort=[("$natural", 1)])
            return oldest is not None and bool(oldest["ts"] > newest["ts"])

        await eventually(moved_past, timeout_s=60)
        with pytest.raises(ResumeTokenGone, match="oplog"):
            await read(tail, token, 1)


async def test_a_wrong_pipeline_is_not_mistaken_for_a_lost_token(mongo: Mongo) -> None:
    tail = ChangeTail(mongo.database("x"), "things")
    token = await now(tail)
    with pytest.raises(Exception, match="Unrecognized pipeline stage"):
        await read(ChangeTail(mongo.database("x"), "things", pipeline=[{"$nonsense": {}}]), token, 1)


async def test_it_stops_within_one_wait(mongo: Mongo) -> None:
    stop = asyncio.Event()
    async with asyncio.timeout(30):
        async for _ in ChangeTail(mongo.database("x"), "things", max_await_ms=200).batches(None, stop):
            stop.set()


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_a_restart_of_the_server_neither_loses_nor_repeats_a_change(
    own_mongod: MongoServer, end: str, eventually: Eventually
) -> None:
    """Writers and the tail go on through two restarts; each insert that was acknowledged is seen exactly once."""
    mongo = connect(own_mongod.uri + "&serverSelectionTimeoutMS=2000", prefix="t")
    things = mongo.database("x")["things"]
    tail = ChangeTail(mongo.database("x"), "things", max_await_ms=100)
    seen: list[int] = []
    acknowledged: list[int] = []
    stop_writing, stop_reading = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        for number in count():
            if stop_writing.is_set():
                return
            try:
                with translate():
                    await things.insert_one({"_id": number})
            except Transient:
                continue
            acknowledged.append(number)

    async def follow() -> None:
        async for batch in tail.batches(token, stop_reading):
            seen.extend(change.document_key["_id"] for change in batch.changes)

    async def reach(number: int) -> None:
        await eventually(lambda: len(seen) >= number, timeout_s=30)

    token = await now(tail)
    writing, following = asyncio.create_task(write()), asyncio.create_task(follow())
    for _ in range(2):
        await reach(len(seen) + 20)
        await (own_mongod.stop() if end == "stop" else own_mongod.kill())
        await own_mongod.restart()
    await reach(len(seen) + 20)
    stop_writing.set()
    await writing
    await eventually(lambda: acknowledged[-1] in seen, timeout_s=20)
    stop_reading.set()
    await following
    await mongo.close()
    assert len(seen) == len(set(seen))
    assert set(acknowledged) <= set(seen)
    assert seen == sorted(seen)


async def test_a_change_of_primary_is_gone_through(own_mongod: MongoServer) -> None:
    mongo = connect(own_mongod.uri, prefix="t")
    things = mongo.database("x")["things"]
    tail = ChangeTail(mongo.database("x"), "things", max_await_ms=100)
    seen: list[int] = []
    stop = asyncio.Event()
    async for batch in tail.batches(None, stop):
        seen += [change.document_key["_id"] for change in batch.changes]
        if not seen:
            await things.insert_one({"_id": 1})
        elif seen == [1]:
            await mongo.client.admin.command({"replSetStepDown": 1, "force": True})
            while 2 not in seen:
                try:
                    with translate():
                        await things.insert_one({"_id": 2})
                    break
                except Transient:
                    continue
        elif seen == [1, 2]:
            stop.set()
    await mongo.close()
    assert seen == [1, 2]
