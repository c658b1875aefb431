"""The spans of what is published."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from omnifil_servicekit import telemetry

from omnifil_messaging.context import TRACE_HEADERS, begin_sending, headers_of
from omnifil_messaging.outgoing import Wire


@contextmanager
def sending(wires: Sequence[Wire]) -> Iterator[Sequence[Wire]]:
    """While these are sent: a span for each whose trace is recorded, which its headers then name as the parent."""
    if not telemetry.recorded.on:
        yield wires
        return
    with ExitStack() as stack:
        yield [_within_its_span(each, stack) for each in wires]


def _within_its_span(wire: Wire, stack: ExitStack) -> Wire:
    carried = {name: value.decode() for name, value in wire.headers if name in TRACE_HEADERS}
    span = begin_sending(wire.topic, carried) if carried else None
    if span is None:
        return wire
    stack.callback(span.end)
    others = [(name, value) for name, value in wire.headers if name not in TRACE_HEADERS]
    return replace(wire, headers=[*others, *headers_of(span)])
