"""What the gateway counts, and where traces end."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator, Sequence

import pytest
from agent_gateway.adapters.kafka import _line
from agent_gateway.domain.cursor import Cursor, Offsets
from agent_gateway.domain.log import Bell, LogRecord, TraceOnce
from agent_gateway.entrypoints.showing import showing
from agent_gateway.live import LiveStream, StreamFrame, TopicFeed
from omnifil_messaging import Received
from omnifil_servicekit import telemetry
from omnifil_testkit.waiting import Eventually
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY

CONTEXT = f"00-{0xA:032x}-{0xB:016x}-01"


def linked(channel: str, **event: object) -> bytes:
    told = {"type": "message_linked", "message": {"channel": channel}, "moved_from": None, **event}
    return json.dumps({"dossier_id": "d", "entry": {"seq": 1, "event": told}}).encode()


def received(value: bytes, **headers: str) -> Received[bytes]:
    return Received(value, "d", "e", headers, "dossier.events.v1", 0, 0)


def shown(channel: str) -> float:
    labels = {"channel": channel, "stage": "shown"}
    return REGISTRY.get_sample_value("omnifil_messages_total", labels) or 0


class Topic:
    """A topic of one partition with some records; then nothing comes."""

    def __init__(self, records: Sequence[LogRecord], end: int) -> None:
        self._records = records
        self._end = end

    async def end_offsets(self) -> dict[int, int]:
        return {0: self._end}

    async def read(
        self, offsets: Offsets, stop: asyncio.Event, *, lag_told: bool = False
    ) -> AsyncGenerator[Sequence[LogRecord], None]:
        yield [record for record in self._records if record.offset >= offsets[0]]
        await stop.wait()


@pytest.mark.parametrize(
    ("value", "channel"),
    [
        (linked("chat"), "chat"),
        (linked("chat", moved_from="d0"), None),
        (b'{"entry":{"event":{"type":"note_added"}}}', None),
        (b'{"customer_id":"c"}', None),
    ],
)
def test_a_record_knows_the_channel_of_the_message_that_it_tells_of_first(value: bytes, channel: str | None) -> None:
    record = _line(received(value))
    assert record is not None
    assert record.message_channel == channel


async def test_only_what_came_while_this_gateway_was_there_counts_as_shown_by_it(eventually: Eventually) -> None:
    old, new = TraceOnce(CONTEXT), TraceOnce(CONTEXT)
    topic = Topic([LogRecord(0, 0, b"{}", "test-shown", old), LogRecord(0, 1, b"{}", "test-shown", new)], end=1)
    feed, stop = TopicFeed(topic, Bell(), held_records=10, preload_records=10), asyncio.Event()
    running = asyncio.create_task(feed.run(stop))
    await eventually(lambda: feed.log.end == {0: 2})
    assert shown("test-shown") == 1
    assert (old.context, new.context) == (None, CONTEXT)
    stop.set()
    await running


async def test_the_client_furthest_behind_is_told_until_it_is_gone(eventually: Eventually) -> None:
    bell, stop = Bell(), asyncio.Event()
    records = [LogRecord(0, offset, b"{}") for offset in range(9)]
    feeds = [
        TopicFeed(topic, bell, held_records=10, preload_records=10)
        for topic in (Topic(records, end=0), Topic([], end=0), Topic([], end=0))
    ]
    running = [asyncio.create_task(feed.run(stop)) for feed in feeds]
    await eventually(lambda: feeds[0].log.end == {0: 9})
    live = LiveStream(dossiers=feeds[0], customers=feeds[1], presence=feeds[2], bell=bell, ping_interval_s=60)

    def behind() -> float | None:
        return REGISTRY.get_sample_value("omnifil_stream_behind_records")

    frames = live.follow(Cursor({0: 2}, {0: 0}))
    await anext(frames)  # hello
    assert b"events" in (await anext(frames)).json
    assert behind() == 7, "what was given is not what was sent"
    assert b"live" in (await anext(frames)).json
    assert behind() == 0
    await frames.aclose()
    assert behind() == 0
    stop.set()
    await asyncio.gather(*running)


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    monkeypatch.setattr(telemetry.recorded, "on", True)
    telemetry.configure("test", span_processors=[SimpleSpanProcessor(exporter)])
    yield exporter
    exporter.shutdown()


def test_a_trace_ends_with_one_span_however_many_clients_there_are(spans: InMemorySpanExporter) -> None:
    record = _line(received(linked("chat"), traceparent=CONTEXT))
    assert record is not None
    assert record.trace is not None
    frame = StreamFrame(b"{}", "c", (record.trace,))
    for way in ("websocket", "sse"):
        with showing(frame, way):
            pass
    [span] = spans.get_finished_spans()
    assert span.name == "show agent-stream"
    assert span.parent is not None
    assert (span.parent.trace_id, span.parent.span_id) == (0xA, 0xB)
    assert (span.attributes or {})["messaging.system"] == "websocket"


def test_a_record_whose_trace_is_not_recorded_carries_none(spans: InMemorySpanExporter) -> None:
    for context in (CONTEXT[:-1] + "0", "of nobody"):
        record = _line(received(linked("chat"), traceparent=context))
        assert record is not None
        assert record.trace is None
