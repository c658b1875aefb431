"""The base of every record: frozen, strict to write, lenient to read."""

from typing import Annotated, Any, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

Instant = AwareDatetime
"""An aware instant; written in UTC, RFC 3339."""

Channel = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
"""`email`, `chat`, `social`, or the name of an integrator's channel (`sms`, `form`, …)."""

PERSONAL: dict[str, Any] = {"x-personal-data": True}
"""Marks a field that can hold personal data, so that erasure and log checks can find it."""


def personal(default: Any = ..., *, description: str, **constraints: Any) -> Any:
    """A field that can hold personal data; otherwise like `pydantic.Field`."""
    return Field(default, description=description, json_schema_extra=PERSONAL, **constraints)


class Value(BaseModel):
    """A frozen part of a record. Unknown fields are ignored: a reader survives a newer writer."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_timedelta="float")


class Record(Value):
    """What a Kafka record holds as its value. `ce_type` is its CloudEvents type, version included."""

    ce_type: ClassVar[str]
    content_type: ClassVar[str] = "application/json"
