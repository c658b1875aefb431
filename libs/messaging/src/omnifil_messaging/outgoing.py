"""A record to be published, and where it ended up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from omnifil_contracts.cloudevents import EventContext
from omnifil_contracts.cloudevents import headers as event_headers
from omnifil_contracts.record import Record

from omnifil_messaging.context import carried


class Position(NamedTuple):
    """Where Kafka keeps a record. `topic` is without the prefix."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Encoded:
    """A record that is JSON already: whoever makes it vouches that it reads as `record_type`."""

    record_type: type[Record]
    value: bytes


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record for a topic (named without the prefix). `event_id` is deterministic, so that a repetition is the same
    event; `source` is a URI reference such as `/omnifil/ingest-email`."""

    topic: str
    key: str
    record: Record | Encoded
    event_id: str
    source: str
    subject: str | None
    time: datetime
    context: Sequence[tuple[str, bytes]] = field(default_factory=carried, compare=False, repr=False)
    """Trace and log context as headers: what was current when this was made."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A record as bytes, for a topic named without the prefix."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = field(default_factory=list)  # aiokafka batches take a list only
    partition: int | None = None
    event_id: str = ""

    @property
    def size_bytes(self) -> int:
        """What Kafka counts, but for a few bytes of framing for each part."""
        headers = sum(len(name) + len(value or b"") + 4 for name, value in self.headers)
        return len(self.value or b"") + len(self.key or b"") + headers + 40


def wire(outgoing: Outgoing) -> Wire:
    """CloudEvents binary mode."""
    context = EventContext(outgoing.event_id, outgoing.source, outgoing.time, outgoing.subject)
    record = outgoing.record
    if isinstance(record, Encoded):
        record_type, value = record.record_type, record.value
    else:
        record_type, value = type(record), record.__pydantic_serializer__.to_json(record)
    return Wire(
        topic=outgoing.topic,
        key=outgoing.key.encode(),
        value=value,
        headers=[*event_headers(record_type, context), *outgoing.context],
        event_id=outgoing.event_id,
    )
