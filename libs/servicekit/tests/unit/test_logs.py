import io
import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
import structlog
from omnifil_servicekit import logs
from omnifil_servicekit.errors import Transient
from omnifil_servicekit.settings import ServiceSettings
from opentelemetry.sdk.trace import TracerProvider
from pydantic import BaseModel, SecretStr, ValidationError

QUOTED = {"claire martin": "where is my order"}  # here, since a trace shows the line that raises
Lines = Callable[[], list[dict[str, Any]]]


def settings(**fields: Any) -> ServiceSettings:
    return ServiceSettings(http_port=0, internal_token=SecretStr("between-us"), **fields)


@pytest.fixture
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, unraisable = root.handlers[:], root.level, sys.unraisablehook
    yield
    root.handlers, root.level = handlers, level
    sys.excepthook, sys.unraisablehook = sys.__excepthook__, unraisable
    logging.captureWarnings(False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def lines(restored: None, monkeypatch: pytest.MonkeyPatch) -> Lines:
    """The JSON lines of what was logged since `configure`."""
    stdout = io.StringIO()
    monkeypatch.setattr("sys.stdout", stdout)
    logs.configure("case-service", settings())
    return lambda: [json.loads(line) for line in stdout.getvalue().splitlines()]


def test_an_event_is_one_json_line_with_its_context(lines: Lines) -> None:
    with logs.bound_contextvars(channel="email", dossier="d1"):
        structlog.get_logger("omnifil").info("message_linked", rule="thread")
    (event,) = lines()
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "message_linked",
        "rule": "thread",
        "channel": "email",
        "dossier": "d1",
        "service": "case-service",
        "level": "info",
        "logger": "omnifil",
    }


def test_what_libraries_log_comes_in_the_same_form(lines: Lines) -> None:
    logging.getLogger("some.library").warning("lost %s of %d", "connection", 3)
    (event,) = lines()
    assert (event["event"], event["level"], event["service"]) == ("lost connection of 3", "warning", "case-service")


def test_chatter_of_libraries_is_left_out_and_the_level_is_kept(lines: Lines) -> None:
    logging.getLogger("httpx").info("HTTP Request: GET")
    structlog.get_logger().debug("detail")
    assert lines() == []


def test_what_persons_wrote_and_how_they_are_reached_is_taken_out(lines: Lines) -> None:
    structlog.get_logger().info(
        "received",
        message="0f8c",
        text="my secret",
        email="first@customer.test",
        sender={"address": "first@customer.test", "kind": "email"},
        parts=[{"body": "my secret", "size_bytes": 9}],
        reason="sent by first@customer.test from +33 6 12 34 56 78",
    )
    logging.getLogger("some.library").error("bounce of second@customer.test")
    first, second = lines()
    assert (first["text"], first["email"]) == (logs.REDACTED, logs.REDACTED)
    assert first["message"] == "0f8c"
    assert first["sender"] == logs.REDACTED
    assert first["parts"] == [{"body": logs.REDACTED, "size_bytes": 9}]
    assert first["reason"] == f"sent by {logs.REDACTED} from {logs.REDACTED}"
    assert "customer.test" not in json.dumps([first, second])


def test_exceptions_keep_their_frames_and_lose_what_persons_wrote(lines: Lines) -> None:
    class Message(BaseModel):
        count: int

    try:
        Message.model_validate({"count": "where is my" + " order"})
    except ValidationError:
        structlog.get_logger().exception("not_understood")
    logging.getLogger("x").error(
        'E11000 duplicate key error index: handle_1 dup key: { handle: "first name" }, full error: '
        "{'keyValue': {'handle': 'first name'}}"
    )
    first, second = lines()
    assert "test_logs.py" in first["exception"]
    assert "where is my order" not in first["exception"]
    assert "first name" not in second["event"]
    assert "handle_1" in second["event"]


@pytest.mark.parametrize("error", [ValueError, KeyError, UnicodeError, SMTPRecipientsRefused, StopAsyncIteration])
def test_exceptions_that_quote_what_they_were_given_lose_their_words(lines: Lines, error: type[Exception]) -> None:
    try:
        try:
            raise error(QUOTED)
        except Exception as quoting:
            raise ExceptionGroup("several", [Transient("the mailbox is away"), quoting]) from quoting
    except ExceptionGroup:
        structlog.get_logger().exception("failed")
    (event,) = lines()
    assert error.__name__ in event["exception"]
    assert "test_logs.py" in event["exception"]
    assert "the mailbox is away" in event["exception"]
    assert "claire" not in event["exception"]
    assert "order" not in event["exception"]


def test_what_nobody_caught_and_what_is_warned_of_are_events_too(lines: Lines) -> None:
    warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    try:
        raise RuntimeError("kaputt")
    except RuntimeError as error:
        sys.excepthook(RuntimeError, error, error.__traceback__)
    warned, uncaught = lines()
    assert "old ways" in warned["event"]
    assert (uncaught["event"], uncaught["level"]) == ("uncaught", "critical")
    assert "RuntimeError: kaputt" in uncaught["exception"]


def test_locals_of_a_frame_are_never_shown(restored: None, capsys: pytest.CaptureFixture[str]) -> None:
    for log_format in ("json", "console"):
        logs.configure("case-service", settings(log_format=log_format))
        try:
            text = "where is my" + " order"
            raise RuntimeError("kaputt")
        except RuntimeError:
            structlog.get_logger().exception("failed")
        del text
    shown = capsys.readouterr().out
    assert shown.count("kaputt") >= 2
    assert "where is my order" not in shown


def test_an_event_inside_a_span_names_its_trace(lines: Lines) -> None:
    with TracerProvider().get_tracer("t").start_as_current_span("s") as span:
        structlog.get_logger().info("happened")
    (event,) = lines()
    assert event["trace_id"] == format(span.get_span_context().trace_id, "032x")


def test_the_console_form_is_for_eyes(restored: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("case-service", settings(log_format="console"))
    structlog.get_logger().info("message_linked", rule="thread")
    shown = capsys.readouterr().out
    assert "message_linked" in shown
    assert "\x1b[" not in shown  # not a terminal
    assert not shown.startswith("{")


def test_configuring_again_does_not_double_the_lines(restored: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("case-service", settings())
    logs.configure("case-service", settings())
    structlog.get_logger().info("happened")
    assert capsys.readouterr().out.count("happened") == 1
