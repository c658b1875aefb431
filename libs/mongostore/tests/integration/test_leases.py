import asyncio
import sys
import time
from datetime import UTC, datetime

import pytest
from omnifil_devstack.mongo_server import MongoServer
from omnifil_mongostore import Lease, Mongo, Positions, connect
from omnifil_servicekit.logs import redact
from omnifil_testkit.servers import Mongod
from omnifil_testkit.waiting import Eventually
from structlog.testing import capture_logs

pytestmark = pytest.mark.integration


def lease(mongo: Mongo, ttl_s: float = 10) -> Lease:
    return Lease(mongo.database("cases"), "relay", ttl_s)


async def test_one_holds_it_at_a_time_and_the_token_grows(mongo: Mongo) -> None:
    holding = 0
    tokens: list[int | None] = []

    async def work() -> None:
        nonlocal holding
        async with lease(mongo, ttl_s=5).held(asyncio.Event()) as token:
            holding += 1
            assert holding == 1
            await mongo.database("cases")["work"].insert_one({})
            tokens.append(token)
            holding -= 1

    await asyncio.gather(*(work() for _ in range(4)))
    assert sorted(tokens, key=lambda token: token or 0) == tokens == [1, 2, 3, 4]


async def test_it_is_kept_beyond_its_time_while_its_holder_lives(mongo: Mongo, eventually: Eventually) -> None:
    stop = asyncio.Event()
    first, second = lease(mongo, ttl_s=3), lease(mongo, ttl_s=3)
    async with first.held(stop) as token:
        waiting = asyncio.create_task(_take(second, stop))
        began = time.monotonic()
        await eventually(lambda: time.monotonic() - began > 5)
        assert not waiting.done()
        assert not first.lost.is_set()
    assert await waiting == (token or 0) + 1


async def _take(wanted: Lease, stop: asyncio.Event) -> int | None:
    async with wanted.held(stop) as token:
        return token


async def test_it_is_given_back_at_once(mongo: Mongo) -> None:
    async with lease(mongo, ttl_s=60).held(asyncio.Event()):
        pass
    async with asyncio.timeout(30), lease(mongo, ttl_s=60).held(asyncio.Event()) as token:
        assert token == 2


async def test_its_fencing_token_can_be_read_in_the_log(mongo: Mongo) -> None:
    """It tells whose writes count, and is no secret; what is called a token is taken out of every log."""
    with capture_logs() as events:
        async with lease(mongo).held(asyncio.Event()) as token:
            pass
    written = [redact(None, "info", event) for event in events if event["event"] == "lease_taken"]
    assert [event["fencing_token"] for event in written] == [token] == [1]


HOLD = """
import asyncio, sys
from omnifil_mongostore import Lease, connect

async def main():
    mongo = connect(sys.argv[1], prefix=sys.argv[2])
    async with Lease(mongo.database("cases"), "relay", 1.5).held(asyncio.Event()):
        print("held", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_when_its_holder_is_killed_another_takes_over_after_the_ttl_and_not_before(
    mongo: Mongo, mongod: Mongod
) -> None:
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, mongod.uri, mongo.prefix, stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    while b"held" not in (line := await holder.stdout.readline()):
        assert line
    holder.kill()
    await holder.wait()
    left = await mongo.database("cases")["leases"].find_one({"_id": "relay"})
    assert left is not None
    async with asyncio.timeout(20), lease(mongo, ttl_s=1.5).held(asyncio.Event()) as token:
        assert datetime.now(UTC) >= left["expires_at"]
        assert token == 2


async def test_a_stop_ends_the_waiting_without_the_lease(mongo: Mongo) -> None:
    stop = asyncio.Event()
    async with lease(mongo).held(stop):
        standby = lease(mongo)
        waiting = asyncio.create_task(_take(standby, stop))
        stop.set()
        assert await waiting is None
        assert standby.lost.is_set()


async def test_the_holder_is_told_when_somebody_else_has_it(mongo: Mongo) -> None:
    held = lease(mongo, ttl_s=0.6)
    async with held.held(asyncio.Event()):
        await mongo.database("cases")["leases"].update_one({"_id": "relay"}, {"$set": {"holder": "thief"}})
        async with asyncio.timeout(30):
            await held.lost.wait()
    found = await mongo.database("cases")["leases"].find_one({"_id": "relay"})
    assert found is not None
    assert found["holder"] == "thief"  # and does not give back what is not its own


async def test_the_holder_knows_that_it_is_lost_before_the_server_gives_it_away(own_mongod: MongoServer) -> None:
    mongo = connect(own_mongod.uri + "&serverSelectionTimeoutMS=500", prefix="t")
    held = lease(mongo, ttl_s=9)
    async with held.held(asyncio.Event()):
        await own_mongod.kill()
        killed_at = time.monotonic()
        async with asyncio.timeout(30):
            await held.lost.wait()
        assert time.monotonic() - killed_at <= 9
    await mongo.close()


async def test_a_lost_lease_halts_the_work_and_it_begins_again_when_the_lease_is_back(
    mongo: Mongo, eventually: Eventually
) -> None:
    stop = asyncio.Event()
    held = lease(mongo, ttl_s=3)
    runs: list[int | None] = []

    async def work(halt: asyncio.Event) -> None:
        runs.append(held.token)
        await halt.wait()

    running = asyncio.create_task(held.run_held(stop, work))
    await eventually(lambda: len(runs) == 1)
    leases = mongo.database("cases")["leases"]
    await leases.update_one({"_id": "relay"}, [{"$set": {"holder": "thief", "expires_at": "$$NOW"}}])
    await eventually(lambda: len(runs) == 2)
    stop.set()
    await running
    assert runs == [1, 2]


async def test_work_that_was_fenced_begins_again_under_a_later_token(mongo: Mongo) -> None:
    stop = asyncio.Event()
    positions = Positions(mongo.database("cases"))
    await positions.save("relay", None, fence=2)
    held = lease(mongo, ttl_s=3)
    tokens: list[int | None] = []

    async def work(halt: asyncio.Event) -> None:
        tokens.append(held.token)
        await positions.save("relay", None, fence=held.token)
        stop.set()

    async with asyncio.timeout(30):
        await held.run_held(stop, work)
    assert tokens == [1, 2]


async def test_a_standby_tells_that_it_is_well(mongo: Mongo, eventually: Eventually) -> None:
    stop = asyncio.Event()
    signs = 0

    def waiting() -> None:
        nonlocal signs
        signs += 1

    async with lease(mongo).held(stop):
        standby = Lease(mongo.database("cases"), "relay", 0.3, waiting=waiting)
        running = asyncio.create_task(_take(standby, stop))
        await eventually(lambda: signs >= 3)
        stop.set()
        await running
