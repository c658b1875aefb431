"""No query reads more than it finds, also when the collections are not small.

A day is played with everything that the adapters can do; each shape of query that MongoDB was asked is then explained.
Whoever gives an adapter a method that the day does not use is told so: play it here.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from case_scenes.shop import AMELIE, CLARA, STRANGER, Shop
from case_service import adapters
from case_service.adapters.documents import DATABASE, INDEXES, TIMELINE
from case_service.adapters.mongo_dossiers import MongoDossiers
from case_service.adapters.mongo_timeline import MongoTimeline
from case_service.domain.decisions import Append
from case_service.handlers.journey import JourneyReading
from case_service.handlers.reading import Reading
from case_service.handlers.rebuilding import Rebuilding
from case_service.handlers.relaying import Relaying
from case_service.ports import Question
from omnifil_contracts.delivery import DeliveryReported
from omnifil_contracts.dossier import ReplyRequested, Status
from omnifil_contracts.identity import Because, Evidence, Identity
from omnifil_contracts.message import CustomerSuggestion
from omnifil_mongostore import Mongo, connect, ensure_indexes
from omnifil_testkit.builders import NOON
from omnifil_testkit.queries import Query, called, explained, methods, recorded
from omnifil_testkit.servers import Mongod

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

OTHERS = 600
PLAYED: tuple[type, ...] = (MongoTimeline, MongoDossiers)
READS_ALL = {"MongoOriginals": "erasing a person reads every timeline: no index leads to all who mention somebody"}
SCANS_ON_PURPOSE = {
    "timeline: find [{}, {'_id': '?'}]": "a rebuild, and a relay that has lost its place, read every timeline in order",
    "dossiers: aggregate": "the longest waits: one key for each channel, by the index `waiting`",
}
"""Shapes (or how they begin) that are not held to reading what they find, and why."""
LOOK_UP = "timeline: find {'$or': [{'opens.customer_id'"
"""Three questions in one: a document that answers each of them is read three times."""


class _Unheard:
    async def publish(self, appends: Sequence[Append]) -> Mapping[int, int]:
        return {}

    async def ends(self) -> Mapping[int, int]:
        return {}


class Day:
    """A shop on MongoDB, whose relay works whenever it is told."""

    def __init__(self, mongo: Mongo) -> None:
        self.timeline, self._asked = called(MongoTimeline(mongo))
        self.dossiers, self.asked_of_dossiers = called(MongoDossiers(mongo))
        self.shop = Shop(timeline=self.timeline)
        self.relaying = Relaying(self.timeline, self.dossiers, _Unheard(), self.shop.policy.patterns)
        self.reading = Reading(self.timeline, self.dossiers)

    def forget(self, mongo: Mongo) -> None:
        """Another process, which remembers nothing."""
        self.asked_of_timeline = self._asked
        self.timeline, self._asked = called(MongoTimeline(mongo))
        self.shop.timeline = self.timeline

    async def relay(self) -> None:
        self.relaying.forget()
        async for appends in self.relaying.suspects(NOON):
            await self.relaying.carry(appends)

    async def town(self) -> None:
        """So many other customers that an index pays."""
        shop = self.shop
        await shop.link(*(shop.message(f"customer-{n}", handle=f"{n}@mail.example") for n in range(OTHERS)))
        await self.relay()

    async def play(self, mongo: Mongo) -> None:
        shop = self.shop
        first = await shop.writes(conversation="<one@mail.example>", provider_message_id="<one@mail.example>")
        self.forget(mongo)
        await shop.writes(
            conversation="<two@mail.example>",
            ancestors=("<one@mail.example>",),
            text="About order 4711",
            subject="4711",
        )
        reply = await shop.reply(first, command_id="command-reply")
        assert await shop.reply(first, command_id="command-reply") == reply
        await self.delivered(first.id)
        await shop.writes(references=(await self.reference(first.id),), conversation="<three@mail.example>")
        for command in (
            {"type": "add_note", "text": "A note"},
            {"type": "assign", "agent": AMELIE.model_dump()},
            {"type": "unassign"},
        ):
            await shop.command(first, command)
        await self.relay()
        await self.moved()
        await self.suggested()
        await self.linked()
        await self.read(first.id)

    async def reference(self, dossier_id: str) -> str:
        entries = await self.shop.events(dossier_id)
        (reply,) = [each.event for each in entries if isinstance(each.event, ReplyRequested)]
        return str(reply.targets[0].reference)

    async def delivered(self, dossier_id: str) -> None:
        entries = await self.shop.events(dossier_id)
        (reply,) = [each.event for each in entries if isinstance(each.event, ReplyRequested)]
        target = reply.targets[0]
        report = {
            "outbound_id": target.outbound_id,
            "dossier_id": dossier_id,
            "conversation_id": target.conversation.conversation_id,
            "state": "sent",
            "provider_message_id": "<sent@shop.example>",
            "at": self.shop.now,
        }
        await self.shop.deliveries(DeliveryReported.model_validate(report))

    async def moved(self) -> None:
        """A conversation, a message, and each back again; then a dossier that is closed for long, and followed."""
        shop = self.shop
        there = await shop.writes("customer-mover", conversation="<moved@mail.example>")
        target = await shop.dossier_with(await self.message_of("customer-1"))
        conversation = there.view.conversations[0].conversation.conversation_id
        command = {"type": "move_conversation", "conversation_id": conversation, "to_dossier_id": target.id}
        await shop.command(there, command)
        await self.undo_last(target.id, "conversation_linked")
        message = await self.message_of("customer-2")
        source = await shop.dossier_with(message)
        await shop.command(source, {"type": "move_message", "message_id": message, "to_dossier_id": None})
        closed = await shop.writes("customer-closer", conversation="<closed@mail.example>")
        await shop.command(closed, {"type": "change_status", "status": "closed"})
        shop.later(days=40)
        await shop.writes("customer-closer", conversation="<closed@mail.example>")

    async def message_of(self, customer: str) -> str:
        message = self.shop.message(customer, handle=f"{customer}@mail.example", conversation=f"<more-{customer}>")
        await self.shop.link(message)
        return message.message.message_id

    async def undo_last(self, dossier_id: str, kind: str) -> None:
        entries = await self.shop.events(dossier_id)
        (*_, last) = [entry.seq for entry in entries if entry.event.type == kind]
        await self.shop.command(dossier_id, {"type": "undo", "seq": last})

    async def suggested(self) -> None:
        """A stranger may be Clara: a suggestion, accepted."""
        shop = self.shop
        because = Because(rule="identity", evidence=(Evidence(code="typed-address"),))
        maybe = CustomerSuggestion(
            customer_id=CLARA,
            identity=Identity(kind="email-unproven", value="clara@mail.example"),
            linkable=False,
            because=because,
        )
        dossier = await shop.writes(STRANGER, assured=False, suggestions=(maybe,))
        for suggestion in (await shop.view(dossier.id)).suggestions:
            decided = {"type": "resolve_suggestion", "suggestion_id": suggestion.suggestion_id, "accept": True}
            await shop.command(dossier, decided)

    async def linked(self) -> None:
        """An identity turns out to be somebody else's."""
        shop = self.shop
        psid = Identity(kind="messenger", value="page/1")
        await shop.writes("customer-page", channel="social", handle="page/1")
        await shop.customers(
            shop.changed(CLARA, 5, has=(psid,)), shop.changed("customer-page", 5, released={CLARA: (psid,)})
        )

    async def read(self, dossier_id: str) -> None:
        await self.relay()
        asked: list[dict[str, Any]] = [
            {},
            {"statuses": frozenset([Status.OPEN])},
            {"statuses": frozenset([Status.OPEN, Status.REOPENED, Status.WAITING])},
            {"assigned_to": "amelie"},
            {"assigned_to": "none"},
            {"channel": "social"},
            {"customer_id": CLARA},
            {"words": ("4711",)},
        ]
        for question in asked:
            _, shown = await self.reading.inbox(Question(limit=2, **question))
            if shown.next_page:
                await self.reading.inbox(Question(limit=2, after=shown.next_page, **question))
        await self.reading.snapshot(dossier_id, 3)
        await self.reading.timeline(dossier_id, after_seq=1, before_seq=4, limit=2)
        await self.reading.of_customer(CLARA)
        journey = JourneyReading(self.timeline, self.dossiers)
        page = await journey.of(CLARA, None, 2)
        assert page.next_before is not None
        await journey.of(CLARA, page.next_before, 2)
        await self.dossiers.longest_waits()
        await Rebuilding(self.timeline, self.dossiers, self.shop.policy.patterns).rebuild()
        (dossier,) = (await self.timeline.load([dossier_id])).values()
        await self.dossiers.correct(dossier)
        self.asked_of_timeline |= self._asked


def _bounds(query: Query) -> tuple[int, int]:
    """Documents for each that is found, and besides."""
    return (4, 3) if str(query).startswith(LOOK_UP) else (2, 3)


async def test_every_query_of_a_day_reads_no_more_than_it_finds(mongod: Mongod, mongo: Mongo) -> None:
    await ensure_indexes(mongo.database(DATABASE), INDEXES)
    with recorded() as recording:
        async with connect(mongod.uri, prefix=mongo.prefix) as watched:
            day = Day(watched)
            await day.town()
            await day.play(watched)
    answers = await explained(mongod.uri, recording.queries)
    assert len(answers) > 15
    too_much = [
        f"{answer.query}: {answer.documents} documents and {answer.keys} keys for {answer.found}, {set(answer.stages)}"
        for answer in answers
        if not str(answer.query).startswith(tuple(SCANS_ON_PURPOSE))
        and (answer.scans or answer.looks_at_more_than(*_bounds(answer.query)))
    ]
    assert not too_much, "\n".join(too_much)
    asked = {MongoTimeline: day.asked_of_timeline, MongoDossiers: day.asked_of_dossiers}
    forgotten = {f"{kind.__name__}.{name}" for kind in PLAYED for name in methods(kind) - asked[kind]}
    assert not forgotten - {"MongoTimeline.count"}


async def test_a_query_without_an_index_would_be_noticed(mongod: Mongod, mongo: Mongo) -> None:
    await ensure_indexes(mongo.database(DATABASE), INDEXES)
    with recorded() as recording:
        async with connect(mongod.uri, prefix=mongo.prefix) as watched:
            await Day(watched).town()
            timeline = watched.database(DATABASE)[TIMELINE]
            await timeline.find_one({"first_seq": 7})
            await timeline.update_one({"answer.seq": 7}, {"$set": {"x": 1}})
            await timeline.find(
                {"opens.customer_id": {"$gt": "c"}, "opens": {"$exists": True}, "first_seq": 7}
            ).to_list(1)
    answers = {str(each.query): each for each in await explained(mongod.uri, recording.queries)}
    assert answers["timeline: find {'first_seq': '?'}"].scans
    assert answers["timeline: update {'answer.seq': '?'}"].scans
    wide = answers["timeline: find {'opens.customer_id': {'$gt': '?'}, 'opens': {'$exists': '?'}, 'first_seq': '?'}"]
    assert not wide.scans
    assert wide.looks_at_more_than(2, besides=3)


def test_every_adapter_of_mongodb_is_played() -> None:
    found = set()
    for module in pkgutil.iter_modules(adapters.__path__):
        for name, kind in inspect.getmembers(
            importlib.import_module(f"{adapters.__name__}.{module.name}"), inspect.isclass
        ):
            if name.startswith("Mongo") and kind.__module__.startswith(adapters.__name__):
                found.add(name)
    assert found - READS_ALL.keys() == {kind.__name__ for kind in PLAYED}
