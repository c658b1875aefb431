"""Trace and log context, carried in headers: W3C `traceparent`/`tracestate`, and what structlog has bound.

Names and attributes of the spans follow OpenTelemetry's “Semantic conventions for messaging spans” and those for Kafka.
Only what belongs to a recorded trace costs anything: no span is made for any other record, and no header is written.
"""

import json
from collections.abc import Hashable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

import structlog
from omnifil_servicekit import telemetry
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

LOG_HEADER = "omnifil_log"
LOG_KEYS = ("channel", "message", "dossier", "customer")
"""What is carried on: ids from the vocabulary, never a body or an address."""
TRACEPARENT = "traceparent"
TRACE_HEADERS = (TRACEPARENT, "tracestate")

_RECORDED_DIGITS = frozenset("13579bdf")

Headers = Sequence[tuple[str, bytes]]

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("omnifil_messaging")
_in_hand: ContextVar[Mapping[Hashable, Headers] | None] = ContextVar("traces_in_hand", default=None)


def carried(about: Hashable = None) -> list[tuple[str, bytes]]:
    """The headers for the context that is current now; often none.

    `about` is what the record is made from, as the consumer's `traced_as` names it: out of a batch each record goes on
    in the trace of its own message.
    """
    pairs = [*_trace_headers(about)] if telemetry.recorded.on else []
    bound = structlog.contextvars.get_contextvars()
    if bound and (log := {key: str(bound[key]) for key in LOG_KEYS if key in bound}):
        pairs.append((LOG_HEADER, json.dumps(log, separators=(",", ":")).encode()))
    return pairs


def traceparent(about: Hashable = None) -> str | None:
    """The same as one text, for a store that knows no headers; None when no trace is recorded."""
    if not telemetry.recorded.on:
        return None
    return next((value.decode() for name, value in _trace_headers(about) if name == TRACEPARENT), None)


@contextmanager
def restored(headers: Mapping[str, str]) -> Iterator[None]:
    """Work in the context that these headers carry."""
    token = otel_context.attach(_propagator.extract(headers)) if TRACEPARENT in headers else None
    try:
        with structlog.contextvars.bound_contextvars(**_log_context(headers)):
            yield
    finally:
        if token is not None:
            otel_context.detach(token)


@dataclass(frozen=True, slots=True)
class Traced:
    """A thing that came with a recorded trace: what handlers call it, and the context that it came with."""

    about: Hashable
    parent: trace.SpanContext


def traced(things: Iterable[tuple[Hashable, Mapping[str, str]]]) -> list[Traced]:
    """Those of these, given by name and headers, that came with a recorded trace; none while no trace is recorded.

    The things are not even looked at then: give them as a generator.
    """
    if not telemetry.recorded.on:
        return []
    found = []
    for about, headers in things:
        # The last digit holds the flag; to read the rest takes longer, and it is mostly not set.
        if TRACEPARENT in headers and headers[TRACEPARENT][-1:] in _RECORDED_DIGITS:
            parent = trace.get_current_span(_propagator.extract(headers)).get_span_context()
            if parent.is_valid and parent.trace_flags.sampled:
                found.append(Traced(about, parent))
    return found


def recorded_context(headers: Mapping[str, str]) -> str | None:
    """The `traceparent` that came with a record, where its trace is recorded."""
    return headers.get(TRACEPARENT) if traced([(None, headers)]) else None


@contextmanager
def processing(
    things: Sequence[Traced],
    destination: str,
    *,
    operation: str = "process",
    system: str = "kafka",
    group: str | None = None,
    batch_size: int | None = None,
) -> Iterator[None]:
    """While these are worked on: a span for each in its own trace, and one for the batch that is linked to all.

    What is published or appended meanwhile goes on in the trace of its own thing (`carried(about)`), or in the batch's.
    """
    if not things:
        yield
        return
    attributes: dict[str, str | int] = {
        "messaging.system": system,
        "messaging.operation.name": operation,
        "messaging.operation.type": "process",
        "messaging.destination.name": destination,
    }
    if group is not None:
        attributes["messaging.consumer.group.name"] = group
    name = f"{operation} {destination}"
    with ExitStack() as stack:
        batch = stack.enter_context(
            _tracer.start_as_current_span(
                f"{name} batch",
                context=otel_context.Context(),
                kind=trace.SpanKind.CONSUMER,
                links=[trace.Link(each.parent) for each in things],
                attributes=attributes
                | {"messaging.batch.message_count": len(things) if batch_size is None else batch_size},
                record_exception=False,  # what errors say may name people
                set_status_on_exception=False,
            )
        )
        link = trace.Link(batch.get_span_context())
        headers: dict[Hashable, Headers] = {}
        for each in things:
            span = _tracer.start_span(
                name,
                context=_within(each.parent),
                kind=trace.SpanKind.CONSUMER,
                links=[link],
                attributes=attributes,
            )
            stack.callback(span.end)
            headers[each.about] = headers_of(span)
        token = _in_hand.set(headers)
        try:
            yield
        except BaseException as error:
            batch.set_status(trace.StatusCode.ERROR)
            batch.set_attribute("error.type", type(error).__qualname__)
            raise
        finally:
            _in_hand.reset(token)


@contextmanager
def accepting(channel: str, things: Sequence[Hashable], since: datetime) -> Iterator[None]:
    """While these are published, which came by a door that knows no traces, at that instant: each begins its own."""
    if not telemetry.recorded.on:
        yield
        return
    with ExitStack() as stack:
        headers: dict[Hashable, Headers] = {}
        for about in things:
            span = _tracer.start_span(
                f"accept {channel}",
                context=otel_context.Context(),
                kind=trace.SpanKind.SERVER,
                attributes={"omnifil.channel": channel},
                start_time=int(since.timestamp() * 1e9),
            )
            stack.callback(span.end)
            headers[about] = headers_of(span)
        token = _in_hand.set(headers)
        try:
            yield
        finally:
            _in_hand.reset(token)


def begin_sending(
    destination: str, headers: Mapping[str, str], *, operation: str = "send", system: str = "kafka"
) -> trace.Span | None:
    """The span of sending something that carries these headers, begun; None where its trace is not recorded."""
    if not (found := traced([(None, headers)])):
        return None
    return _tracer.start_span(
        f"{operation} {destination}",
        context=_within(found[0].parent),
        kind=trace.SpanKind.PRODUCER,
        attributes={
            "messaging.system": system,
            "messaging.operation.name": operation,
            "messaging.operation.type": "send",
            "messaging.destination.name": destination,
        },
    )


def _trace_headers(about: Hashable) -> Headers:
    in_hand = _in_hand.get()
    if about is None or in_hand is None:
        return headers_of(trace.get_current_span())
    return in_hand.get(about, ())  # not the batch's trace, which would take up what is not recorded


def headers_of(span: trace.Span) -> Headers:
    """What carries this span on; nothing if it is not recorded."""
    context = span.get_span_context()
    if not (context.is_valid and context.trace_flags.sampled):
        return ()
    texts: MutableMapping[str, str] = {}
    _propagator.inject(texts, _within(context))
    return [(name, value.encode()) for name, value in texts.items()]


def _within(parent: trace.SpanContext) -> otel_context.Context:
    return trace.set_span_in_context(trace.NonRecordingSpan(parent), otel_context.Context())


def _log_context(headers: Mapping[str, str]) -> dict[str, str]:
    if LOG_HEADER not in headers:
        return {}
    try:
        said = json.loads(headers[LOG_HEADER])
    except ValueError:  # an integrator's header; the record itself is what counts
        return {}
    return {key: str(said[key]) for key in LOG_KEYS if key in said} if isinstance(said, dict) else {}
