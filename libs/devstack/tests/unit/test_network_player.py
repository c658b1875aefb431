"""The played network, over real HTTP, with an app behind its page that behaves and misbehaves."""

import hashlib
import hmac
import io
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from fastapi import FastAPI, Request, Response
from omnifil_devstack.ports import free_ports
from omnifil_devstack.world.network import NetworkSettings
from omnifil_devstack.world.network.app import network_app
from omnifil_devstack.world.serving import served
from omnifil_testkit.waiting import Eventually
from PIL import Image

CLAIRE = "6100000000000101"


@dataclass
class App:
    """What the app behind the page has seen; it answers with `status`."""

    secret: str
    status: int = 200
    events: list[dict[str, Any]] = field(default_factory=list)
    refused: int = 0

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if kind in event]


@dataclass
class Network:
    client: httpx.AsyncClient
    app: App
    settings: NetworkSettings

    async def send(self, message: dict[str, Any], psid: str = CLAIRE, token: str = "page-token") -> httpx.Response:
        body = {"recipient": {"id": psid}, "messaging_type": "RESPONSE", "message": message}
        return await self.client.post("/v20.0/me/messages", params={"access_token": token}, json=body)


@pytest_asyncio.fixture
async def network(tmp_path: Path) -> AsyncIterator[Network]:
    app = App("app-secret")
    ours, theirs = free_ports(2)
    settings = NetworkSettings(
        webhook_url=f"http://127.0.0.1:{theirs}/hook",
        public_url=f"http://127.0.0.1:{ours}",
        database=tmp_path / "network.sqlite",
        app_secret=app.secret,
        verify_token="verify",
        page_token="page-token",
        retry_pauses_s=(0.02,),
        delivery_delay_s=0.01,
    )
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(served(_webhook_of(app), theirs))
        await stack.enter_async_context(served(network_app(settings), ours))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=settings.public_url))
        yield Network(client, app, settings)


def _webhook_of(app: App) -> FastAPI:
    api = FastAPI()

    @api.get("/hook")
    async def handshake(request: Request) -> Response:
        given = request.query_params
        right = given["hub.mode"] == "subscribe" and given["hub.verify_token"] == "verify"
        return Response(given["hub.challenge"] if right else "", 200 if right else 403)

    @api.post("/hook")
    async def take(request: Request) -> Response:
        body = await request.body()
        expected = "sha256=" + hmac.new(app.secret.encode(), body, hashlib.sha256).hexdigest()
        if app.status != 200 or request.headers["x-hub-signature-256"] != expected:
            app.refused += 1
            return Response(status_code=app.status if app.status != 200 else 401)
        for entry in json.loads(body)["entry"]:
            app.events += entry["messaging"]
        return Response()

    return api


async def test_a_message_arrives_signed_with_its_picture(network: Network, eventually: Eventually) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(picture, "PNG")
    await network.client.post(
        f"/network/people/{CLAIRE}/messages",
        data={"text": "Où est ma commande ?"},
        files={"picture": ("order.png", picture.getvalue(), "image/png")},
    )
    await eventually(lambda: bool(network.app.events))
    [event] = network.app.events
    assert event["sender"] == {"id": CLAIRE}
    assert event["message"]["text"] == "Où est ma commande ?"
    fetched = await network.client.get(event["message"]["attachments"][0]["payload"]["url"])
    assert fetched.content == picture.getvalue()


async def test_what_the_app_refuses_is_sent_again_in_order(network: Network, eventually: Eventually) -> None:
    network.app.status = 503
    for text in ("one", "two"):
        await network.client.post(f"/network/people/{CLAIRE}/messages", data={"text": text})
    await eventually(lambda: network.app.refused >= 2)
    network.app.status = 200
    await eventually(lambda: len(network.app.events) == 2)
    assert [event["message"]["text"] for event in network.app.events] == ["one", "two"]


async def test_a_reply_is_echoed_delivered_and_read(network: Network, eventually: Eventually) -> None:
    await network.client.post(f"/network/people/{CLAIRE}/messages", data={"text": "Hello?"})
    sent = (await network.send({"text": "On its way", "metadata": "outbound-1"})).json()
    await eventually(lambda: bool(network.app.of_kind("delivery")))
    [echo] = [event["message"] for event in network.app.of_kind("message") if event["message"].get("is_echo")]
    assert (echo["mid"], echo["metadata"]) == (sent["message_id"], "outbound-1")
    assert network.app.of_kind("delivery")[0]["delivery"]["mids"] == [sent["message_id"]]
    assert not network.app.of_kind("read")
    await network.client.post(f"/network/people/{CLAIRE}/look")
    await eventually(lambda: bool(network.app.of_kind("read")))


async def test_a_picture_is_uploaded_and_sent(network: Network) -> None:
    await network.client.post(f"/network/people/{CLAIRE}/messages", data={"text": "Hello?"})
    attachment = json.dumps({"attachment": {"type": "image", "payload": {"is_reusable": True}}})
    uploaded = await network.client.post(
        "/v20.0/me/message_attachments",
        params={"access_token": "page-token"},
        data={"message": attachment},
        files={"filedata": ("label.png", b"not looked into", "image/png")},
    )
    by_id = {"type": "image", "payload": {"attachment_id": uploaded.json()["attachment_id"]}}
    assert (await network.send({"attachment": by_id})).status_code == 200
    seen = (await network.client.get(f"/network/people/{CLAIRE}/messages")).json()
    assert len(seen[-1]["pictures"]) == 1


async def test_graph_refuses_in_its_own_words(network: Network) -> None:
    assert (await network.send({"text": "x"}, psid="42")).json()["error"]["error_subcode"] == 2018001
    await network.client.post(f"/network/people/{CLAIRE}/messages", data={"text": "long ago", "hours_ago": "25"})
    closed = await network.send({"text": "too late"})
    assert (closed.status_code, closed.json()["error"]["code"]) == (400, 10)
    await network.client.post(f"/network/people/{CLAIRE}/messages", data={"text": "again"})
    assert (await network.send({"text": "x" * 2001})).json()["error"]["code"] == 100
    assert (await network.send({"text": "x"}, token="stolen")).status_code == 401


async def test_a_profile_has_the_asked_fields(network: Network) -> None:
    answer = await network.client.get(
        f"/v20.0/{CLAIRE}", params={"fields": "first_name,profile_pic"}, headers={"authorization": "Bearer page-token"}
    )
    assert answer.json()["first_name"] == "Claire"
    assert (await network.client.get(answer.json()["profile_pic"])).headers["content-type"] == "image/svg+xml"


async def test_what_waits_survives_a_restart(network: Network, tmp_path: Path, eventually: Eventually) -> None:
    def another(port: int) -> FastAPI:
        own = {"public_url": f"http://127.0.0.1:{port}", "database": tmp_path / "other.sqlite"}
        return network_app(NetworkSettings(**{**vars(network.settings), **own}))

    network.app.status = 500
    first, second = free_ports(2)
    async with served(another(first), first) as address, httpx.AsyncClient(base_url=address) as client:
        await client.post(f"/network/people/{CLAIRE}/messages", data={"text": "before the restart"})
        await eventually(lambda: network.app.refused > 0)
    assert network.app.events == []
    network.app.status = 200
    async with served(another(second), second):
        await eventually(lambda: bool(network.app.events))
