"""Which traces are recorded, and what the span of a request says."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from omnifil_servicekit import telemetry
from omnifil_servicekit.problem import install
from omnifil_servicekit.web import OWN_TELEMETRY, Observed
from opentelemetry import context, trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, TraceFlags
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

NOWHERE = context.Context()


def caller(*, recorded: bool) -> context.Context:
    span = SpanContext(0xA, 0xB, is_remote=True, trace_flags=TraceFlags(int(recorded)))
    return trace.set_span_in_context(NonRecordingSpan(span), NOWHERE)


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    monkeypatch.setattr(telemetry.recorded, "on", True)
    monkeypatch.setattr(telemetry.recorded, "share", TraceIdRatioBased(1.0))
    telemetry.configure("test", span_processors=[SimpleSpanProcessor(exporter)])
    yield exporter
    exporter.shutdown()


def begun(parent: context.Context = NOWHERE, links: list[Link] | None = None) -> bool:
    """Whether a span that begins like this is recorded."""
    return telemetry.tracer.start_span("x", context=parent, links=links).is_recording()


def test_what_a_caller_records_is_recorded_and_what_begins_here_by_its_share(
    spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry.recorded, "share", TraceIdRatioBased(0.0))
    assert begun(caller(recorded=True))
    assert not begun(caller(recorded=False))
    assert not begun()
    sampled = trace.get_current_span(caller(recorded=True)).get_span_context()
    assert begun(links=[Link(sampled)])
    monkeypatch.setattr(telemetry.recorded, "share", TraceIdRatioBased(1.0))
    assert begun()


def test_while_spans_go_nowhere_none_is_recorded_and_logs_still_have_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    telemetry.configure("test")
    monkeypatch.setattr(telemetry.recorded, "on", False)
    assert not begun(caller(recorded=True))
    assert telemetry.tracer.start_span("x").get_span_context().is_valid


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI(telemetry=OWN_TELEMETRY)
    install(app)

    @app.get("/customers/{customer}")
    async def customer(customer: str) -> str:
        return customer

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("clara@example.org")

    @app.websocket("/stream")
    async def stream(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_text()
        await socket.close()

    app.add_middleware(Observed)
    return app


def only(spans: InMemorySpanExporter) -> ReadableSpan:
    [span] = spans.get_finished_spans()
    return span


async def ask(app: FastAPI, path: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        await client.get(path)


async def test_a_requests_span_names_the_route_and_neither_path_nor_query(
    app: FastAPI, spans: InMemorySpanExporter
) -> None:
    await ask(app, "/customers/c-4711?words=clara")
    span = only(spans)
    assert span.name == "GET /customers/{customer}"
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": "/customers/{customer}",
        "http.response.status_code": 200,
    }


async def test_probes_and_scrapes_leave_no_trace(app: FastAPI, spans: InMemorySpanExporter) -> None:
    for path in ("/health/ready", "/metrics"):
        await ask(app, path)
    assert spans.get_finished_spans() == ()


async def test_a_failure_is_told_by_its_kind_and_not_in_its_own_words(
    app: FastAPI, spans: InMemorySpanExporter
) -> None:
    await ask(app, "/broken")
    span = only(spans)
    assert not span.status.is_ok
    assert (span.attributes or {})["error.type"] == "RuntimeError"
    assert "example.org" not in span.to_json()


def test_a_websockets_span_is_of_its_opening_and_does_not_wait_for_its_end(
    app: FastAPI, spans: InMemorySpanExporter
) -> None:
    with TestClient(app).websocket_connect("/stream") as socket:
        span = only(spans)
        socket.send_text("bye")
    assert (span.name, (span.attributes or {})["http.response.status_code"]) == ("GET /stream", 101)
    assert only(spans) is span
