"""Traces: who makes spans, which traces are kept, and where they go.

Spans leave by OTLP over HTTP when `OMNIFIL_OTLP_ENDPOINT`, or OpenTelemetry's own `OTEL_EXPORTER_OTLP_ENDPOINT` or
`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, says where to. Without one no span is recorded; requests still have a trace id,
by which the events of one request are found in the logs.
"""

import os
from collections.abc import Sequence

from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes

from .settings import ServiceSettings

_STANDARD_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_EXPORT_S = 5.0
"""How long one export may take, and so how long the last one may hold up the end of the process."""

tracer = trace.get_tracer("omnifil")


class Recorded(Sampler):
    """Which spans are recorded: none while nobody takes them; what is of a recorded trace; of the traces that begin
    here a share, and what is linked to a recorded one: the span of a batch is in no message's trace, yet of each."""

    def __init__(self) -> None:
        self.on = False
        self.share = TraceIdRatioBased(1.0)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        parent = trace.get_current_span(parent_context).get_span_context()
        if not self.on:
            recorded = False
        elif parent.is_valid:
            recorded = parent.trace_flags.sampled
        elif links and any(link.context.trace_flags.sampled for link in links):
            recorded = True
        else:
            return self.share.should_sample(parent_context, trace_id, name, kind, attributes, links)
        decision = Decision.RECORD_AND_SAMPLE if recorded else Decision.DROP
        return SamplingResult(decision, attributes if recorded else None, parent.trace_state)

    def get_description(self) -> str:
        return f"Recorded{{{self.share.get_description()}}}"


recorded = Recorded()


def configure(
    service: str, settings: ServiceSettings | None = None, span_processors: Sequence[SpanProcessor] = ()
) -> None:
    """Give this process its tracer provider, once; W3C trace context is what travels."""
    propagate.set_global_textmap(TraceContextTextMapPropagator())
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider(recorded, Resource.create({"service.name": f"omnifil-{service}"}))
        trace.set_tracer_provider(provider)
    if settings is not None:
        recorded.share = TraceIdRatioBased(settings.trace_ratio)
    for processor in [*span_processors, *_exporting(settings)]:
        provider.add_span_processor(processor)
        recorded.on = True


def close() -> None:
    """Send what is left, for a few seconds at most."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.shutdown()


def _exporting(settings: ServiceSettings | None) -> list[SpanProcessor]:
    endpoint = settings.otlp_endpoint if settings is not None else ""
    if not endpoint and not any(os.environ.get(name) for name in _STANDARD_ENDPOINTS):
        return []
    # Here, because it brings an HTTP client and protobuf, which a process that exports nothing need not load.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    traces = f"{endpoint.rstrip('/')}/v1/traces" if endpoint else None
    return [BatchSpanProcessor(OTLPSpanExporter(traces, timeout=_EXPORT_S))]
