"""ASGI middleware: one log event, one metric and one span per request; limits; headers that keep browsers safe."""

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import structlog
from fastapi.telemetry import TelemetryConfig
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .metrics import REQUEST_SECONDS
from .problem import Problem, of_status
from .telemetry import tracer

log = structlog.get_logger(__name__)

_QUIET = ("/health/", "/metrics")
_COUNTED = "/webhooks/"
"""What was taken is no event, the counters tell of it: to log each is a fifth of what taking a webhook costs."""

OWN_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""For `FastAPI(telemetry=…)`: its own spans would hold paths and queries, so what people look for; `Observed` tells."""

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


class Observed:
    """Tells of each request: span (continuing the caller's trace), duration, event; answers what nobody caught.

    The span of a WebSocket is of its opening: what comes over it afterwards are events of their own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._opening(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        status: int | None = None
        failure: str | None = None

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began = time.perf_counter()
        with _span_of(scope) as span:
            try:
                await self._app(scope, receive, sending)
            except Exception as error:
                failure = type(error).__qualname__
                log.error("request_failed", method=scope["method"], route=_route(scope), exc_info=error)
                if status is not None:
                    _describe(span, scope["method"], _route(scope), status, failure)
                    raise  # too late for another answer; the server cuts the connection
                await of_status(500, "Something went wrong on our side; it has been logged.")(scope, receive, sending)
            took_s = time.perf_counter() - began
            route = _route(scope)
            if span.is_recording():
                _describe(span, scope["method"], route, status, failure)
            REQUEST_SECONDS.labels(scope["method"], route, str(status)).observe(took_s)
            is_quiet = scope["path"].startswith(_QUIET) or (status == 200 and scope["path"].startswith(_COUNTED))
            say = log.debug if is_quiet else log.info
            say("request", method=scope["method"], route=route, status=status, took_ms=round(took_s * 1000, 1))

    async def _opening(self, scope: Scope, receive: Receive, send: Send) -> None:
        span = tracer.start_span("GET", context=_caller(scope), kind=trace.SpanKind.SERVER)

        async def sending(message: Message) -> None:
            if span.is_recording() and message["type"] in ("websocket.accept", "websocket.close"):
                _describe(span, "GET", _route(scope), 101 if message["type"] == "websocket.accept" else 403)
                span.end()
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            if span.is_recording():
                span.end()


def _span_of(scope: Scope) -> AbstractContextManager[trace.Span]:
    """None for probes and scrapes: they come every few seconds, and nobody looks for them."""
    if scope["path"].startswith(_QUIET):
        return nullcontext(trace.INVALID_SPAN)
    return tracer.start_as_current_span(
        scope["method"],
        context=_caller(scope),
        kind=trace.SpanKind.SERVER,
        record_exception=False,  # what errors say may name people
        set_status_on_exception=False,
    )


def _caller(scope: Scope) -> Context:
    return propagate.extract({key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]})


def _describe(span: trace.Span, method: str, route: str, status: int | None, failure: str | None = None) -> None:
    """As “Semantic conventions for HTTP spans” has it, but for the path: paths hold ids."""
    span.update_name(f"{method} {route}")
    span.set_attributes({"http.request.method": method, "http.route": route, "http.response.status_code": status or 0})
    if failure is not None or (status is not None and status >= 500):
        span.set_status(trace.StatusCode.ERROR)
        span.set_attribute("error.type", failure or str(status))


def _route(scope: Scope) -> str:
    """The route's template, not the path: paths hold ids and have no end."""
    route = scope.get("route")
    return str(getattr(route, "path", "")) or "unmatched"


class BodyLimit:
    """Refuses bodies larger than `limit_bytes` with 413, whether they say so beforehand or not.

    `larger` gives other limits by the beginning of the path; the longest that fits counts.
    """

    def __init__(self, app: ASGIApp, limit_bytes: int, larger: Mapping[str, int] | None = None) -> None:
        self._app = app
        self._limit_bytes = limit_bytes
        self._larger = sorted((larger or {}).items(), key=lambda item: -len(item[0]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = next((limit for path, limit in self._larger if scope["path"].startswith(path)), self._limit_bytes)
        refusal = Problem(
            413,
            "too-large",
            "The request is too large",
            f"At most {limit} bytes are taken here.",
            headers={"Connection": "close"},
            limit_bytes=limit,
        )
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > limit:
            await refusal.response()(scope, receive, send)
            return
        seen_bytes = 0
        exceeded = started = False

        async def counting() -> Message:
            nonlocal seen_bytes, exceeded
            message = await receive()
            seen_bytes += len(message.get("body", b""))
            if seen_bytes > limit:
                exceeded = True
                raise refusal
            return message

        async def sending(message: Message) -> None:
            nonlocal started
            # An app that turns our refusal into an answer of its own does not get to send that.
            if exceeded and not started:
                return
            started = True
            await send(message)

        try:
            await self._app(scope, counting, sending)
        except Problem as error:
            if error is not refusal:
                raise
        if exceeded and not started:
            await refusal.response()(scope, receive, send)


class SecurityHeaders:
    """Headers for services that serve pages. A header that an answer sets by itself is left alone."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        content_security_policy: str = CONTENT_SECURITY_POLICY,
        https: bool = False,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": content_security_policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            **({"Strict-Transport-Security": "max-age=31536000; includeSubDomains"} if https else {}),
            **(extra or {}),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        wrapped: Any = sending if scope["type"] == "http" else send
        await self._app(scope, receive, wrapped)
