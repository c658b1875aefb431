"""The live stream over WebSocket and over server-sent events."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse
from omnifil_servicekit.auth import Claims, TokenExpired, TokenInvalid
from omnifil_servicekit.errors import Transient
from omnifil_servicekit.health import Health
from omnifil_servicekit.metrics import STREAM_CLIENTS, STREAM_ENDED, Client
from omnifil_servicekit.problem import Problem
from pydantic import BaseModel, Field, ValidationError
from starlette.websockets import WebSocketState

from agent_gateway.domain.cursor import Cursor, CursorInvalid
from agent_gateway.entrypoints.agents import Doorkeeper
from agent_gateway.entrypoints.showing import showing
from agent_gateway.live import LiveStream, StreamFrame
from agent_gateway.settings import GatewaySettings

_HELLO_TIMEOUT_S = 5
_GOING_AWAY, _POLICY = 1001, 1008
_UNAUTHENTICATED, _FORBIDDEN, _NO_HELLO, _TOO_SLOW, _TRY_LATER = 4401, 4403, 4408, 4429, 4503

_GONE = "gone"
"""The client went by itself."""

Clock = Callable[[], datetime]


class Hello(BaseModel):
    token: str = Field(max_length=20_000)
    cursor: str | None = Field(None, max_length=5_000)


class _Closed(Exception):
    """The connection ends with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


def router(
    *, settings: GatewaySettings, live: LiveStream, doorkeeper: Doorkeeper, health: Health, clock: Clock
) -> APIRouter:
    api = APIRouter(prefix="/api/v1")

    @api.websocket("/stream")
    async def websocket(socket: WebSocket) -> None:
        await socket.accept()
        try:
            with STREAM_CLIENTS.labels(Client.AGENT_WEBSOCKET).track_inprogress():
                await _Session(socket, settings, live, doorkeeper, health, clock).run()
        except _Closed as closed:
            if closed.reason != _GONE:
                STREAM_ENDED.labels(Client.AGENT_WEBSOCKET, closed.reason).inc()
            if socket.client_state is WebSocketState.CONNECTED:
                with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                    await socket.close(closed.code, closed.reason)

    @api.get("/stream/sse")
    async def server_sent_events(
        request: Request, last_event_id: Annotated[str | None, Header(max_length=5_000)] = None
    ) -> StreamingResponse:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            claims = await _verified(doorkeeper, token if scheme.lower() == "bearer" else "")
            cursor = _cursor(last_event_id)
        except _Closed as closed:
            status = {_UNAUTHENTICATED: 401, _FORBIDDEN: 403, _TRY_LATER: 503}.get(closed.code, 400)
            raise Problem(status, closed.reason, "The stream cannot be opened") from closed
        return StreamingResponse(
            _sse(live, cursor, claims, health, clock),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return api


class _Session:
    """One agent's connection, from hello to the end."""

    def __init__(
        self,
        socket: WebSocket,
        settings: GatewaySettings,
        live: LiveStream,
        doorkeeper: Doorkeeper,
        health: Health,
        clock: Clock,
    ) -> None:
        self._clock = clock
        self._socket = socket
        self._settings = settings
        self._live = live
        self._doorkeeper = doorkeeper
        self._health = health
        self._claims: Claims | None = None
        self._renewed = asyncio.Event()

    async def run(self) -> None:
        """Runs until one side ends it. Raises `_Closed`."""
        cursor = await self._hello()
        tasks = {
            asyncio.create_task(self._send(cursor)),
            asyncio.create_task(self._receive()),
            asyncio.create_task(self._watch_token()),
            asyncio.create_task(self._watch_stop()),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hello(self) -> Cursor | None:
        try:
            async with asyncio.timeout(_HELLO_TIMEOUT_S):
                hello = Hello.model_validate(await self._message())
        except TimeoutError as error:
            raise _Closed(_NO_HELLO, "hello-timeout") from error
        except ValidationError as error:
            raise _Closed(_POLICY, "hello-expected") from error
        self._claims = await _verified(self._doorkeeper, hello.token)
        return _cursor(hello.cursor)

    async def _send(self, cursor: Cursor | None) -> None:
        async with contextlib.aclosing(self._live.follow(cursor)) as frames:
            async for frame in frames:
                try:
                    with showing(frame, "websocket"):
                        async with asyncio.timeout(self._settings.gateway_send_timeout_s):
                            await self._socket.send_text(frame.text)
                except TimeoutError as error:
                    raise _Closed(_TOO_SLOW, "too-slow") from error
                except (RuntimeError, WebSocketDisconnect) as error:
                    raise _Closed(_GOING_AWAY, _GONE) from error
        raise _Closed(_GOING_AWAY, "reset")

    async def _receive(self) -> None:
        while True:
            message = await self._message()
            kind = message.get("type")
            if kind == "token":
                renewed = await _verified(self._doorkeeper, str(message.get("token", "")))
                if self._claims is not None and renewed.subject != self._claims.subject:
                    raise _Closed(_UNAUTHENTICATED, "token-of-somebody-else")
                self._claims = renewed
                self._renewed.set()
            elif kind != "pong":
                raise _Closed(_POLICY, "unknown-message")

    async def _watch_token(self) -> None:
        """Ends the stream when the token does, unless it was renewed."""
        while self._claims is not None:
            self._renewed.clear()
            left_s = (self._claims.expires_at - self._clock()).total_seconds()
            try:
                async with asyncio.timeout(max(0, left_s)):
                    await self._renewed.wait()
            except TimeoutError as error:
                raise _Closed(_UNAUTHENTICATED, "token-expired") from error

    async def _watch_stop(self) -> None:
        await self._health.stopping.wait()
        raise _Closed(_GOING_AWAY, "restart")

    async def _message(self) -> dict[str, Any]:
        try:
            message = await self._socket.receive_json()
        except (WebSocketDisconnect, RuntimeError) as error:
            raise _Closed(_GOING_AWAY, _GONE) from error
        except (ValueError, KeyError) as error:
            raise _Closed(_POLICY, "not-json") from error
        if not isinstance(message, dict):
            raise _Closed(_POLICY, "not-an-object")
        return message


async def _sse(
    live: LiveStream, cursor: Cursor | None, claims: Claims, health: Health, clock: Clock
) -> AsyncGenerator[bytes, None]:
    """The same messages as events; the cursor is the id, so that a browser continues by itself."""
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(STREAM_CLIENTS.labels(Client.AGENT_SSE).track_inprogress())
        frames = await stack.enter_async_context(contextlib.aclosing(live.follow(cursor)))
        stopping = asyncio.create_task(health.stopping.wait())
        stack.callback(stopping.cancel)
        while not health.stopping.is_set():
            left_s = (claims.expires_at - clock()).total_seconds()
            try:
                frame = await _unless(stopping, anext(frames), max(0.0, left_s))
            except _Stopping:
                return  # the browser comes back by itself, and is somewhere else by then
            except TimeoutError:
                STREAM_ENDED.labels(Client.AGENT_SSE, "token-expired").inc()
                yield b'event: closed\ndata: {"reason":"token-expired"}\n\n'
                return
            except StopAsyncIteration:
                return
            identifier = b"" if frame.cursor is None else b"id: " + frame.cursor.encode() + b"\n"
            with showing(frame, "sse"):
                yield identifier + b"data: " + frame.json + b"\n\n"


class _Stopping(Exception):
    """The process is about to end."""


async def _unless(stopping: "asyncio.Task[Any]", frame: Awaitable[StreamFrame], limit_s: float) -> StreamFrame:
    """The frame. Raises `_Stopping` as soon as the process stops, and `TimeoutError`."""
    waiting = asyncio.ensure_future(frame)
    try:
        done, _ = await asyncio.wait({waiting, stopping}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        if waiting in done:
            return waiting.result()
        raise _Stopping if done else TimeoutError
    finally:
        if not waiting.done():
            waiting.cancel()
            await asyncio.wait({waiting})


async def _verified(doorkeeper: Doorkeeper, token: str) -> Claims:
    try:
        return await doorkeeper.verify(token)
    except TokenExpired as error:
        raise _Closed(_UNAUTHENTICATED, "token-expired") from error
    except TokenInvalid as error:
        raise _Closed(_UNAUTHENTICATED, "token-invalid") from error
    except Transient as error:
        raise _Closed(_TRY_LATER, "issuer-unavailable") from error
    except Problem as error:
        raise _Closed(_FORBIDDEN, error.code) from error


def _cursor(encoded: str | None) -> Cursor | None:
    """An unreadable cursor is refused rather than taken for the beginning or the end."""
    try:
        return Cursor.decode(encoded) if encoded else None
    except CursorInvalid as error:
        raise _Closed(_POLICY, "cursor-invalid") from error
