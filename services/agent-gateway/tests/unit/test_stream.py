"""The stream's door: who comes in, how it ends, and what a wrong client is told."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from agent_gateway.domain.cursor import Cursor
from agent_gateway.entrypoints.stream import _sse
from omnifil_servicekit.auth import Claims
from omnifil_servicekit.health import Health
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect


@pytest.fixture
def http(gateway: Any) -> Iterator[TestClient]:
    stop = asyncio.Event()

    @contextlib.asynccontextmanager
    async def running(_app: Any) -> Any:
        tasks = [asyncio.create_task(loop(stop)) for loop in gateway.parts.loops.values()]
        yield
        stop.set()
        await asyncio.gather(*tasks)

    gateway.app.router.lifespan_context = running
    with TestClient(gateway.app) as client:
        yield client


def closed(http: TestClient, *messages: str) -> tuple[int, str]:
    """Code and reason with which the stream ends after these messages."""
    with http.websocket_connect("/api/v1/stream") as socket:
        for message in messages:
            socket.send_text(message)
        return read_to_the_end(socket)


def read_to_the_end(socket: WebSocketTestSession) -> tuple[int, str]:
    while True:
        try:
            socket.receive_text()
        except WebSocketDisconnect as ended:
            return ended.code, ended.reason


def hello(token: str, cursor: str | None = None) -> str:
    return json.dumps({"type": "hello", "token": token, "cursor": cursor})


def test_a_wrong_token_closes_with_its_reason(http: TestClient) -> None:
    assert closed(http, hello("nonsense")) == (4401, "token-invalid")


def test_an_expired_token_closes_with_its_reason(http: TestClient, gateway: Any) -> None:
    assert closed(http, hello(gateway.issuer.token(expires_in_s=-1))) == (4401, "token-expired")


def test_a_token_that_expires_meanwhile_closes_the_stream_with_its_reason(http: TestClient, gateway: Any) -> None:
    assert closed(http, hello(gateway.issuer.token(expires_in_s=1))) == (4401, "token-expired")


def test_who_is_no_agent_is_closed_out(http: TestClient, gateway: Any) -> None:
    assert closed(http, hello(gateway.issuer.token(roles=[]))) == (4403, "not-an-agent")


@pytest.mark.parametrize("message", ["not json", "[]", '{"type":"pong"}'])
def test_a_client_that_does_not_say_hello_is_told_so(http: TestClient, message: str) -> None:
    code, reason = closed(http, message)
    assert (code, reason) in {(1008, "not-json"), (1008, "not-an-object"), (1008, "hello-expected")}


def test_a_cursor_of_somebody_elses_making_is_refused(http: TestClient, gateway: Any) -> None:
    assert closed(http, hello(gateway.issuer.token(), "garbage")) == (1008, "cursor-invalid")


def test_an_unknown_message_ends_the_stream(http: TestClient, gateway: Any) -> None:
    assert closed(http, hello(gateway.issuer.token()), '{"type":"subscribe"}') == (1008, "unknown-message")


def test_a_renewed_token_keeps_the_stream_open(http: TestClient, gateway: Any) -> None:
    with http.websocket_connect("/api/v1/stream") as socket:
        socket.send_text(hello(gateway.issuer.token(expires_in_s=2)))
        socket.send_text(json.dumps({"type": "token", "token": gateway.issuer.token(expires_in_s=60)}))
        pings = 0
        while pings < 12:  # one each 0.2 s: past the end of the first token
            pings += json.loads(socket.receive_text())["type"] == "ping"
        socket.send_text('{"type":"goodbye"}')
        assert read_to_the_end(socket) == (1008, "unknown-message")


def test_the_token_of_another_agent_does_not_renew(http: TestClient, gateway: Any) -> None:
    other = json.dumps({"type": "token", "token": gateway.issuer.token("tom")})
    assert closed(http, hello(gateway.issuer.token("amelie")), other) == (4401, "token-of-somebody-else")


def test_server_sent_events_carry_the_cursor_as_their_id(http: TestClient, gateway: Any) -> None:
    topic = gateway.topics["dossier.events.v1"]
    assert http.portal is not None
    http.portal.call(topic.append, b'{"dossier_id":"d","entry":{"seq":1}}')
    gateway.clock_jumps_after = 4
    headers = {
        "Authorization": f"Bearer {gateway.issuer.token()}",
        "Last-Event-ID": Cursor({0: 0}, {0: 0}).encode(),
    }
    answer = http.get("/api/v1/stream/sse", headers=headers)
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in answer.text.split("\n\n") if block]
    [events] = [block for block in blocks if '"events"' in block["data"]]
    assert json.loads(events["data"])["events"] == [{"dossier_id": "d", "entry": {"seq": 1}}]
    assert Cursor.decode(events["id"]).dossiers == {0: 1}
    assert blocks[-1] == {"event": "closed", "data": '{"reason":"token-expired"}'}


async def test_server_sent_events_end_at_once_when_the_process_stops(suite: Any) -> None:
    """A stream that waited for its next message held up the stop, and its agents, until the grace was over."""
    suite.live._ping_interval_s = 60
    health, now = Health(), datetime.now(UTC)
    claims = Claims("amelie", now + timedelta(hours=1), {})
    async with suite.running():
        events = _sse(suite.live, None, claims, health, lambda: now)
        while b'"live"' not in await anext(events):
            pass
        waiting = asyncio.ensure_future(anext(events, b"the end"))
        done, _ = await asyncio.wait({waiting}, timeout=0.2)
        assert not done, "something came that ended the wait"
        health.stopping.set()
        assert await asyncio.wait_for(waiting, 30) == b"the end"
