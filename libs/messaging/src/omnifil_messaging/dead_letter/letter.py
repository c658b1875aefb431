"""A record that could not be processed, with why; kept on `<topic>.dead-letter` as raw bytes."""

from dataclasses import dataclass
from datetime import UTC, datetime

from omnifil_contracts.topics import dead_letter_of
from pydantic import ValidationError

from omnifil_messaging.outgoing import Wire

PREFIX = "omnifil_dl_"
DETAIL_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What is set aside. `partition` and `offset` are None for what never was a record, such as a broken mail."""

    cause: str
    """A stable word, such as the class of the error."""
    detail: str
    source_topic: str
    partition: int | None
    offset: int | None
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    """As they came."""
    group: str = ""
    """The consumer group that gave up, if any."""

    @property
    def topic(self) -> str:
        return dead_letter_of(self.source_topic)

    def wire(self) -> Wire:
        """As a record: value, key and headers as they came; the cause in headers of its own."""
        told = {
            "cause": self.cause,
            "detail": self.detail[:DETAIL_LIMIT],
            "topic": self.source_topic,
            "partition": "" if self.partition is None else str(self.partition),
            "offset": "" if self.offset is None else str(self.offset),
            "group": self.group,
            "time": datetime.now(UTC).isoformat(),
        }
        if self.key is None:
            told["no_key"] = "1"
        if self.value is None:
            told["no_value"] = "1"
        ours = [(PREFIX + name, text.encode()) for name, text in told.items() if text]
        return Wire(
            topic=self.topic,
            key=self.key,
            value=self.value or b"",
            headers=[*self.headers, *ours],
            event_id=f"dead letter of {self.source_topic} {self.partition}:{self.offset}",
        )


def cause_of(error: BaseException) -> tuple[str, str]:
    """A stable word and a sentence for an error; of an invalid record which fields and why, never their content."""
    if isinstance(error, ValidationError):
        problems = error.errors(include_input=False, include_url=False, include_context=False)
        if problems and problems[0]["type"] == "json_invalid":
            return "NotJson", problems[0]["msg"]
        told = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'record'}: {each['msg']}" for each in problems[:10])
        return "InvalidRecord", told
    return type(error).__name__, str(error)
