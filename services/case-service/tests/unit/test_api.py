"""The HTTP API on fakes: answers, and errors that say what happened."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from case_scenes.shop import STRANGER, TOM, Shop
from case_service.adapters.in_memory import InMemoryDossiers
from case_service.domain.dossier import Dossier
from case_service.entrypoints import api
from case_service.handlers import Commands
from case_service.handlers.journey import JourneyReading
from case_service.handlers.reading import Reading
from pydantic import SecretStr


@pytest.fixture
async def client(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    commands = Commands(shop.timeline, shop.policy, shop.minting, lambda: shop.now)
    dossiers = InMemoryDossiers()
    reading, journey = Reading(shop.timeline, dossiers), JourneyReading(shop.timeline, dossiers)
    created = api.create(reading, journey, commands, SecretStr("internal-secret"))
    headers = {
        "Authorization": "Bearer internal-secret",
        "X-Omnifil-Agent": "amelie",
        "X-Omnifil-Agent-Name": "Am%C3%A9lie%20Roux",
    }
    transport = httpx.ASGITransport(created)
    async with httpx.AsyncClient(transport=transport, base_url="http://case", headers=headers) as client:
        yield client


async def command(client: httpx.AsyncClient, dossier: Dossier, **said: Any) -> httpx.Response:
    request = {"command_id": "command-1", "command": said}
    return await client.post(f"/dossiers/{dossier.id}/commands", json=request)


async def test_a_command_is_the_agents(client: httpx.AsyncClient, shop: Shop) -> None:
    dossier = await shop.writes()
    answer = await command(client, dossier, type="add_note", text="a note")
    assert answer.json() == {"dossier_id": dossier.id, "seq": 4, "to_dossier_id": None}
    assert (await shop.events(dossier))[-1].actor.name == "Amélie Roux"


async def test_a_reply_conflict_brings_the_replies_since(client: httpx.AsyncClient, shop: Shop) -> None:
    dossier = await shop.writes()
    await shop.reply(dossier, agent=TOM, text="mine was first")
    conversations = [each.conversation.conversation_id for each in dossier.view.conversations]
    answer = await command(client, dossier, type="reply", text="r", conversation_ids=conversations, seen_seq=3)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "reply-conflict")
    assert [entry["event"]["text"] for entry in problem["entries"]] == ["mine was first"]
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_expired_window_says_until_when_it_was_open(client: httpx.AsyncClient, shop: Shop) -> None:
    until = shop.now + timedelta(hours=24)
    dossier = await shop.writes(channel="social", reply_window_ends_at=until)
    shop.later(days=2)
    (conversation,) = dossier.view.conversations
    conversation_id = conversation.conversation.conversation_id
    answer = await command(client, dossier, type="reply", text="r", conversation_ids=[conversation_id], seen_seq=3)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "window-expired")
    assert (problem["expired_at"], problem["conversation_id"]) == (until.isoformat(), conversation_id)
    assert "2026-03-03 12:00" in problem["detail"]


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"type": "undo", "seq": 1}, 409, "nothing-to-undo"),
        ({"type": "undo", "seq": 99}, 404, "entry-not-found"),
        ({"type": "move_conversation", "conversation_id": "none"}, 404, "conversation-not-found"),
        ({"type": "move_message", "message_id": "none"}, 404, "entry-not-found"),
        ({"type": "resolve_suggestion", "suggestion_id": "none", "accept": True}, 404, "entry-not-found"),
        ({"type": "reply", "text": " ", "conversation_ids": ["x"], "seen_seq": 1}, 422, "invalid-command"),
    ],
)
async def test_what_is_refused_has_a_code(
    client: httpx.AsyncClient, shop: Shop, said: dict[str, Any], status: int, code: str
) -> None:
    answer = await command(client, await shop.writes(STRANGER), **said)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_snapshot_has_the_newest_entries_and_says_whether_there_are_earlier_ones(
    client: httpx.AsyncClient, shop: Shop
) -> None:
    dossier = await shop.writes()
    snapshot = (await client.get(f"/dossiers/{dossier.id}", params={"limit": 2})).json()
    assert [entry["seq"] for entry in snapshot["timeline"]] == [2, 3]
    assert snapshot["has_earlier"] is True
    earlier = (await client.get(f"/dossiers/{dossier.id}/timeline", params={"before_seq": 2})).json()
    assert ([entry["seq"] for entry in earlier["entries"]], earlier["has_earlier"]) == ([1], False)


async def test_without_the_internal_token_there_is_no_answer(client: httpx.AsyncClient, shop: Shop) -> None:
    dossier = await shop.writes()
    client.headers["Authorization"] = "Bearer something-else"
    for path in ("/dossiers", f"/dossiers/{dossier.id}", "/customers/x/dossiers"):
        assert (await client.get(path)).status_code == 401
