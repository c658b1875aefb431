"""A client that took a snapshot and applied the events has what a client that asks now gets."""

import asyncio
import base64
import json
from typing import Any, get_args

import pytest
from case_scenes.town import Publish, Running
from case_service.adapters.documents import DATABASE, DOSSIERS
from case_service.adapters.mongo_dossiers import MongoDossiers, selection
from case_service.adapters.mongo_timeline import MongoTimeline
from case_service.domain.references import DEFAULT_PATTERNS
from case_service.domain.view import project
from case_service.handlers.rebuilding import Rebuilding
from case_service.ports import Question
from omnifil_contracts.customer import CustomerChanged, ReleasedIdentity
from omnifil_contracts.delivery import DeliveryReported
from omnifil_contracts.dossier import DossierEvent, DossierView, Event, Status
from omnifil_contracts.identity import SYSTEM, Assurance, Because, Identity
from omnifil_contracts.message import CustomerSuggestion
from omnifil_contracts.topics import CUSTOMER_EVENTS, DELIVERY_EVENTS, DOSSIER_EVENTS
from omnifil_messaging import KafkaSettings, Outgoing, Producer, TopicTail
from omnifil_mongostore import Mongo
from omnifil_testkit.builders import NOON, a_sender, an_identified_message, an_inbound_message
from omnifil_testkit.waiting import Eventually

pytestmark = pytest.mark.integration

NOT_PLAYED = {"customer_erased", "reply_unlinked"}
"""What was erased is emptied in the timeline as well, which no older stream can know (`test_erasing_for_real.py`); a
reply that stands without its conversation takes a longer history (`tests/unit/test_any_history.py`)."""

CLARA, PSID = "customer-clara", "customer-psid"
MESSENGER = Identity(kind="messenger", value="psid")


class Story:
    """Plays agents and customers, and keeps a snapshot of the inbox after each thing that happens."""

    def __init__(self, client: Any, publish: Any, producer: Producer, eventually: Any) -> None:
        self.client = client
        self.publish = publish
        self.producer = producer
        self.eventually = eventually
        self.snapshots: list[dict[str, Any]] = []
        self.commands = 0

    async def snapshot(self) -> None:
        self.snapshots.append((await self.client.get("/dossiers")).json())

    async def writes(self, identified: Any) -> dict[str, Any]:
        await self.publish([identified])
        found: dict[str, Any] = await self.eventually(lambda: self.holder_of(identified.message.message_id))
        await self.snapshot()
        return found

    async def holder_of(self, message_id: str) -> dict[str, Any]:
        for dossier in (await self.client.get("/dossiers")).json()["dossiers"]:
            snapshot: dict[str, Any] = (await self.client.get(f"/dossiers/{dossier['dossier_id']}")).json()
            for entry in snapshot["timeline"]:
                if entry["event"]["type"] == "message_linked" and entry["event"]["message"]["message_id"] == message_id:
                    return snapshot
        raise AssertionError(f"message {message_id} has not arrived")

    async def command(self, to: str, /, **command: Any) -> dict[str, Any]:
        self.commands += 1
        request = {"command_id": f"command-{self.commands}", "command": command}
        answer = await self.client.post(f"/dossiers/{to}/commands", json=request)
        assert answer.status_code == 200, answer.text
        await self.snapshot()
        result: dict[str, Any] = answer.json()
        return result

    async def tell(self, topic: str, key: str, record: Any) -> None:
        await self.producer.publish(Outgoing(topic, key, record, f"e{self.commands}{key}", "/test", None, NOON))

    async def timeline_types(self, dossier_id: str) -> list[str]:
        timeline = (await self.client.get(f"/dossiers/{dossier_id}/timeline")).json()
        return [entry["event"]["type"] for entry in timeline["entries"]]


def social(**fields: Any) -> Any:
    sender = a_sender("psid", "messenger", Assurance.CHANNEL)
    message = an_inbound_message(channel="social", conversation_key="psid", sender=sender, **fields)
    suggestion = CustomerSuggestion(
        customer_id=CLARA, identity=MESSENGER, linkable=True, because=Because(rule="same-name")
    )
    return an_identified_message(message, customer_id=PSID, suggestions=(suggestion,))


async def play(story: Story) -> None:
    """Everything that can happen in a dossier, at least once."""
    hers = await story.writes(an_identified_message(customer_id=CLARA))
    theirs = await story.writes(social())
    dossier_id, other_id = hers["dossier"]["dossier_id"], theirs["dossier"]["dossier_id"]
    conversation_id = hers["dossier"]["conversations"][0]["conversation"]["conversation_id"]
    await story.command(dossier_id, type="add_note", text="a note")
    await story.command(dossier_id, type="assign", agent={"kind": "agent", "id": "tom"})
    await story.command(dossier_id, type="unassign")
    await story.command(dossier_id, type="reply", text="r", conversation_ids=[conversation_id], seen_seq=99)
    timeline = (await story.client.get(f"/dossiers/{dossier_id}/timeline")).json()["entries"]
    target = next(e["event"]["targets"][0] for e in timeline if e["event"]["type"] == "reply_requested")
    report = DeliveryReported(
        outbound_id=target["outbound_id"],
        dossier_id=dossier_id,
        conversation_id=conversation_id,
        state="sent",
        at=NOON,
    )
    await story.tell(DELIVERY_EVENTS.name, dossier_id, report)

    async def delivered() -> None:
        assert "delivery_updated" in await story.timeline_types(dossier_id)

    await story.eventually(delivered)
    chat = an_inbound_message(channel="chat")
    await story.writes(an_identified_message(chat, customer_id=CLARA))
    second = an_inbound_message(channel="chat", conversation_key=chat.conversation.key)
    await story.writes(an_identified_message(second, customer_id=CLARA))
    await story.command(dossier_id, type="move_message", message_id=second.message_id)
    moved = await story.command(dossier_id, type="move_conversation", conversation_id=conversation_id)
    await story.command(moved["to_dossier_id"], type="undo", seq=2)
    changed = CustomerChanged(
        customer_id=PSID,
        version=2,
        released=(
            ReleasedIdentity(
                identity=MESSENGER,
                to_customer_id=CLARA,
                link_id="link-1",
                at=NOON,
                because=Because(rule="agent"),
                actor=SYSTEM,
            ),
        ),
        first_seen_at=NOON,
        changed_at=NOON,
    )
    await story.tell(CUSTOMER_EVENTS.name, PSID, changed)

    async def reassigned() -> None:
        assert "customer_reassigned" in await story.timeline_types(other_id)

    await story.eventually(reassigned)
    await story.command(dossier_id, type="relate_dossier", dossier_id=other_id)
    await story.command(dossier_id, type="unrelate_dossier", dossier_id=other_id)
    await story.command(other_id, type="merge_dossier", into_dossier_id=dossier_id)
    merged = 1 + (await story.timeline_types(dossier_id)).index("dossier_merged")
    await story.command(dossier_id, type="undo", seq=merged)
    await story.snapshot()


def offsets_of(cursor: str) -> dict[int, int]:
    decoded = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return {int(partition): offset for partition, offset in decoded.items()}


async def stream_from(kafka_settings: KafkaSettings, cursor: str) -> list[DossierEvent]:
    tail = TopicTail(kafka_settings, DOSSIER_EVENTS.name, DossierEvent)
    ends = await tail.end_offsets()
    left = sum(ends.values()) - sum(offsets_of(cursor).get(partition, 0) for partition in ends)
    events: list[DossierEvent] = []
    stop = asyncio.Event()
    if not left:
        return events
    async for batch in tail.read(offsets_of(cursor), stop):
        events += [received.record for received in batch]
        if len(events) >= left:
            stop.set()
    return events


async def caught_up(client: Any) -> dict[str, DossierView]:
    """The inbox, once the projection has all that the timelines have."""
    found = {}
    for each in (await client.get("/dossiers", params={"limit": 200})).json()["dossiers"]:
        view = DossierView.model_validate(each)
        now = (await client.get(f"/dossiers/{view.dossier_id}")).json()["dossier"]
        assert now["seq"] == view.seq
        found[view.dossier_id] = view
    return found


async def test_every_snapshot_and_its_stream_give_the_same_as_asking_again(
    running: Running,
    publish: Publish,
    kafka_settings: KafkaSettings,
    mongo: Mongo,
    mongo_timeline: MongoTimeline,
    mongo_dossiers: MongoDossiers,
    eventually: Eventually,
) -> None:
    async with running("consume", "relay", "api") as client, Producer(kafka_settings) as producer:
        story = Story(client, publish, producer, eventually)
        await story.snapshot()
        await play(story)
        fresh = await eventually(lambda: caught_up(client))
        seen_types: set[str] = set()
        assert len(story.snapshots) > 10
        for snapshot in story.snapshots:
            views = {each["dossier_id"]: DossierView.model_validate(each) for each in snapshot["dossiers"]}
            for event in await stream_from(kafka_settings, snapshot["cursor"]):
                seen_types.add(event.entry.event.type)
                views[event.dossier_id] = project(event.dossier_id, views.get(event.dossier_id), event.entry)
            assert views == fresh
        every_type = {member.model_fields["type"].default for member in get_args(get_args(Event)[0])}
        assert seen_types == every_type - NOT_PLAYED

        # The same timelines, folded anew, give the same documents; and what was tampered with is put right.
        rebuilding = Rebuilding(mongo_timeline, mongo_dossiers, DEFAULT_PATTERNS)
        collection = mongo.database(DATABASE)[DOSSIERS]
        before = await collection.find().sort("_id", 1).to_list(None)
        rebuilt = await rebuilding.rebuild()
        assert (rebuilt.dossiers, rebuilt.differences, rebuilt.restored) == (len(fresh), 0, 0)
        assert rebuilt.entries == sum(view.seq for view in fresh.values())
        first, second, *_ = before
        tampered = {"status": "waiting", "view": first["view"].replace("Order", "Ordure")}
        assert tampered["view"] != first["view"]
        await collection.update_one({"_id": first["_id"]}, {"$set": tampered})
        await collection.delete_one({"_id": second["_id"]})
        rebuilt = await rebuilding.rebuild()
        assert (rebuilt.differences, rebuilt.restored) == (1, 1)
        assert await collection.find().sort("_id", 1).to_list(None) == before


QUESTIONS = [
    Question(),
    Question(statuses=frozenset([Status.OPEN, Status.REOPENED])),
    Question(assigned_to="amelie"),
    Question(assigned_to="none"),
    Question(channel="email"),
    Question(customer_id="customer-1"),
    Question(words=("clar", "mart")),
    Question(statuses=frozenset([Status.OPEN]), assigned_to="none", channel="chat"),
]


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
async def test_no_question_of_an_inbox_reads_the_whole_collection(
    mongo: Mongo, mongo_dossiers: MongoDossiers, question: Question
) -> None:
    collection = mongo.database(DATABASE)[DOSSIERS]
    plan = (await collection.find(selection(question)).sort([("last_entry_at", -1), ("_id", -1)]).limit(51).explain())[
        "queryPlanner"
    ]["winningPlan"]
    stages = _stages(plan)
    assert "COLLSCAN" not in stages
    assert "IXSCAN" in stages
    if not question.words:
        assert "SORT" not in stages, "the index gives the order"


def _stages(plan: Any) -> set[str]:
    if isinstance(plan, list):
        return {stage for each in plan for stage in _stages(each)}
    if not isinstance(plan, dict):
        return set()
    return {str(plan[key]) for key in plan if key == "stage"} | {s for each in plan.values() for s in _stages(each)}
