"""From Kafka's bytes to a record, a whole batch at once."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from aiokafka import ConsumerRecord
from omnifil_servicekit.errors import Poison
from pydantic import BaseModel, ValidationError

from omnifil_messaging.received import Received

R = TypeVar("R", bound=BaseModel)


class WrongType(Poison):
    """The record says that it is another event than this topic's."""


class NotBinaryMode(Poison):
    """CloudEvents structured mode; the topics hold binary mode (attributes in headers, the JSON as value)."""


class NoValue(Poison):
    """A record without a value (a tombstone) where one is needed."""


class Decoder(Generic[R]):
    """Reads records of one type. Lenient about missing CloudEvents headers, strict about wrong ones."""

    def __init__(self, record_type: type[R], unprefixed: "Unprefixed") -> None:
        # What is no JSON (`RawMessage`), or comes from outside (`InboundMessage`), says itself how it is read.
        self._validate = getattr(record_type, "of_bytes", record_type.__pydantic_validator__.validate_json)
        self._ce_type: str | None = getattr(record_type, "ce_type", None)
        self._unprefixed = unprefixed

    def decode(
        self, records: Sequence[ConsumerRecord]
    ) -> tuple[list[Received[R]], list[tuple[Received[Any], BaseException]]]:
        """What can be read, in order; and what cannot, raw, with the error."""
        good: list[Received[R]] = []
        bad: list[tuple[Received[Any], BaseException]] = []
        for record in records:
            received = envelope(record, self._unprefixed)
            try:
                self._check(received, record.value)
                received.record = self._validate(record.value)
            except (ValidationError, Poison) as error:
                bad.append((received, error))
            else:
                good.append(received)
        return good, bad

    def _check(self, received: Received[Any], value: bytes | None) -> None:
        if value is None:
            raise NoValue("the record has no value")
        headers = received.headers
        said = headers.get("ce_type")
        if said is not None and said != self._ce_type and self._ce_type is not None:
            raise WrongType(f"ce_type is {said}, this topic holds {self._ce_type}")
        if headers.get("content-type", "").startswith("application/cloudevents"):
            raise NotBinaryMode("content-type is application/cloudevents…: publish in binary mode, the JSON as value")


class Unprefixed(dict[str, str]):
    """Topic names without the prefix, remembered: it is asked for each record."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix

    def __missing__(self, name: str) -> str:
        self[name] = name.removeprefix(self._prefix)
        return self[name]


def envelope(record: ConsumerRecord, unprefixed: Unprefixed) -> Received[Any]:
    """A record with its bytes instead of its content."""
    headers = {name: value.decode("utf-8", "replace") for name, value in record.headers if value is not None}
    topic = unprefixed[record.topic]
    return Received(
        record=record.value,
        key="" if record.key is None else record.key.decode("utf-8", "replace"),
        event_id=headers.get("ce_id") or f"{topic}/{record.partition}/{record.offset}",
        headers=headers,
        topic=topic,
        partition=record.partition,
        offset=record.offset,
        value=record.value or b"",
        timestamp_ms=record.timestamp,
    )
