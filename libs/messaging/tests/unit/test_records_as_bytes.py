"""Headers, context, decoding and dead letters as pure code."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import ClassVar

import pytest
import structlog
from omnifil_contracts.record import Record
from omnifil_messaging.dead_letter.letter import DeadLetter, cause_of
from omnifil_messaging.dead_letter.shelf import _letter
from omnifil_messaging.decoding import Decoder, Unprefixed
from omnifil_messaging.outgoing import Outgoing, wire
from omnifil_messaging.received import Received
from omnifil_servicekit import telemetry
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags


class Thing(Record):
    """Something."""

    ce_type: ClassVar[str] = "omnifil.thing.v1"
    name: str


@dataclass
class KafkaRecord:
    """The fields of aiokafka's ConsumerRecord that are read."""

    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    key: bytes | None = b"k"
    topic: str = "t1.things.v1"
    partition: int = 3
    offset: int = 7
    timestamp: int = 1_700_000_000_000


def outgoing() -> Outgoing:
    at = datetime(2026, 1, 2, 4, 5, 6, tzinfo=timezone(timedelta(hours=1)))
    return Outgoing("things.v1", "k", Thing(name="Zoë"), "e1", "/omnifil/test", "about", at)


def decoder() -> Decoder[Thing]:
    return Decoder(Thing, Unprefixed("t1."))


def test_a_record_is_a_cloudevent_in_binary_mode() -> None:
    sent = wire(outgoing())
    assert dict(sent.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"e1",
        "ce_type": b"omnifil.thing.v1",
        "ce_source": b"/omnifil/test",
        "ce_subject": b"about",
        "ce_time": b"2026-01-02T03:05:06Z",
        "content-type": b"application/json",
    }
    assert (sent.key, sent.value) == (b"k", '{"name":"Zoë"}'.encode())


def test_trace_and_log_context_travel_with_the_record_and_come_back_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry.recorded, "on", True)
    span = NonRecordingSpan(SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=TraceFlags(1)))
    with (
        trace.use_span(span),
        structlog.contextvars.bound_contextvars(channel="email", dossier="d1", address="a@b.test"),
    ):
        sent = wire(outgoing())
    headers = {name: value.decode() for name, value in sent.headers}
    assert headers["traceparent"] == f"00-{0xABC:032x}-{0xDEF:016x}-01"
    assert "a@b.test" not in str(headers)

    received = Received(Thing(name="x"), "k", "e1", headers, "things.v1", 0, 0)
    with received.scope():
        assert trace.get_current_span().get_span_context().trace_id == 0xABC
        assert structlog.contextvars.get_contextvars() == {"channel": "email", "dossier": "d1"}
    assert not trace.get_current_span().get_span_context().is_valid
    assert structlog.contextvars.get_contextvars() == {}


def test_a_log_header_that_somebody_else_filled_with_anything_does_no_harm() -> None:
    for said in ("[1]", "{", '{"channel": {"a": 1}, "evil": "x"}'):
        with Received(1, "", "", {"omnifil_log": said}, "t", 0, 0).scope():
            assert "evil" not in structlog.contextvars.get_contextvars()


def test_a_record_without_cloudevents_headers_is_read_and_gets_an_id_from_its_place() -> None:
    good, bad = decoder().decode([KafkaRecord(b'{"name": "a", "unknown": 1}', key=None)])
    assert bad == []
    assert (good[0].record, good[0].event_id, good[0].key) == (Thing(name="a"), "things.v1/3/7", "")


def test_what_cannot_be_read_is_told_apart_from_what_can() -> None:
    structured = (("content-type", b"application/cloudevents+json; charset=utf-8"),)
    records = [
        KafkaRecord(b'{"name": "first"}', (("ce_type", b"omnifil.thing.v1"), ("odd", b"\xff"))),
        KafkaRecord(b"\xff not json"),
        KafkaRecord(b'{"name": 4}'),
        KafkaRecord(None),
        KafkaRecord(b'{"name": "x"}', (("ce_type", b"omnifil.other.v1"),)),
        KafkaRecord(b'{"data": {"name": "x"}}', structured),
        KafkaRecord(b'{"name": "last"}'),
    ]
    good, bad = decoder().decode(records)
    assert [received.record.name for received in good] == ["first", "last"]
    assert [cause_of(error)[0] for _, error in bad] == [
        "NotJson",
        "InvalidRecord",
        "NoValue",
        "WrongType",
        "NotBinaryMode",
    ]


def test_the_detail_of_an_invalid_record_names_the_field_and_not_its_content() -> None:
    _, bad = decoder().decode([KafkaRecord(b'{"name": ["private"]}')])
    cause, detail = cause_of(bad[0][1])
    assert cause == "InvalidRecord"
    assert detail.startswith("name:")
    assert "private" not in detail


def test_a_dead_letter_read_back_is_the_one_that_was_written() -> None:
    for key, value in ((b"\xffkey", b"\x00raw"), (None, b"x"), (b"k", None)):
        letter = DeadLetter(
            "NotJson", "what", "things.v1", 3, 7, key, value, (("odd", b"\xff\x00"), ("odd", b"2")), "g"
        )
        sent = letter.wire()
        assert sent.topic == "things.v1.dead-letter"
        assert _letter("things.v1", KafkaRecord(sent.value, tuple(sent.headers), sent.key)) == letter


def test_a_very_long_detail_does_not_make_the_dead_letter_too_large() -> None:
    sent = DeadLetter("X", "é" * 100_000, "things.v1", 0, 0, None, b"", ()).wire()
    assert sent.size_bytes < 4096
    assert datetime.fromisoformat(dict(sent.headers)["omnifil_dl_time"].decode()).tzinfo == UTC
