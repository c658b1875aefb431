"""Trace and log context, carried in headers: W3C `traceparent`/`tracestate`, and what structlog has bound."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import structlog
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

LOG_HEADER = "omnifil_log"
LOG_KEYS = ("channel", "message", "dossier", "customer")
"""What is carried on: ids from the vocabulary, never a body or an address."""

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("omnifil_messaging")


def carried() -> list[tuple[str, bytes]]:
    """The headers for the context that is current now; often none."""
    pairs: list[tuple[str, bytes]] = []
    if trace.get_current_span().get_span_context().is_valid:
        trace_headers: dict[str, str] = {}
        _propagator.inject(trace_headers)
        pairs.extend((name, value.encode()) for name, value in trace_headers.items())
    bound = structlog.contextvars.get_contextvars()
    if bound and (log := {key: str(bound[key]) for key in LOG_KEYS if key in bound}):
        pairs.append((LOG_HEADER, json.dumps(log, separators=(",", ":")).encode()))
    return pairs


@contextmanager
def restored(headers: Mapping[str, str]) -> Iterator[None]:
    """Work in the context that these headers carry."""
    token = otel_context.attach(_propagator.extract(headers)) if "traceparent" in headers else None
    try:
        with structlog.contextvars.bound_contextvars(**_log_context(headers)):
            yield
    finally:
        if token is not None:
            otel_context.detach(token)


def batch_span(name: str, headers: Sequence[Mapping[str, str]]) -> AbstractContextManager[Any]:
    """A consumer span linked to the trace of every record; nothing at all while no tracing is set up."""
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return nullcontext()
    links = []
    for each in headers:
        if "traceparent" in each:
            span_context = trace.get_current_span(_propagator.extract(each)).get_span_context()
            if span_context.is_valid:
                links.append(trace.Link(span_context))
    attributes: dict[str, str | int] = {"messaging.system": "kafka", "messaging.batch.message_count": len(headers)}
    return _tracer.start_as_current_span(name, kind=trace.SpanKind.CONSUMER, links=links, attributes=attributes)


def _log_context(headers: Mapping[str, str]) -> dict[str, str]:
    if LOG_HEADER not in headers:
        return {}
    try:
        said = json.loads(headers[LOG_HEADER])
    except ValueError:  # an integrator's header; the record itself is what counts
        return {}
    return {key: str(said[key]) for key in LOG_KEYS if key in said} if isinstance(said, dict) else {}
