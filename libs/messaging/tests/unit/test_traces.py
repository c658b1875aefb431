"""One trace for each message, through batches and over whatever lies between."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar

import pytest
from omnifil_contracts.record import Record
from omnifil_messaging.context import accepting, carried, processing, traced, traceparent
from omnifil_messaging.outgoing import Outgoing, wire
from omnifil_messaging.sending import sending
from omnifil_servicekit import telemetry
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from opentelemetry.trace import SpanContext, SpanKind, StatusCode

FIRST, SECOND = (f"00-{number:032x}-{number:016x}-01" for number in (0xA, 0xB))
UNRECORDED = f"00-{0xC:032x}-{0xC:016x}-00"


class Thing(Record):
    """Something."""

    ce_type: ClassVar[str] = "omnifil.thing.v1"


def outgoing(about: str | None) -> Outgoing:
    return Outgoing("things.v1", "k", Thing(), "e1", "/test", None, datetime.now(UTC), context=carried(about))


def headers(of: Outgoing) -> dict[str, str]:
    return {name: value.decode() for name, value in wire(of).headers}


def trace_of(of: Outgoing) -> str:
    return headers(of)["traceparent"].split("-")[1]


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    monkeypatch.setattr(telemetry.recorded, "on", True)
    monkeypatch.setattr(telemetry.recorded, "share", TraceIdRatioBased(1.0))
    telemetry.configure("test", span_processors=[SimpleSpanProcessor(exporter)])
    yield exporter
    exporter.shutdown()


def context_of(span: ReadableSpan) -> SpanContext:
    context = span.get_span_context()
    assert context is not None
    return context


def named(spans: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [span for span in spans.get_finished_spans() if span.name == name]


def test_out_of_a_batch_each_record_goes_on_in_the_trace_of_its_own_message(spans: InMemorySpanExporter) -> None:
    things = traced([("a", {"traceparent": FIRST}), ("b", {"traceparent": SECOND}), ("c", {})])
    with processing(things, "in.v1", group="g", batch_size=3):
        one, other, shared = outgoing("a"), outgoing("b"), outgoing(None)
        unrecorded = outgoing("c")
        stored = traceparent("a")
    assert (trace_of(one), trace_of(other)) == (f"{0xA:032x}", f"{0xB:032x}")
    assert stored == headers(one)["traceparent"]
    assert "traceparent" not in headers(unrecorded)
    [batch] = named(spans, "process in.v1 batch")
    assert trace_of(shared) == format(context_of(batch).trace_id, "032x")
    assert {link.context.trace_id for link in batch.links} == {0xA, 0xB}
    first, second = named(spans, "process in.v1")
    assert {span.parent.span_id for span in (first, second) if span.parent} == {0xA, 0xB}
    assert first.kind is SpanKind.CONSUMER
    assert dict(first.attributes or {}) == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "in.v1",
        "messaging.consumer.group.name": "g",
    }
    assert "traceparent" not in headers(outgoing("a"))


def test_at_a_door_that_knows_no_traces_each_message_begins_its_own(spans: InMemorySpanExporter) -> None:
    came = datetime(2026, 1, 2, tzinfo=UTC)
    with accepting("email", ["a", "b"], came):
        one, other = trace_of(outgoing("a")), trace_of(outgoing("b"))
    assert one != other
    accepted = named(spans, "accept email")
    assert {format(context_of(span).trace_id, "032x") for span in accepted} == {one, other}
    assert {span.start_time for span in accepted} == {int(came.timestamp() * 1e9)}
    assert all(span.parent is None for span in accepted)


def test_what_is_sent_names_its_sending_as_the_parent(spans: InMemorySpanExporter) -> None:
    with processing(traced([("a", {"traceparent": FIRST})]), "in.v1"):
        of_a = wire(outgoing("a"))
    plain = wire(outgoing(None))
    with sending([of_a, plain]) as (sent, untouched):
        pass
    assert untouched is plain
    [span] = named(spans, "send things.v1")
    [process] = named(spans, "process in.v1")
    assert span.kind is SpanKind.PRODUCER
    assert span.parent is not None
    assert span.parent.span_id == context_of(process).span_id
    context = context_of(span)
    assert dict(sent.headers)["traceparent"].decode() == f"00-{context.trace_id:032x}-{context.span_id:016x}-01"


def test_what_is_not_recorded_costs_no_span_and_no_header(spans: InMemorySpanExporter) -> None:
    things = traced([("a", {"traceparent": UNRECORDED}), ("b", {"traceparent": "of nobody"}), ("c", {})])
    with processing(things, "in.v1"), sending([wire(outgoing("a"))]) as sent:
        assert "traceparent" not in dict(sent[0].headers)
        assert traceparent("a") is None
    assert spans.get_finished_spans() == ()


def test_while_traces_go_nowhere_nothing_is_even_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry.recorded, "on", False)

    def never() -> Iterator[tuple[str, dict[str, str]]]:
        raise AssertionError("looked at")
        yield "a", {}

    assert traced(never()) == []


def test_a_failure_is_told_by_its_kind_and_not_in_its_own_words(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError), processing(traced([("a", {"traceparent": FIRST})]), "in.v1"):  # noqa: PT011
        raise ValueError("somebody@example.org")
    [batch] = named(spans, "process in.v1 batch")
    assert batch.status.status_code is StatusCode.ERROR
    assert (batch.attributes or {})["error.type"] == "ValueError"
    assert "example.org" not in batch.to_json()
