"""A record as a handler gets it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from omnifil_messaging.context import restored

R = TypeVar("R")


@dataclass(slots=True)
class Received(Generic[R]):
    """A record and where it came from. `topic` is without the prefix; `headers` hold text, `value` the raw bytes."""

    record: R
    key: str
    """Empty when the record has none."""
    event_id: str
    """CloudEvents `id`; `<topic>/<partition>/<offset>` for a writer that gave none."""
    headers: Mapping[str, str]
    topic: str
    partition: int
    offset: int
    value: bytes = field(default=b"", repr=False)
    timestamp_ms: int = 0
    """Unix time in milliseconds, as Kafka keeps it."""

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Trace and log context of this one record, as its writer sent them."""
        with restored(self.headers):
            yield
