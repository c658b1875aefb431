"""Structured logs: one event for each thing that happened, on standard output, as JSON or for a person's eyes.

`bind_contextvars(channel=…, message=…, dossier=…, customer=…)` at the entrypoint; ids, never what people wrote.
"""

import logging
import logging.config
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from opentelemetry import trace
from structlog.contextvars import bind_contextvars, bound_contextvars, clear_contextvars
from structlog.typing import EventDict, Processor

from . import stack_traces
from .settings import ServiceSettings

__all__ = ["bind_contextvars", "bound_contextvars", "clear_contextvars", "configure"]

REDACTED = "[redacted]"

_PERSONAL = frozenset(
    {
        "address", "addresses", "attachments", "author", "authorization", "bcc", "body", "caption", "cc", "content",
        "cookie", "display_name", "email", "from", "handle", "html", "message_text", "name", "note", "password",
        "payload", "phone", "preview", "raw", "recipient", "recipients", "sender", "secret", "signature", "snippet",
        "subject", "text", "title", "to", "token", "username", "value",
    }
)  # fmt: skip
_ADDRESS = re.compile(r"[^\s@<>\"'(),:;{}\[\]]+@[^\s@<>\"'(),:;{}\[\]]+\.[^\s@<>\"'(),:;{}\[\]]+")
_PHONE = re.compile(r"(?<![\w.:-])\+\d[\d ().-]{6,}\d")
_PYDANTIC_INPUT = re.compile(r"input_value=.*?(?=, input_type=)", re.DOTALL)
_DUPLICATE_KEY = re.compile(r"dup key: \{.*?\}(?=$|[\s,'\"])|'?keyValue'?: \{.*?\}", re.DOTALL)


def configure(service: str, settings: ServiceSettings) -> None:
    """Set up structlog and the standard library's logging of this process. May be called again."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_service(service),
        add_trace,
    ]
    exceptions = structlog.processors.ExceptionRenderer(stack_traces.formatter(service))
    render: list[Processor]
    if settings.log_format == "json":
        render = [exceptions, redact, structlog.processors.JSONRenderer()]
    else:
        console = structlog.dev.ConsoleRenderer(
            colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        render = [exceptions, redact, console]
    level = settings.log_level.upper()
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "events": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
                }
            },
            "handlers": {
                "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "events"}
            },
            "root": {"handlers": ["stdout"], "level": level},
            # What libraries say in passing is of use only to who debugs them.
            "loggers": {
                name: {"level": "WARNING", "propagate": True, "handlers": []}
                for name in (
                    "aiokafka",
                    "asyncio",
                    "faststream",
                    "httpcore",
                    "httpx",
                    "pymongo",
                    "uvicorn",
                    "websockets",
                )
            },
        }
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    logging.captureWarnings(True)
    stack_traces.log_what_nobody_caught(
        lambda event, exc_info: structlog.get_logger(__name__).critical(event, exc_info=exc_info)
    )


def redact(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Take out what persons wrote and how they are reached: by the name of the key, and by form inside longer texts."""
    return {key: _redacted(key, value) for key, value in event.items()}


def scrub(text: str) -> str:
    """The text without addresses, phone numbers, validated input and duplicate key values."""
    text = _PYDANTIC_INPUT.sub(f"input_value={REDACTED}", text)
    text = _DUPLICATE_KEY.sub(f"dup key: {REDACTED}", text)
    return _PHONE.sub(REDACTED, _ADDRESS.sub(REDACTED, text))


def _redacted(key: str, value: Any) -> Any:
    if key.lower() in _PERSONAL and value is not None:
        return REDACTED
    if isinstance(value, str):
        return value if key in ("timestamp", "level", "logger") else scrub(value)
    if isinstance(value, MutableMapping):
        return {inner: _redacted(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted("", item) for item in value]
    return value


def add_trace(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Name the trace that this event belongs to, when there is one."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = format(context.trace_id, "032x")
        event["span_id"] = format(context.span_id, "016x")
    return event


def _add_service(service: str) -> Processor:
    def add(_logger: Any, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    return add
