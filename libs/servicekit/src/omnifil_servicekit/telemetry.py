"""Traces and metrics. Traces are carried along and named in logs; exporting them is a matter of span processors."""

from collections.abc import Sequence

from opentelemetry import propagate, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator


def configure(service: str, span_processors: Sequence[SpanProcessor] = ()) -> None:
    """Give this process its tracer provider, once; W3C trace context is what travels."""
    propagate.set_global_textmap(TraceContextTextMapPropagator())
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider(resource=Resource.create({"service.name": f"omnifil-{service}"}))
        trace.set_tracer_provider(provider)
    for processor in span_processors:
        provider.add_span_processor(processor)


tracer = trace.get_tracer("omnifil")
