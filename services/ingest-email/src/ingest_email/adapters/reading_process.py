"""The process in which hostile mail is parsed: `python -m ingest_email.adapters.reading_process`.

Frames on standard input and output: eight bytes of length, then a pickle. It asks no network, its memory is bounded,
and it ends with whoever started it.
"""

import os
import pickle
import resource
import signal
import struct
import sys
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

from ingest_email.domain.domains import organisation
from ingest_email.domain.limits import BrokenMail
from ingest_email.domain.normalise import draft, prove

LENGTH = struct.Struct(">Q")
_MEMORY_BYTES = 3 * 1024 * 1024 * 1024
_ALARM_S = 600  # if nobody is left to end us
_WORK: dict[str, Callable[..., Any]] = {"draft": draft, "prove": prove}


def main() -> None:
    """Answer until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that a library prints gets between the frames
    organisation("example.org")  # reads the public suffix list once
    _write(answers, ("ready", None))
    while (request := _read(sys.stdin.buffer)) is not None:
        signal.alarm(_ALARM_S)
        _write(answers, _answer(*pickle.loads(request)))  # noqa: S301 - from the service itself
        signal.alarm(0)


def _answer(work: str, arguments: tuple[Any, ...]) -> tuple[str, Any]:
    try:
        return "done", _WORK[work](*arguments)
    except BrokenMail as error:
        return "broken", error
    except (RecursionError, MemoryError) as error:
        return "broken", BrokenMail("unparsable", f"Reading it took too much ({type(error).__name__}).")
    except Exception as error:
        # a fault of ours that this mail brought to light: the mail is kept, the fault is told
        traceback.print_exc()
        return "broken", BrokenMail("unparsable", f"Reading it failed ({type(error).__name__}).")


def _read(stream: BinaryIO) -> bytes | None:
    length = stream.read(LENGTH.size)
    return stream.read(LENGTH.unpack(length)[0]) if len(length) == LENGTH.size else None


def _write(stream: BinaryIO, answer: tuple[str, Any]) -> None:
    content = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(LENGTH.pack(len(content)) + content)
    stream.flush()


if __name__ == "__main__":
    main()
