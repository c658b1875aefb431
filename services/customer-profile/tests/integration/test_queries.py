"""No query reads more than it finds, also when there are many customers.

A day is played with everything that the adapters can do; each shape of query that MongoDB was asked is then explained.
Whoever gives an adapter a method that the day does not use is told so: play it here.
"""

import importlib
import inspect
import pkgutil

import pytest
from customer_profile import adapters
from customer_profile.adapters.in_memory import Announced
from customer_profile.adapters.mongo_erased import MongoErased
from customer_profile.adapters.mongo_identities import DATABASE, INDEXES, MongoIdentities
from customer_profile.desk import Desk
from customer_profile.domain.telling import Trust
from customer_profile.handlers import Announcer, Recogniser, Rules
from customer_profile.hearing import Hearing
from omnifil_mongostore import Mongo, connect, ensure_indexes
from omnifil_testkit.builders import NOON
from omnifil_testkit.queries import called, explained, methods, recorded
from omnifil_testkit.servers import Mongod
from profile_scenes.people import AMELIE, chat, mail, messenger, signed
from profile_scenes.sources import TRUSTED, Market, order, says

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

OTHERS = 600
PLAYED: tuple[type, ...] = (MongoIdentities, MongoErased)


class Day(Market):
    """A market on MongoDB."""

    def __init__(self, mongo: Mongo) -> None:
        super().__init__()
        identities, self.asked_of_identities = called(MongoIdentities(mongo))
        erased, self.asked_of_erased = called(MongoErased(mongo))
        self.identities, self.erased = identities, erased
        self.recogniser = Recogniser(identities, Announced(), Rules(), erased.anchors)
        self.announcer = Announcer(identities, Announced())
        self.desk = Desk(identities, lambda: self.now)
        self.hearing = Hearing(identities, Trust(TRUSTED), lambda: self.now)

    async def town(self) -> None:
        """So many other customers that an index pays; the shop has told of one who has not written yet."""
        records = (order("4711", ("parcel", "6A1")),)
        await self.told(says("shop", "email:claire@customer.test", records=records, birthday="1990-01-01"))
        await self.hears(*(mail(f"{n}@town.test", name=f"Person {n} Other") for n in range(OTHERS)))

    async def play(self) -> None:
        await self.grouped()
        gone, *_ = await self.desk.customers([await self.owner("email:3@town.test")])
        held = await self.erased.held_by(gone.customer_id)
        await self.erased.forget(held.customer_ids, held.identities)
        await self.erased.note(held.customer_ids, held.identities, "erasure-2", self.now)
        await self.erased.erased(held.customer_ids)
        await self.hear(mail("3@town.test", name="Person 3 Other"))

    async def grouped(self) -> None:
        await self.hears(mail(name="Claire Martin"), messenger("1", name="Claire Martin"), chat("visitor-1"))
        await self.hears(chat("visitor-1", signed("email:claire@customer.test")), mail(name="Claire Martin", minutes=9))
        claire, page = await self.owner("email:claire@customer.test"), await self.owner("messenger:page/1")
        linked = await self.links("messenger:page/1", claire)
        (link,) = [each for each in linked.identities if each.identity.kind == "messenger"]
        await self.desk.undo(link.link_id, "command-undo-1", AMELIE)
        await self.desk.merge_preview(claire, page)
        merged = await self.merges(claire, page)
        await self.undoes(merged.merges[0].merge_id)
        await self.merges(claire, page, "command-merge-2")
        await self.splits(claire, "messenger:page/1")
        await self.marks("email:7@town.test", True)
        await self.desk.customers([claire, page])
        await self.announcer.announce(["email:claire@customer.test"])
        await self.announcer.announce_all()


async def test_every_query_of_a_day_reads_no_more_than_it_finds(mongod: Mongod, mongo: Mongo) -> None:
    await ensure_indexes(mongo.database(DATABASE), INDEXES)
    with recorded() as recording:
        async with connect(mongod.uri, prefix=mongo.prefix) as watched:
            day = Day(watched)
            await day.erased.note(["customer-gone"], ["email:gone@customer.test"], "erasure-1", NOON)
            await day.town()
            await day.play()
    answers = await explained(mongod.uri, recording.queries)
    assert len(answers) > 12
    too_much = [
        f"{answer.query}: {answer.documents} documents and {answer.keys} keys for {answer.found}, {set(answer.stages)}"
        for answer in answers
        if answer.scans or answer.looks_at_more_than(2, besides=3)
    ]
    assert not too_much, "\n".join(too_much)
    asked = {MongoIdentities: day.asked_of_identities, MongoErased: day.asked_of_erased}
    forgotten = {f"{kind.__name__}.{name}" for kind in PLAYED for name in methods(kind) - asked[kind]}
    assert not forgotten


def test_every_adapter_of_mongodb_is_played() -> None:
    found = set()
    for module in pkgutil.iter_modules(adapters.__path__):
        file = importlib.import_module(f"{adapters.__name__}.{module.name}")
        for name, kind in inspect.getmembers(file, inspect.isclass):
            if name.startswith("Mongo") and kind.__module__.startswith(adapters.__name__):
                found.add(name)
    assert found == {kind.__name__ for kind in PLAYED}
