"""The last span of a message's trace: an agent's client is sent it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from omnifil_messaging.context import TRACEPARENT, begin_sending

from agent_gateway.live import StreamFrame

_STREAM = "agent-stream"


@contextmanager
def showing(frame: StreamFrame, way: str) -> Iterator[None]:
    """While the frame is sent this way: a span for each record of a recorded trace that nobody was sent before."""
    if not frame.traces:
        yield
        return
    with ExitStack() as stack:
        for context in (each.take() for each in frame.traces):
            span = begin_sending(_STREAM, {TRACEPARENT: context}, operation="show", system=way) if context else None
            if span is not None:
                stack.callback(span.end)
        yield
