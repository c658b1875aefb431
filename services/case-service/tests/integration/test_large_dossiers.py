"""Dossiers of ten thousand messages: they move whole, in documents that MongoDB takes, and cost nothing otherwise."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

import pytest
from case_service.adapters.documents import DATABASE, TIMELINE
from case_service.adapters.mongo_timeline import MongoTimeline
from case_service.domain.dossier import Dossier
from case_service.domain.lookups import Lookup
from case_service.domain.policy import Policy
from case_service.domain.standing import standing
from case_service.domain.tokens import Minting
from case_service.handlers import Commands, Messages
from omnifil_contracts.commands import CommandRequest, CommandResult
from omnifil_contracts.dossier import Status, TimelineEntry
from omnifil_contracts.identity import Actor
from omnifil_contracts.message import IdentifiedMessage
from omnifil_mongostore import Mongo
from omnifil_testkit.builders import NOON, an_identified_message, an_inbound_message

pytestmark = pytest.mark.integration

MESSAGES = 10_000
LIMIT_BYTES = 16 * 1024 * 1024
AMELIE = Actor(kind="agent", id="amelie")
POLICY, MINTING = Policy(), Minting((b"key",))


class Watched(MongoTimeline):
    """Counts the entries that were read."""

    read = 0

    async def entries(
        self, dossier_id: str, *, after_seq: int = 0, before_seq: int | None = None, limit: int
    ) -> list[TimelineEntry]:
        found = await super().entries(dossier_id, after_seq=after_seq, before_seq=before_seq, limit=limit)
        self.read += len(found)
        return found


def said(count: int, *, customer: str, thread: str) -> list[IdentifiedMessage]:
    """Messages of one thread, each of 400 characters."""
    return [
        an_identified_message(
            an_inbound_message(
                conversation_key=thread, text=f"{number} " + "é" * 400, received_at=NOON + timedelta(seconds=number)
            ),
            customer_id=customer,
        )
        for number in range(count)
    ]


async def linked(timeline: MongoTimeline, batch: Sequence[IdentifiedMessage]) -> Dossier:
    messages = Messages(timeline, POLICY, MINTING, lambda: NOON)
    for start in range(0, len(batch), 500):
        await messages.link(batch[start : start + 500])
    found = await timeline.look_up(Lookup(customers=frozenset([batch[0].customer_id])))
    return (await timeline.load(sorted(found.dossiers)))[next(iter(found.dossiers))]


async def command(timeline: MongoTimeline, asked: Dossier, **said: object) -> CommandResult:
    request = CommandRequest.model_validate({"command_id": uuid.uuid4().hex, "command": said})
    return await Commands(timeline, POLICY, MINTING, lambda: NOON).execute(asked.id, request, AMELIE)


@pytest.mark.timeout(400)
async def test_ten_thousand_messages_are_merged_and_taken_back_in_documents_that_mongodb_takes(
    mongo: Mongo, mongo_timeline: MongoTimeline
) -> None:
    batch = said(MESSAGES, customer="customer-large", thread="large")
    large = await linked(mongo_timeline, batch)
    small = await linked(mongo_timeline, said(2, customer="customer-small", thread="small"))

    result = await command(mongo_timeline, large, type="merge_dossier", into_dossier_id=small.id)

    documents = mongo.database(DATABASE)[TIMELINE]
    shape = {"bytes": {"$bsonSize": "$$ROOT"}, "known": True}
    sizes = await documents.aggregate([{"$match": {"dossier_id": small.id}}, {"$project": shape}]).to_list(None)
    assert len(sizes) > 10, "so much is not one document"
    assert max(each["bytes"] for each in sizes) < LIMIT_BYTES
    assert max(len(each.get("known", ())) for each in sizes) < 1_000, "each document knows its own messages"
    again = MongoTimeline(mongo)  # remembers nothing
    merged = (await again.load([small.id]))[small.id]
    assert (merged.view.messages, len(merged.view.conversations)) == (MESSAGES + 2, 2)
    emptied = (await again.load([large.id]))[large.id]
    assert (emptied.view.status, emptied.view.merged_into, emptied.view.messages) == (Status.CLOSED, small.id, 0)
    ids = frozenset(batch[number].message.message_id for number in (0, 4_999, MESSAGES - 1))
    spots = (await again.look_up(Lookup(known=ids))).spots
    assert all({large.id, small.id} == {spot.dossier_id for spot in spots[each]} for each in ids)

    await command(again, large, type="undo", seq=result.seq)
    history = await again.history(large.id)
    assert [entry.seq for entry in history] == list(range(1, len(history) + 1))
    assert len(standing(history).messages) == MESSAGES
    assert (await again.load([small.id]))[small.id].view.messages == 2


@pytest.mark.timeout(120)
async def test_what_moves_nothing_reads_nothing_of_a_long_timeline(mongo: Mongo, mongo_timeline: MongoTimeline) -> None:
    long = await linked(mongo_timeline, said(2_000, customer="customer-long", thread="long"))
    other = await linked(mongo_timeline, said(1, customer="customer-other", thread="other"))
    watched = Watched(mongo)
    held = [each.conversation.conversation_id for each in long.view.conversations]
    for each in (
        {"type": "add_note", "text": "called"},
        {"type": "change_status", "status": "waiting"},
        {"type": "assign", "agent": AMELIE.model_dump(mode="json")},
        {"type": "reply", "text": "It is on its way.", "conversation_ids": held, "seen_seq": long.seq},
        {"type": "relate_dossier", "dossier_id": other.id},
    ):
        await command(watched, long, **each)
    # And what comes there reads only what comes.
    conversation = other.view.conversations[0].conversation.conversation_id
    await command(watched, other, type="move_conversation", conversation_id=conversation, to_dossier_id=long.id)
    assert watched.read <= other.seq + 1
