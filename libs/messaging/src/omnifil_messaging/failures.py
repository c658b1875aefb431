"""What can go wrong with records, beyond `Transient` and `Poison` of the service kit."""

from collections.abc import Mapping, Sequence
from typing import Any

from omnifil_servicekit.errors import Poison

from omnifil_messaging.received import Received


class PoisonRecords(Poison):
    """Raised by a handler that knows which records of its batch can never work.

    They go to the dead letter, each with its cause; the handler is called again with the others.
    """

    def __init__(self, culprits: Sequence[tuple[Received[Any], BaseException]]) -> None:
        super().__init__(f"{len(culprits)} records can never work")
        self.culprits = tuple(culprits)


class RecordTooLarge(Poison):
    """A record larger than Kafka takes. Put its content into the blob store, or raise `OMNIFIL_KAFKA_MAX_RECORD_BYTES`
    and the topic's `max.message.bytes`."""

    def __init__(self, topic: str, event_id: str, size_bytes: int, index: int) -> None:
        super().__init__(
            f"The record {event_id} for {topic} has {size_bytes} bytes, more than Kafka takes there: put its content "
            "into the blob store, or raise OMNIFIL_KAFKA_MAX_RECORD_BYTES and the topic's max.message.bytes."
        )
        self.topic = topic
        self.event_id = event_id
        self.size_bytes = size_bytes
        self.index = index
        """Its place in the list given to `publish_all`."""


class OffsetsGone(Exception):
    """The offsets to go on from no longer exist: retention has passed them, or the topic was made anew."""

    def __init__(self, topic: str, missing: Mapping[int, tuple[int, int, int]]) -> None:
        told = ", ".join(
            f"partition {partition}: wanted {wanted}, kept {first} to {end}"
            for partition, (wanted, first, end) in sorted(missing.items())
        )
        super().__init__(f"Offsets of {topic} are gone ({told}): begin again from a snapshot.")
        self.topic = topic
        self.missing = dict(missing)
        """By partition: the offset wanted, the first one kept, the one after the last."""
