"""CloudEvents 1.0, Kafka protocol binding, binary mode: attributes in headers, JSON in the value."""

from dataclasses import dataclass
from datetime import UTC, datetime

from omnifil_contracts.record import Record

SPECVERSION = "1.0"
CONTENT_TYPE = "application/json"


@dataclass(frozen=True)
class EventContext:
    """The attributes of an event. `id` is deterministic, so that a redelivery is the same event."""

    id: str
    source: str
    """Who says it, as a URI reference: `/omnifil/ingest-email`."""
    time: datetime
    subject: str | None = None


def headers(record_type: type[Record], context: EventContext) -> list[tuple[str, bytes]]:
    """The Kafka headers of a record. Source: CloudEvents Kafka Protocol Binding 1.0.2, §3.2."""
    pairs = {
        "ce_specversion": SPECVERSION,
        "ce_id": context.id,
        "ce_type": record_type.ce_type,
        "ce_source": context.source,
        "ce_time": context.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "content-type": CONTENT_TYPE,
    }
    if context.subject is not None:
        pairs["ce_subject"] = context.subject
    return [(name, value.encode()) for name, value in pairs.items()]
