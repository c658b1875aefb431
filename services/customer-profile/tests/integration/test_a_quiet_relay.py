"""What the relay does while no customer changes."""

import asyncio
from typing import Any

import pytest
from customer_profile.adapters.in_memory import Announced
from customer_profile.adapters.mongo_identities import COLLECTION, DATABASE, INDEXES, MongoIdentities
from customer_profile.domain.identities import KnownIdentity, Link, link_id
from customer_profile.entrypoints.relay import POSITION, Relay
from customer_profile.handlers import Announcer
from omnifil_contracts.identity import SYSTEM, Assurance, Because, Identity
from omnifil_mongostore import Mongo, ensure_indexes
from omnifil_testkit.builders import NOON
from omnifil_testkit.waiting import Eventually

pytestmark = pytest.mark.integration


def someone(handle: str) -> KnownIdentity:
    identity = Identity(kind="email", value=handle)
    because = Because(rule="new-customer", evidence=())
    link = Link(link_id(identity.key, "m-1"), f"c-{handle}", Assurance.CHANNEL, NOON, because, SYSTEM, "m-1")
    return KnownIdentity(identity, 1, Assurance.CHANNEL, (link,), "email", NOON)


async def test_it_writes_nothing_while_no_customer_changes_and_misses_none_that_changes_then(
    mongo: Mongo, eventually: Eventually
) -> None:
    database = mongo.database(DATABASE)
    await ensure_indexes(database, INDEXES)
    identities, announced, beats = MongoIdentities(mongo), Announced(), list[None]()
    relay = Relay(mongo, Announcer(identities, announced), idle_save_s=3600, beat=lambda: beats.append(None))
    stop = asyncio.Event()
    running = asyncio.create_task(relay.run(stop))

    async def place() -> Any:
        return await database["positions"].find_one({"_id": POSITION})

    try:
        await eventually(place)
        first = await place()
        await identities.write([someone("a@y.test")], [])

        async def has_moved() -> bool:
            return bool(await place() != first)

        await eventually(has_moved)
        assert [state.customer_id for state in announced.states] == ["c-a@y.test"]
        before, seen = await place(), len(beats)
        # Somebody writes again: the stream moves on, and no customer has changed.
        await database[COLLECTION].update_many({}, {"$set": {"seen_at": NOON}})
        await eventually(lambda: len(beats) > seen + 3)
        assert await place() == before
        await identities.write([someone("b@y.test")], [])
        await eventually(lambda: [state.customer_id for state in announced.states][1:] == ["c-b@y.test"])
    finally:
        stop.set()
        await running
