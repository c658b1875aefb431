"""Who is let in at `GET /api/ws`."""

import asyncio
from contextlib import suppress

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from omnifil_servicekit.metrics import STREAM_CLIENTS, STREAM_ENDED, Client
from pydantic import ValidationError

from ingest_chat.adapters.tokens import TokenRefused
from ingest_chat.domain.account import ChatAccount
from ingest_chat.domain.visitor import Visitor
from ingest_chat.entrypoints import protocol
from ingest_chat.entrypoints.lobby import Ended, Lobby, text_of
from ingest_chat.entrypoints.visitor_socket import VisitorSocket

_HELLO_WITHIN_S = 5.0
_CLOSE_WITHIN_S = 2.0
_OPEN = STREAM_CLIENTS.labels(Client.VISITOR)


def router(lobby: Lobby) -> APIRouter:
    routes = APIRouter()

    @routes.websocket("/api/ws")
    async def visitor_socket(socket: WebSocket) -> None:
        origin = socket.headers.get("origin")
        if not any(account.allows(origin) for account in lobby.accounts.values()):
            await socket.close(protocol.ORIGIN, "origin-not-allowed")
            return
        await socket.accept()
        try:
            with lobby.places.one("address", lobby.address_of(socket)):
                hello = await _hello(socket)
                visitor, account = _admitted(lobby, hello, origin)
                with lobby.places.one("visitor", visitor.visitor_id), _OPEN.track_inprogress():
                    await VisitorSocket(lobby, socket, visitor, account, hello).run()
        except Ended as ended:
            STREAM_ENDED.labels(Client.VISITOR, ended.reason).inc()
            # The visitor may have been faster, or may not read what we say, not even that.
            with suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
                async with asyncio.timeout(_CLOSE_WITHIN_S):
                    await socket.close(ended.code, ended.reason)
        except WebSocketDisconnect:
            return

    return routes


async def _hello(socket: WebSocket) -> protocol.Hello:
    try:
        async with asyncio.timeout(_HELLO_WITHIN_S):
            text = await text_of(socket)
        return protocol.HELLO.validate_json(text)
    except TimeoutError as error:
        raise Ended(protocol.NO_HELLO, "hello-timeout") from error
    except ValidationError as error:
        raise Ended(protocol.INVALID, "hello-expected") from error


def _admitted(lobby: Lobby, hello: protocol.Hello, origin: str | None) -> tuple[Visitor, ChatAccount]:
    try:
        visitor = lobby.sessions.read(hello.session)
    except TokenRefused as error:
        raise Ended(protocol.SESSION, error.code) from error
    account = lobby.accounts.get(visitor.account)
    if account is None:
        raise Ended(protocol.SESSION, "session-invalid")
    if not account.allows(origin):
        raise Ended(protocol.ORIGIN, "origin-not-allowed")
    return visitor, account
