"""Agents who correct the same dossiers at once, on several replicas and the real database: never a mess."""

import asyncio
import random
import uuid
from collections import Counter

import httpx
import pytest
from case_scenes.town import Running
from case_service.adapters.mongo_timeline import MongoTimeline
from case_service.domain.dossier import Dossier, evolve
from case_service.domain.policy import Policy
from case_service.domain.standing import standing
from case_service.domain.tokens import Minting
from case_service.handlers import Messages
from omnifil_contracts.dossier import TimelineEntry
from omnifil_contracts.message import IdentifiedMessage
from omnifil_mongostore import Mongo
from omnifil_testkit.builders import NOON, an_identified_message, an_inbound_message

pytestmark = pytest.mark.integration

REFUSALS = {
    "dossier-changed",
    "nothing-to-undo",
    "conversation-not-found",
    "entry-not-found",
    "invalid-command",
    "unavailable",  # many at once: the agent asks again
}


async def two_dossiers(timeline: MongoTimeline) -> tuple[list[IdentifiedMessage], list[str]]:
    """Of two customers, with two threads of three messages each."""
    batch = [
        an_identified_message(
            an_inbound_message(conversation_key=f"{customer} {thread}", text=f"{thread} {number}"),
            customer_id=customer,
        )
        for customer in ("customer-a", "customer-b")
        for thread in ("one", "two")
        for number in range(3)
    ]
    await Messages(timeline, Policy(), Minting((b"key",)), lambda: NOON).link(batch)
    return batch, sorted({append.dossier_id async for append in timeline.all_appends()})


async def histories(timeline: MongoTimeline) -> dict[str, list[TimelineEntry]]:
    found: dict[str, list[TimelineEntry]] = {}
    async for append in timeline.all_appends():
        found.setdefault(append.dossier_id, []).extend(append.entries)
    return found


async def folded(timeline: MongoTimeline, batch: list[IdentifiedMessage]) -> dict[str, Dossier]:
    """Every dossier by its timeline, having checked that all is in order: gapless, each thing in one place, once."""
    dossiers: dict[str, Dossier] = {}
    messages, conversations, effects = Counter[str](), Counter[str](), Counter[str]()
    for dossier_id, entries in (await histories(timeline)).items():
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        dossier = None
        for entry in entries:
            dossier = evolve(dossier_id, dossier, entry)
        assert dossier is not None
        dossiers[dossier_id] = dossier
        here = standing(entries)
        assert dossier.view.messages == here.count
        messages.update(list(here.messages))
        conversations.update(list(dossier.memory.threads))
        effects.update(entry.effect_id for entry in entries)
        assert (dossier.view.merged_into is None) or not here.count, "closed as merged, and something is left"
    assert messages == Counter(each.message.message_id for each in batch)
    assert set(conversations.values()) == {1}
    assert set(effects.values()) == {1}
    return dossiers


async def command(
    client: httpx.AsyncClient, dossier_id: str, said: dict[str, object], **more: object
) -> httpx.Response:
    request = {"command_id": uuid.uuid4().hex, "command": said, **more}
    return await client.post(f"/dossiers/{dossier_id}/commands", json=request)


async def test_two_agents_who_merge_in_opposite_directions_at_once_get_one_dossier(
    running: Running, mongo_timeline: MongoTimeline
) -> None:
    batch, (one, other) = await two_dossiers(mongo_timeline)
    async with running("api") as first, running("api") as second:
        answers = await asyncio.gather(
            command(first, one, {"type": "merge_dossier", "into_dossier_id": other}),
            command(second, other, {"type": "merge_dossier", "into_dossier_id": one}),
        )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused = next(answer for answer in answers if answer.status_code == 409).json()
    assert refused["code"] == "dossier-changed"
    assert refused["entries"], "it says what has happened"
    dossiers = await folded(mongo_timeline, batch)
    assert sorted(each.view.messages for each in dossiers.values()) == [0, 12]


async def test_the_same_undo_at_once_takes_effect_once(running: Running, mongo_timeline: MongoTimeline) -> None:
    batch, (one, other) = await two_dossiers(mongo_timeline)
    async with running("api") as first, running("api") as second:
        merged = (await command(first, one, {"type": "merge_dossier", "into_dossier_id": other})).json()
        undo: dict[str, object] = {"type": "undo", "seq": merged["seq"]}
        answers = await asyncio.gather(*(command(client, one, undo) for client in (first, second, first, second)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert {answer.json().get("code") for answer in answers} == {None, "nothing-to-undo"}
    assert {each.view.messages for each in (await folded(mongo_timeline, batch)).values()} == {6}


async def test_a_command_that_is_sent_to_two_replicas_at_once_takes_effect_once(
    running: Running, mongo_timeline: MongoTimeline
) -> None:
    batch, (one, other) = await two_dossiers(mongo_timeline)
    request = {"command_id": "the-same-command", "command": {"type": "merge_dossier", "into_dossier_id": other}}
    async with running("api") as first, running("api") as second:
        answers = await asyncio.gather(
            *(client.post(f"/dossiers/{one}/commands", json=request) for client in (first, second))
        )
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    await folded(mongo_timeline, batch)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", range(3))
async def test_agents_who_correct_everything_at_once_leave_no_mess(
    running: Running, mongo: Mongo, mongo_timeline: MongoTimeline, seed: int
) -> None:
    """Four agents on three replicas merge, split, move and take back, in all directions, while customers write on."""
    random_ = random.Random(seed)  # noqa: S311 it only draws what is tried
    batch, _ = await two_dossiers(mongo_timeline)
    refused = Counter[str]()
    done = 0
    async with running("api") as first, running("api") as second, running("api") as third:
        clients = (first, second, third)

        async def one_agent_corrects(number: int) -> None:
            nonlocal done
            for _ in range(10):
                entries = await histories(mongo_timeline)
                asked, there = random_.choice(sorted(entries)), random_.choice(sorted(entries))
                answer = await command(clients[number % 3], asked, drawn(random_, entries[asked], there))
                if answer.status_code == 200:
                    done += 1
                else:
                    refused[answer.json()["code"]] += 1

        async def customers_write_on() -> None:
            messages = Messages(MongoTimeline(mongo), Policy(), Minting((b"key",)), lambda: NOON)
            for number in range(12):
                customer = random_.choice(("customer-a", "customer-b"))
                said = an_inbound_message(conversation_key=f"{customer} {random_.choice(('one', 'two', 'new'))}")
                batch.append(an_identified_message(said, customer_id=customer))
                await messages.link([batch[-1], batch[number]])  # and one comes again

        await asyncio.gather(*(one_agent_corrects(number) for number in range(4)), customers_write_on())
    await folded(mongo_timeline, batch)
    assert done > 10, "too little has happened"
    assert set(refused) <= REFUSALS


def drawn(random_: random.Random, entries: list[TimelineEntry], there: str) -> dict[str, object]:
    messages = list(standing(entries).messages.values())
    kinds = ["merge_dossier", "undo", "undo", "undo"]
    if messages:
        kinds += ["split_conversation", "move_conversation", "move_message"]
    kind = random_.choice(kinds)
    if kind == "merge_dossier":
        return {"type": kind, "into_dossier_id": there}
    if kind == "undo":
        return {"type": kind, "seq": max(len(entries) - random_.randint(0, 8), 1)}
    message = random_.choice(messages).event
    to = random_.choice((None, there))
    said: dict[str, dict[str, object]] = {
        "split_conversation": {
            "type": kind,
            "conversation_id": message.conversation_id,
            "from_message_id": message.message.message_id,
            "to_dossier_id": to,
        },
        "move_conversation": {"type": kind, "conversation_id": message.conversation_id, "to_dossier_id": to},
        "move_message": {"type": kind, "message_id": message.message.message_id, "to_dossier_id": to},
    }
    return said[kind]
