"""All contacts of a customer in time: nothing is missing, nothing twice, nothing of somebody else, whatever moved."""

import random
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from case_scenes.shop import CLARA, STRANGER, Shop
from case_service.adapters.documents import DATABASE, TIMELINE
from case_service.adapters.in_memory import InMemoryDossiers, InMemoryTimeline
from case_service.adapters.mongo_dossiers import MongoDossiers
from case_service.adapters.mongo_timeline import MongoTimeline
from case_service.domain.dossier import Dossier
from case_service.handlers import Messages
from case_service.handlers.journey import JourneyReading
from case_service.ports import Dossiers
from omnifil_contracts.dossier import MessageLinked
from omnifil_contracts.views import Contact
from omnifil_mongostore import Mongo
from omnifil_testkit.builders import NOON


class Journeys:
    """A shop, and what its customers' journeys are."""

    def __init__(self, shop: Shop, dossiers: Dossiers) -> None:
        self.shop = shop
        self._dossiers = dossiers

    async def pages(self, customer: str, limit: int) -> list[tuple[Contact, ...]]:
        """As a client reads them, to the end."""
        await self._dossiers.store(list((await self.shop.dossiers()).values()))
        reading, found = JourneyReading(self.shop.timeline, self._dossiers), []
        before: datetime | None = None
        while True:
            page = await reading.of(customer, before, limit)
            found.append(page.contacts)
            if page.next_before is None:
                return found
            assert before is None or page.next_before < before
            before = page.next_before

    async def texts(self, customer: str = CLARA, limit: int = 50) -> list[str]:
        return [str(contact.text) for page in await self.pages(customer, limit) for contact in page]


class JourneyBehaviour:
    async def test_it_goes_over_all_channels_and_dossiers_newest_first(self, journeys: Journeys) -> None:
        shop = journeys.shop
        first = await shop.writes(text="by mail", subject="Order 4711")
        await shop.reply(first, text="It is on its way.")
        await shop.command(first, {"type": "change_status", "status": "closed"})
        shop.later(days=60)
        second = await shop.writes(channel="chat", text="by chat", conversation="c")
        assert first.id != second.id
        [page] = await journeys.pages(CLARA, 50)
        assert [(each.kind, each.channel, each.text, each.number) for each in page] == [
            ("message", "chat", "by chat", second.view.number),
            ("reply", "email", "It is on its way.", first.view.number),
            ("message", "email", "by mail", first.view.number),
        ]
        assert [each.author for each in page] == ["Clara Martin", "Amélie Roux", "Clara Martin"]

    async def test_who_never_wrote_has_none(self, journeys: Journeys) -> None:
        assert await journeys.pages(STRANGER, 50) == [()]

    async def test_it_holds_nothing_that_turned_out_to_be_somebody_elses(self, journeys: Journeys) -> None:
        shop = journeys.shop
        await shop.writes(text="mine", subject="Order 4711")
        dossier = await shop.writes(text="not mine", channel="chat", conversation="c")
        other = await shop.writes(STRANGER, text="theirs")
        moved = dossier.view.conversations[-1].conversation.conversation_id
        command = {"type": "move_conversation", "conversation_id": moved, "to_dossier_id": other.id}
        await shop.command(dossier, command)
        assert await journeys.texts(CLARA) == ["mine"]
        assert await journeys.texts(STRANGER) == ["theirs", "not mine"]

    async def test_a_message_that_moved_is_told_once_and_when_it_was_said(self, journeys: Journeys) -> None:
        shop = journeys.shop
        dossier = await shop.writes(text="first", subject="Order 4711")
        for number in range(6):
            dossier = await shop.writes(text=f"chat {number}", channel="chat", conversation="c")
        shop.later(days=1)
        moved = dossier.view.conversations[-1].conversation.conversation_id
        await shop.command(dossier, {"type": "move_conversation", "conversation_id": moved})
        await shop.writes(text="last", channel="chat", conversation="c")
        expected = ["last", *(f"chat {number}" for number in reversed(range(6))), "first"]
        for limit in (1, 3, 50):
            assert await journeys.texts(limit=limit) == expected

    async def test_what_was_said_in_one_millisecond_is_on_one_page(self, journeys: Journeys) -> None:
        shop = journeys.shop
        at = shop.now
        batch = [shop.message(text=f"{number}", received_at=at) for number in range(5)]
        await shop.link(*batch)
        pages = await journeys.pages(CLARA, 2)
        assert sorted(str(each.text) for each in pages[0]) == ["0", "1", "2", "3", "4"]
        assert sum(len(page) for page in pages) == 5

    async def test_whatever_happened_every_page_size_gives_the_same(self, journeys: Journeys) -> None:
        shop, chance = journeys.shop, random.Random(7)  # noqa: S311
        for number in range(40):
            customer = chance.choice([CLARA, CLARA, STRANGER])
            shop.later(minutes=chance.choice([0, 1, 5_000]))
            dossier = await shop.writes(
                customer, text=f"message {number}", channel="chat", conversation=f"{customer}/{chance.randrange(4)}"
            )
            if chance.random() < 0.3:
                await shop.reply(dossier, text=f"reply {number}")
            if chance.random() < 0.4:
                await self._move(shop, dossier, chance)
        for customer in (CLARA, STRANGER):
            whole = await journeys.texts(customer, 200)
            # A reply on conversations that were parted stands in two dossiers, and is one contact.
            assert sorted(whole) == sorted(set(await _standing_texts(shop, customer)))
            for limit in (1, 2, 7):
                assert await journeys.texts(customer, limit) == whole

    @staticmethod
    async def _move(shop: Shop, dossier: Dossier, chance: random.Random) -> None:
        others = [each for each in (await shop.dossiers()).values() if each.id != dossier.id]
        others = [each for each in others if each.customer_id == dossier.customer_id and each.view.conversations]
        moved = dossier.view.conversations[-1].conversation.conversation_id
        to = {"to_dossier_id": chance.choice(others).id} if others and chance.random() < 0.5 else {}
        if to or len(dossier.view.conversations) > 1:
            await shop.command(dossier, {"type": "move_conversation", "conversation_id": moved, **to})


async def _standing_texts(shop: Shop, customer: str) -> list[str]:
    from case_service.domain.standing import standing

    found = []
    for dossier in (await shop.dossiers()).values():
        if dossier.customer_id == customer:
            here = standing(await shop.timeline.history(dossier.id))
            found += [each.event.message.text for each in here.messages.values()]
            found += [each.reply.text for each in here.replies.values()]
    return found


class TestInMemoryJourney(JourneyBehaviour):
    @pytest.fixture
    def journeys(self) -> Journeys:
        return Journeys(Shop(), InMemoryDossiers())


@pytest.mark.integration
class TestMongoJourney(JourneyBehaviour):
    @pytest.fixture
    def journeys(self, mongo_timeline: MongoTimeline, mongo_dossiers: MongoDossiers) -> Journeys:
        return Journeys(Shop(timeline=cast(InMemoryTimeline, mongo_timeline)), mongo_dossiers)


@pytest.mark.integration
async def test_a_page_of_a_long_journey_looks_at_little_more_than_it_shows(
    mongo: Mongo, mongo_timeline: MongoTimeline
) -> None:
    shop = Shop(timeline=cast(InMemoryTimeline, mongo_timeline))
    messages = Messages(mongo_timeline, shop.policy, shop.minting, lambda: shop.now)
    for customer in (CLARA, STRANGER):
        for start in range(0, 600, 60):
            batch = [
                shop.message(customer, text=f"{start + number}", channel="chat", conversation="c")
                for number in range(60)
            ]
            for each in batch:
                await messages.link([each])
    ordinal = next(iter((await _dossiers_of(shop)).values()))
    database = mongo.database(DATABASE)
    await database.command({"profile": 2})
    try:
        middle = NOON + timedelta(seconds=300)
        said = await mongo_timeline.said([ordinal.id, "another"], middle, 20)
    finally:
        await database.command({"profile": 0})
    assert len([entry for entry in said.entries[ordinal.id] if isinstance(entry.event, MessageLinked)]) >= 20
    wanted = {"ns": f"{database.name}.{TIMELINE}", "op": "query"}
    queries: list[dict[str, Any]] = await database["system.profile"].find(wanted).to_list(None)
    assert len(queries) == 4
    for query in queries:
        assert "COLLSCAN" not in query["planSummary"], query["command"]
        assert not query.get("hasSortStage"), query["command"]
        assert query["docsExamined"] <= 21, query["command"]
        assert query["keysExamined"] <= 30, query["command"]


async def _dossiers_of(shop: Shop) -> dict[str, Dossier]:
    from case_service.domain.lookups import Lookup

    found = await shop.timeline.look_up(Lookup(customers=frozenset([CLARA])), newest=None)
    return await shop.timeline.load(sorted(found.dossiers))
