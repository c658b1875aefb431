"""Bad input gets a clear error, and nothing is lost."""

import asyncio
import hashlib
import hmac
import json
import smtplib
import subprocess
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from omnifil_contracts.dossier import MessageLinked
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.agent import Agent
from omnifil_devstack.story.customer import World
from websockets.asyncio.client import connect

pytestmark = pytest.mark.e2e

SEEN_WITHIN_S = 40
Command = Callable[..., subprocess.CompletedProcess[str]]


def webhook(stack: Stack, text: str) -> bytes:
    message = {"mid": f"m_{uuid.uuid4().hex}", "text": text}
    parties = {"sender": {"id": "6100000000000101"}, "recipient": {"id": stack.messenger.page_id}}
    entry = {"id": stack.messenger.page_id, "messaging": [{**parties, "message": message}]}
    return json.dumps({"object": "page", "entry": [entry]}).encode()


def signature(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def dossier_of(agent: Agent, text: str) -> Callable[[], str | None]:
    def find() -> str | None:
        for dossier_id, entry in agent.entries():
            if isinstance(entry.event, MessageLinked) and text in entry.event.message.text:
                return dossier_id
        return None

    return find


async def dead_letters(omnifil: Command, *arguments: str) -> Any:
    ran = await asyncio.to_thread(omnifil, "dead-letter", *arguments, "--json")
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


async def test_an_unsigned_or_wrongly_signed_webhook_is_refused_and_not_processed(
    stack: Stack, http: httpx.AsyncClient, agent: Agent
) -> None:
    marker = uuid.uuid4().hex
    forged, right = webhook(stack, f"forged {marker}"), webhook(stack, f"right {marker}")
    url = stack.messenger.webhook_url
    unsigned = await http.post(url, content=forged)
    wrong = await http.post(url, content=forged, headers={"X-Hub-Signature-256": signature("guessed", forged)})
    assert (unsigned.status_code, unsigned.json()["code"]) == (401, "signature-missing")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "signature-wrong")
    signed = {"X-Hub-Signature-256": signature(stack.messenger.app_secret, right)}
    assert (await http.post(url, content=right, headers=signed)).status_code == 200
    await agent.until(dossier_of(agent, f"right {marker}"), "the signed message", SEEN_WITHIN_S)
    assert dossier_of(agent, f"forged {marker}")() is None


async def test_a_broken_mail_is_kept_raw_and_can_be_replayed(
    stack: Stack, agent: Agent, world: World, omnifil: Command, eventually: Any
) -> None:
    marker = uuid.uuid4().hex
    fields = "".join(f"X-Filler-{number}: {marker}\r\n" for number in range(1_200))
    broken = f"From: a@b.test\r\nTo: {stack.accounts.email}\r\nSubject: broken\r\n{fields}\r\nHello {marker}\r\n"

    def send() -> None:
        with smtplib.SMTP(stack.smtp.host, stack.smtp.port, timeout=30) as smtp:
            smtp.sendmail("a@b.test", [stack.accounts.email], broken.encode())

    await asyncio.to_thread(send)

    async def is_kept() -> dict[str, Any]:
        letters = await dead_letters(omnifil, "list", "--topic", "inbound.email.raw.v1")
        assert letters
        return dict(letters[-1])

    letter = await eventually(is_kept, timeout_s=60)
    shown = await dead_letters(omnifil, "show", f"{letter['id']}", "--topic", "inbound.email.raw.v1")
    assert marker in json.dumps(shown)
    resident = await world.move_in(f"Nora {marker[:8]}")
    await world.write_mail(resident, "A good one", f"the neighbour {marker}")
    await agent.until(dossier_of(agent, f"the neighbour {marker}"), "the next mail", SEEN_WITHIN_S)
    replayed = await dead_letters(omnifil, "replay", f"{letter['id']}", "--topic", "inbound.email.raw.v1")
    assert replayed

    async def was_tried_again() -> None:
        letters = await dead_letters(omnifil, "list", "--topic", "inbound.email.raw.v1")
        assert len(letters) == 2, "what cannot be read yet is kept again"

    await eventually(was_tried_again, timeout_s=60)


async def test_an_expired_token_closes_the_stream_with_its_reason(stack: Stack, http: httpx.AsyncClient) -> None:
    login = stack.issuer.agents[0]
    form = {
        "grant_type": "password",
        "username": login.username,
        "password": login.password,
        "expires_in": "1",
    }
    token = (await http.post(stack.issuer.token_endpoint, data=form)).json()["access_token"]
    async with connect(stack.agent_gateway.ws) as socket:
        await socket.send(json.dumps({"type": "hello", "token": token, "cursor": None}))
        async with asyncio.timeout(60):
            await socket.wait_closed()
    assert (socket.close_code, socket.close_reason) == (4401, "token-expired")


async def test_a_reply_on_a_closed_window_is_refused_before_it_is_sent_and_says_why(
    stack: Stack, http: httpx.AsyncClient, agent: Agent, world: World
) -> None:
    person = await world.move_in(f"Late {uuid.uuid4().hex[:8]}")
    text = f"yesterday {uuid.uuid4().hex}"
    url = f"{stack.world}/network/people/{person.psid}/messages"
    (await http.post(url, data={"text": text, "hours_ago": "25"})).raise_for_status()
    dossier_id = await agent.until(dossier_of(agent, text), "the old message", SEEN_WITHIN_S)
    dossier = await agent.dossier(dossier_id)
    command = {
        "type": "reply",
        "text": "too late",
        "conversation_ids": [each.conversation.conversation_id for each in dossier.conversations],
        "seen_seq": dossier.seq,
    }
    refused = await http.post(
        f"{stack.agent_gateway.url}/api/v1/dossiers/{dossier_id}/commands",
        json={"command_id": uuid.uuid4().hex, "command": command},
        headers=agent.headers,
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "window-expired")
    assert refused.json()["expired_at"]
    assert all(message["text"] != "too late" for message in await world.seen_on_network(person))


async def test_no_token_no_data(stack: Stack, http: httpx.AsyncClient) -> None:
    for path in ("me", "dossiers", "agents", "stream/sse", "customers/x"):
        answer = await http.get(f"{stack.agent_gateway.url}/api/v1/{path}")
        assert answer.status_code == 401, path
    for service in ("case-service", "customer-profile"):
        assert (await http.get(f"{stack.services[service]}/dossiers")).status_code in (401, 404)
