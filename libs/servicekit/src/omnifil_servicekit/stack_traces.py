"""Stack traces for logs: where it happened and in which code, without the words of exceptions that quote their input.

`ValueError("no date: …")`, `KeyError("…")` and what parsers and drivers raise repeat what they were given, which is
what a person wrote. The words of our own exceptions, of the operating system and of Kafka's client are kept.
"""

import sys
import traceback
from collections.abc import Callable, Iterator
from types import TracebackType

from structlog.typing import ExceptionTransformer

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

_LEFT_OUT = "[words left out]"
_QUOTES_NOTHING = (OSError, TimeoutError, RuntimeError, AssertionError, AttributeError, ImportError, TypeError)
_OF_MACHINES = frozenset({"aiokafka", "pydantic_core"})  # of validation's words logs.scrub takes out the input


def formatter(service: str) -> ExceptionTransformer:
    """What structlog's `ExceptionRenderer` takes; `service` (`case-service`) tells whose exceptions are our own."""
    ours = service.replace("-", "_")

    def words(error: BaseException) -> str:
        package = type(error).__module__.partition(".")[0]
        own = package == ours or package.startswith("omnifil_") or package in _OF_MACHINES
        # A library's OSError (a mail server's refusal, say) quotes as its other exceptions do.
        plain = package == "builtins" and isinstance(error, _QUOTES_NOTHING)
        told = str(error) if own or plain else _LEFT_OUT if error.args else ""
        return f"{type(error).__qualname__}: {told}" if told else type(error).__qualname__

    def told(error: BaseException, seen: frozenset[int]) -> Iterator[str]:
        seen |= {id(error)}
        before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if before is not None and id(before) not in seen:
            yield from told(before, seen)
            yield "which led to\n" if error.__cause__ else "and meanwhile\n"
        yield "Traceback (most recent call last):\n"
        yield from traceback.format_tb(error.__traceback__)
        yield f"{words(error)}\n"
        if isinstance(error, BaseExceptionGroup):
            for number, inner in enumerate(error.exceptions, 1):
                yield f"{number} of {len(error.exceptions)} in it:\n"
                if id(inner) not in seen:
                    yield from told(inner, seen)

    def format_exception(exc_info: ExcInfo) -> str:
        return "".join(told(exc_info[1], frozenset())).rstrip("\n")

    return format_exception


def log_what_nobody_caught(say: Callable[[str, ExcInfo], None]) -> None:
    """Hand uncaught exceptions, of threads and destructors too, to `say`: Python itself would print them bare."""
    sys.excepthook = lambda kind, error, trace: say("uncaught", (kind, error, trace))
    sys.unraisablehook = lambda told: (
        say("unraisable", (told.exc_type, told.exc_value, told.exc_traceback)) if told.exc_value else None
    )
