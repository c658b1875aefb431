"""The service stands open on the internet: what does not belong there is turned away, with a reason."""

import asyncio
import io
import socket
import time
from contextlib import suppress
from typing import Any

import httpx
import pytest
from ingest_chat.domain.account import ChatAccount
from PIL import Image
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

pytestmark = pytest.mark.integration

SITE = "https://shop.example"


def a_picture(**more: Any) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, "JPEG", **more)
    return out.getvalue()


async def post(replica: Any, path: str, **more: Any) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, base_url=replica.base) as http:
        return await http.post(path, **more)


async def get(replica: Any, path: str, **more: Any) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, base_url=replica.base) as http:
        return await http.get(path, **more)


async def closed_after(visitor: Any, eventually: Any) -> tuple[int, str]:
    await eventually(lambda: visitor.closed is not None)
    return visitor.closed  # type: ignore[no-any-return]


async def test_a_forged_or_foreign_identity_is_refused_and_never_downgraded(replica: Any, identity_token: Any) -> None:
    good = await replica.visitor(identity_token=identity_token()).open_session()
    assert good.json()["visitor"] == {"signed": True, "name": "Clara Martin", "has_email": True}
    for token, code in (
        (identity_token(key="somebody-else-signs-with-another-key!"), "identity-token-invalid"),
        (identity_token(exp=int(time.time()) - 60), "identity-token-expired"),
        (identity_token(aud="another"), "identity-token-invalid"),
        ("", "identity-token-invalid"),
    ):
        visitor = replica.visitor(identity_token=token)
        answer = await visitor.open_session(claimed={"email": "clara.martin@mail.example"})
        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert "session_token" not in answer.json()


async def test_signed_handles_come_only_from_the_site(
    replica: Any, identity_token: Any, records_of: Any, eventually: Any
) -> None:
    clara = await replica.visitor(identity_token=identity_token()).connect()
    await clara.send("I am signed in")
    stranger = replica.visitor()
    await stranger.open_session(claimed={"name": "Clara M.", "email": "clara.martin@mail.example"})
    await stranger.connect()
    await stranger.send("I only say so")
    await eventually(lambda: bool(clara.all("accepted") and stranger.all("accepted")))
    assurances = {
        record["text"]: {each["identity"]["kind"]: each["assurance"] for each in record["sender"]["others"]}
        for record in await records_of("inbound.chat.v1")
    }
    assert assurances == {
        "I am signed in": {"shop-account": "verified", "email": "verified"},
        "I only say so": {"email": "claimed"},
    }
    assert clara.conversation_id != stranger.conversation_id
    await clara.disconnect()
    await stranger.disconnect()


async def test_one_browser_with_two_persons_has_two_conversations(replica: Any, identity_token: Any) -> None:
    browser = replica.visitor()
    anonymous = (await browser.open_session()).json()
    browser.identity_token = identity_token("4711")
    clara = (await browser.open_session()).json()
    browser.identity_token = identity_token("0815")
    tom = (await browser.open_session()).json()
    browser.identity_token = None
    signed_out = (await browser.open_session()).json()
    ids = [each["conversation_id"] for each in (anonymous, clara, tom, signed_out)]
    assert len(set(ids)) == 4
    assert not signed_out["visitor"]["signed"]
    elsewhere = replica.visitor(identity_token=identity_token("4711"))
    assert (await elsewhere.open_session()).json()["conversation_id"] == clara["conversation_id"]
    again = replica.visitor()
    again.session_token = anonymous["session_token"]
    assert (await again.open_session()).json()["conversation_id"] == anonymous["conversation_id"]


@pytest.mark.parametrize("session", ["rubbish", "", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ2In0."])
async def test_a_forged_session_is_4401(replica: Any, eventually: Any, session: str) -> None:
    visitor = replica.visitor()
    visitor.session_token = session
    await visitor.connect()
    assert await closed_after(visitor, eventually) == (4401, "session-invalid")
    assert (await visitor.open_session()).status_code == (401 if session else 200)


async def test_sites_that_are_not_on_the_list_get_nothing(replica: Any, eventually: Any) -> None:
    evil = replica.visitor(origin="https://evil.example")
    refused = await evil.open_session()
    assert (refused.status_code, refused.json()["code"]) == (403, "origin-not-allowed")
    assert "access-control-allow-origin" not in refused.headers
    evil.session_token = "any"
    with pytest.raises(InvalidStatus) as handshake:
        await evil.connect()
    assert handshake.value.response.status_code == 403
    allowed = await replica.visitor().open_session()
    assert allowed.headers["access-control-allow-origin"] == SITE
    assert "access-control-allow-credentials" not in allowed.headers
    assert (await replica.visitor(origin=None).open_session()).status_code == 200


async def test_a_site_of_one_account_does_not_get_into_another(settings: Any, run: Any, eventually: Any) -> None:
    other = ChatAccount(account="outlet", title="Outlet", allowed_origins=("https://outlet.example",))
    settings = settings.model_copy(update={"chat_accounts": (*settings.chat_accounts, other)})
    async with run(settings, "serve") as replica:
        visitor = replica.visitor()
        await visitor.open_session()
        visitor.origin = "https://outlet.example"
        await visitor.connect()
        assert await closed_after(visitor, eventually) == (4403, "origin-not-allowed")
        visitor.origin = SITE
        crossing = await visitor.open_session(account="outlet")
        assert crossing.json()["code"] == "origin-not-allowed"
        unknown = await visitor.open_session(account="nowhere")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "account-not-found")


async def test_who_does_not_say_hello_is_shown_out(
    replica: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest_chat.entrypoints.socket._HELLO_WITHIN_S", 0.1)
    address = replica.base.replace("http", "ws") + "/api/ws"
    async with connect(address, proxy=None) as silent:
        with pytest.raises(ConnectionClosed):
            await silent.recv()
        assert (silent.close_code, silent.close_reason) == (4408, "hello-timeout")
    async with connect(address, proxy=None) as rude:
        await rude.send('{"type":"send"}')
        with pytest.raises(ConnectionClosed):
            await rude.recv()
        assert (rude.close_code, rude.close_reason) == (4400, "hello-expected")


async def test_nonsense_is_answered_clearly_and_not_for_ever(replica: Any, eventually: Any) -> None:
    visitor = await replica.visitor().connect()
    await visitor._socket.send("{")
    await eventually(lambda: visitor.all("error") or False)
    assert visitor.all("error")[0]["code"] == "invalid-message"
    await visitor.send("still here", "message-one")
    await eventually(lambda: visitor.all("accepted") or False)
    await visitor.say({"type": "read", "seq": 10**30})
    await eventually(lambda: len(visitor.all("error")) == 2)
    for _ in range(4):
        await visitor.say({"type": "nonsense"})
    assert await closed_after(visitor, eventually) == (4400, "too-many-invalid-messages")


async def test_what_is_too_large_is_refused(replica: Any, eventually: Any) -> None:
    visitor = await replica.visitor().connect()
    await visitor.send("a" * 5001, "message-one")
    await visitor.send(" ", "message-two")
    await eventually(lambda: len(visitor.all("error")) == 2)
    assert [(frame["code"], frame["retry"]) for frame in visitor.all("error")] == [
        ("text-too-long", False),
        ("empty-message", False),
    ]
    await visitor.say({"type": "send", "client_message_id": "message-three", "text": "a" * 60_000})
    assert await closed_after(visitor, eventually) == (1009, "message-too-large")
    answer = await post(replica, "/api/sessions", content=b'{"account":"' + b"a" * 40_000 + b'"}')
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


async def test_who_sends_too_much_waits(settings: Any, run: Any, eventually: Any, records_of: Any) -> None:
    settings = settings.model_copy(update={"chat_messages_burst": 3, "chat_messages_per_second": 5.0})
    async with run(settings, "serve") as replica:
        visitor = await replica.visitor().connect()
        for n in range(5):
            await visitor.send(f"{n}")
        await eventually(lambda: len(visitor.all("accepted")) + len(visitor.all("error")) == 5)
        refused = visitor.all("error")
        assert {(frame["code"], frame["retry"]) for frame in refused} == {("rate-limited", True)}
        assert all(0 < frame["retry_after_s"] <= 0.3 for frame in refused)
        assert len(await records_of("inbound.chat.v1")) == 5 - len(refused) < 5
        for _ in range(40):
            await visitor.say({"type": "ping"})
        assert await closed_after(visitor, eventually) == (4429, "too-many-messages")


async def test_sockets_are_counted(settings: Any, run: Any, eventually: Any) -> None:
    settings = settings.model_copy(update={"chat_connections_per_visitor": 1, "chat_connections_per_address": 2})
    async with run(settings, "serve") as replica:
        first = await replica.visitor().connect()
        await eventually(lambda: first.all("live") or False)
        again = replica.visitor()
        again.session_token = first.session_token
        await again.connect()
        assert await closed_after(again, eventually) == (4429, "too-many-connections")
        second = await replica.visitor().connect()
        await eventually(lambda: second.all("live") or False)
        third = await replica.visitor().connect()
        assert await closed_after(third, eventually) == (4429, "too-many-connections")
        await first.disconnect()
        await again.connect()
        await eventually(lambda: again.all("live") or False)
        await second.disconnect()
        await again.disconnect()


async def test_images_are_told_by_their_bytes_and_lose_their_story(
    replica: Any, eventually: Any, records_of: Any
) -> None:
    visitor = await replica.visitor().connect()
    bearer = {"Authorization": f"Bearer {visitor.session_token}", "Content-Type": "image/png"}
    exif = Image.Exif()
    exif[0x010F] = "taken at home"
    answer = await post(
        replica, "/api/uploads?filename=../../Caf%C3%A9.html", content=a_picture(exif=exif), headers=bearer
    )
    assert (answer.status_code, answer.json()["media_type"], answer.json()["filename"]) == (
        201,
        "image/jpeg",
        "Café.jpg",
    )
    sent = await visitor.send("", attachments=[answer.json()["id"]])
    accepted = (await eventually(lambda: visitor.all("accepted") or False))[0]
    assert accepted["client_message_id"] == sent
    [shown] = accepted["entry"]["attachments"]
    file = await get(replica, shown["url"])
    assert b"taken at home" not in file.content
    assert file.headers["content-type"] == "image/jpeg"
    assert file.headers["content-disposition"] == "inline; filename*=UTF-8''Caf%C3%A9.jpg"
    assert file.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in file.headers["content-security-policy"]
    [record] = await records_of("inbound.chat.v1")
    assert record["attachments"][0]["size_bytes"] == len(file.content)
    stranger = await replica.visitor().connect()
    await stranger.send("", "message-one", attachments=[answer.json()["id"]])
    await eventually(lambda: stranger.all("error") or False)
    assert (stranger.all("error")[0]["code"], stranger.all("error")[0]["retry"]) == ("upload-invalid", False)
    await visitor.disconnect()
    await stranger.disconnect()


async def test_uploads_that_do_not_belong_here(replica: Any) -> None:
    visitor = replica.visitor()
    await visitor.open_session()
    bearer = {"Authorization": f"Bearer {visitor.session_token}"}
    picture = a_picture()
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    for content, headers, status, code in (
        (svg, {**bearer, "Content-Type": "image/png"}, 415, "not-an-image"),
        (a_picture(), {}, 401, "session-invalid"),
        (a_picture(), {"Authorization": "Bearer rubbish"}, 401, "session-invalid"),
    ):
        answer = await post(replica, "/api/uploads", content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(replica.base.rsplit(":", 1)[-1]))
    writer.write(b"POST /api/uploads HTTP/1.1\r\nHost: chat\r\nContent-Length: 11000000\r\n\r\n")
    assert b" 413 " in await reader.readline()
    writer.close()
    for _ in range(40):  # a slow machine fills the bucket meanwhile
        answer = await post(replica, "/api/uploads", content=picture, headers=bearer)
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    missing = await get(replica, "/api/files/rubbish")
    assert (missing.status_code, missing.json()["code"]) == (403, "file-invalid")


async def test_a_session_of_nobody_leaves_nothing_behind(replica: Any, mongo: Any) -> None:
    for _ in range(3):
        await replica.visitor().connect()
    assert await mongo.database("chat")["entries"].count_documents({}) == 0
    assert await mongo.database("chat")["conversations"].count_documents({}) == 0


async def test_a_wrong_address_is_said_and_a_right_one_is_kept(replica: Any) -> None:
    visitor = replica.visitor()
    wrong = await visitor.open_session(claimed={"email": "not an address"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid-email")
    right = (await visitor.open_session(claimed={"name": "Clara", "email": "Clara@Mail.example"})).json()
    assert right["visitor"] == {"signed": False, "name": "Clara", "has_email": True}
    assert (await visitor.open_session()).json()["visitor"] == right["visitor"]


async def test_who_does_not_read_is_cut_off_and_the_others_go_on(
    settings: Any, run: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest_chat.entrypoints.visitor_socket._SEND_WITHIN_S", 0.5)
    settings = settings.model_copy(update={"chat_messages_burst": 200, "chat_connections_per_visitor": 2})
    async with run(settings, "serve") as replica:
        visitor = await replica.visitor().connect()
        for n in range(12):
            await visitor.send(f"{n}" + "é" * 4_900)
        await eventually(lambda: len(visitor.all("accepted")) == 12)
        slow = await _who_does_not_read(replica, visitor.session_token)
        await visitor.send("Still served", "message-last")
        await eventually(lambda: len(visitor.all("accepted")) == 13)
        third = replica.visitor()
        third.session_token = visitor.session_token

        async def has_the_place_of_the_slow_one() -> bool:
            await third.connect()
            await eventually(lambda: bool(third.closed or third.all("live")))
            return third.closed is None

        await eventually(has_the_place_of_the_slow_one)
        slow.transport.abort()
        await visitor.disconnect()
        await third.disconnect()


async def _who_does_not_read(replica: Any, session: str) -> ClientConnection:
    """A socket that asks for 18 MB, more than any buffer takes, and reads none of it."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.setblocking(False)
    await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", int(replica.base.rsplit(":", 1)[-1])))
    slow = await connect("ws://shop.example/api/ws", sock=narrow, proxy=None, max_queue=1, compression=None)
    await slow.send(f'{{"type":"hello","session":"{session}","after":0}}')
    slow.transport.pause_reading()
    for _ in range(300):
        with suppress(ConnectionClosed):
            await slow.send('{"type":"earlier","before":13}')
    return slow
