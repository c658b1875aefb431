"""Replicas race, processes die, records come again: nothing is lost, nothing twice, no order changes."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import pytest
from case_scenes.town import EventsSeen, Publish, Running, StartReplica
from case_service.adapters.documents import DATABASE, WATERMARK
from case_service.adapters.kafka_publications import KafkaPublications
from case_service.adapters.mongo_dossiers import MongoDossiers
from case_service.adapters.mongo_timeline import MongoTimeline
from case_service.domain.decisions import Group
from case_service.domain.policy import Policy
from case_service.domain.tokens import Minting
from case_service.entrypoints.relay import Relay
from case_service.handlers import Messages
from case_service.handlers.relaying import Relaying
from case_service.ports import Lost
from omnifil_contracts.dossier import MessageLinked
from omnifil_contracts.message import IdentifiedMessage
from omnifil_contracts.topics import DOSSIER_EVENTS, OUTBOUND
from omnifil_messaging import KafkaSettings, Producer, ensure_topics
from omnifil_mongostore import Mongo, Positions
from omnifil_testkit.builders import NOON, an_identified_message, an_inbound_message
from omnifil_testkit.waiting import Eventually

pytestmark = pytest.mark.integration


class Died(BaseException):
    """What a process that is killed never catches."""


def from_customers(count: int, each: int = 1) -> list[IdentifiedMessage]:
    """`each` messages of every customer on every channel, well mixed."""
    batch = [
        an_identified_message(an_inbound_message(channel=channel), customer_id=f"customer-{number}")
        for number in range(count)
        for channel in ("email", "chat", "social")
        for _ in range(each)
    ]
    random.Random(7).shuffle(batch)  # noqa: S311 it only mixes
    return batch


async def linked(timeline: MongoTimeline) -> Counter[str]:
    """How often every message is linked, having checked that every timeline is gapless."""
    seqs: dict[str, list[int]] = defaultdict(list)
    messages: Counter[str] = Counter()
    async for append in timeline.all_appends():
        seqs[append.dossier_id] += [entry.seq for entry in append.entries]
        messages.update(e.event.message.message_id for e in append.entries if isinstance(e.event, MessageLinked))
    assert all(found == list(range(1, len(found) + 1)) for found in seqs.values())
    return messages


async def all_linked(timeline: MongoTimeline, batch: list[IdentifiedMessage]) -> None:
    assert await linked(timeline) == Counter(each.message.message_id for each in batch)


async def dossier_count(timeline: MongoTimeline) -> int:
    return len({append.dossier_id async for append in timeline.all_appends()})


def linking(timeline: MongoTimeline) -> Messages:
    return Messages(timeline, Policy(), Minting((b"key",)), lambda: NOON)


class CountingLosses(MongoTimeline):
    lost = 0

    async def append(self, groups: Sequence[Group]) -> dict[int, Lost]:
        lost = await super().append(groups)
        self.lost += len(lost)
        return lost


async def test_replicas_that_race_on_the_same_customers_never_open_two_dossiers(
    mongo: Mongo, mongo_timeline: MongoTimeline
) -> None:
    batch = from_customers(30, each=2)
    timelines = [CountingLosses(mongo) for _ in range(4)]
    replicas = [linking(each) for each in timelines]
    shares = [batch[number :: len(replicas)] for number in range(len(replicas))]
    await asyncio.gather(*(replica.link(share) for replica, share in zip(replicas, shares, strict=True)))
    await all_linked(mongo_timeline, batch)
    assert await dossier_count(mongo_timeline) == 30
    assert sum(each.lost for each in timelines) > 0, "nobody raced: this has shown nothing"


async def test_replicas_that_race_on_one_thread_of_strangers_never_claim_it_twice(
    mongo: Mongo, mongo_timeline: MongoTimeline
) -> None:
    batch = [
        an_identified_message(an_inbound_message(conversation_key="root"), customer_id=f"customer-{number}")
        for number in range(12)
    ]
    await asyncio.gather(*(linking(MongoTimeline(mongo)).link([each]) for each in batch))
    await all_linked(mongo_timeline, batch)
    claims = Counter([claimed async for append in mongo_timeline.all_appends() for claimed in append.claims])
    assert max(claims.values()) == 1


async def test_two_consumers_on_kafka_race_and_the_inbox_has_one_dossier_each(
    running: Running, publish: Publish, mongo_timeline: MongoTimeline, eventually: Eventually
) -> None:
    batch = from_customers(40)
    async with running("consume"), running("consume"):
        await publish(batch)
        await eventually(lambda: all_linked(mongo_timeline, batch), timeout_s=40)
    assert await dossier_count(mongo_timeline) == 40


async def test_a_record_that_comes_again_has_no_effect(
    running: Running, publish: Publish, mongo_timeline: MongoTimeline, eventually: Eventually
) -> None:
    batch = from_customers(5)
    async with running("consume"):
        await publish(batch + batch)
        await publish(batch[:3])
        last = [an_identified_message(an_inbound_message(), customer_id="customer-last")]
        await publish(last)
        await eventually(lambda: all_linked(mongo_timeline, batch + last), timeout_s=30)


async def test_a_crash_between_append_and_commit_repeats_nothing(
    mongo_timeline: MongoTimeline, publish: Publish, running: Running, eventually: Eventually
) -> None:
    batch = from_customers(10)
    await publish(batch)
    # A process that has appended, and died before it could commit its offsets, leaves exactly this behind.
    await linking(mongo_timeline).link(batch[: len(batch) // 2])
    async with running("consume"):
        await eventually(lambda: all_linked(mongo_timeline, batch), timeout_s=30)


@pytest.mark.timeout(300)  # three starts of a process, on a machine that may be busy
async def test_killed_consumers_and_relays_lose_nothing_and_keep_the_order(
    replica: StartReplica,
    publish: Publish,
    mongo_timeline: MongoTimeline,
    events_seen: EventsSeen,
    eventually: Eventually,
) -> None:
    batch = from_customers(60, each=2)
    await publish(batch[:100])
    first = await replica("consume", "relay")
    await eventually(first.is_ready, timeout_s=40)
    await publish(batch[100:200])
    await first.kill()
    second = await replica("consume", "relay")
    await eventually(second.is_ready, timeout_s=40)
    # Asked to stop in the middle of it, it ends well; the third takes over.
    await publish(batch[200:])
    assert await second.terminate() == 0
    third = await replica("consume", "relay")
    await eventually(third.is_ready, timeout_s=40)
    await eventually(lambda: all_linked(mongo_timeline, batch), timeout_s=60)

    async def told_without_a_hole() -> None:
        await told(mongo_timeline, await events_seen())

    await eventually(told_without_a_hole, timeout_s=40)
    assert await third.terminate() == 0


async def told(timeline: MongoTimeline, events: list[Any]) -> None:
    """Every entry was published, and whoever ignores what they have sees every timeline without a hole, in order."""
    known: dict[str, int] = defaultdict(int)
    for event in events:
        assert event.entry.seq <= known[event.dossier_id] + 1, "a hole"
        known[event.dossier_id] = max(known[event.dossier_id], event.entry.seq)
    expected: dict[str, int] = {}
    async for append in timeline.all_appends():
        expected[append.dossier_id] = append.last_seq
    assert known == expected


class DiesAfterPublishing(KafkaPublications):
    """The process is killed when everything is published and nothing is marked."""

    async def publish(self, appends: Any) -> Any:
        await super().publish(appends)
        raise Died


class DiesBeforePublishing(KafkaPublications):
    """The process is killed when it has read what is to be published, and nothing more."""

    async def publish(self, appends: Any) -> Any:
        raise Died


@pytest.mark.parametrize("dies", [DiesBeforePublishing, DiesAfterPublishing])
async def test_a_relay_killed_before_its_watermark_leaves_no_hole(
    dies: type[KafkaPublications],
    mongo: Mongo,
    mongo_timeline: MongoTimeline,
    mongo_dossiers: MongoDossiers,
    kafka_settings: KafkaSettings,
    events_seen: EventsSeen,
    eventually: Eventually,
) -> None:
    await ensure_topics(kafka_settings, [DOSSIER_EVENTS, OUTBOUND])
    async with Producer(kafka_settings) as producer:

        def relay_by(publications: KafkaPublications) -> Relay:
            relaying = Relaying(mongo_timeline, mongo_dossiers, publications, Policy().patterns)
            return Relay(mongo, relaying, publications, lease_s=1)

        async def worked_until(done: Any) -> None:
            stop = asyncio.Event()
            running = asyncio.create_task(relay_by(KafkaPublications(kafka_settings, producer)).run(stop))
            await eventually(done, timeout_s=20)
            stop.set()
            await running

        async def marked() -> None:
            assert await Positions(mongo.database(DATABASE)).load(WATERMARK)

        async def all_told() -> None:
            await told(mongo_timeline, await events_seen())

        # With a mark to go on from: without one everything is read again, and nothing could be missed.
        await worked_until(marked)
        batch = from_customers(6)
        for number in range(3):
            await linking(mongo_timeline).link(batch[number::3])
            with pytest.raises(Died):
                await relay_by(dies(kafka_settings, producer)).run(asyncio.Event())
        await worked_until(all_told)


async def test_a_relay_that_lost_the_stream_reads_the_timeline_again(
    mongo: Mongo, mongo_timeline: MongoTimeline, running: Running, events_seen: EventsSeen, eventually: Eventually
) -> None:
    batch = from_customers(5)
    async with running("relay"):
        await linking(mongo_timeline).link(batch[:8])

        async def first_told() -> None:
            await told(mongo_timeline, await events_seen())
            assert await Positions(mongo.database(DATABASE)).load(WATERMARK)

        await eventually(first_told, timeout_s=20)
    await linking(mongo_timeline).link(batch[8:])
    await mongo.database(DATABASE)["positions"].update_one(
        {"_id": WATERMARK}, {"$set": {"resume_token": {"_data": "82" + "0" * 40}}}
    )
    async with running("relay"):
        await eventually(first_told, timeout_s=20)
