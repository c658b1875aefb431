"""The base of every record: frozen, strict to write, lenient to read."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

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

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic's, in a fifth of the time unless `deep`: a value has no private fields and no extra ones."""
        if deep:
            return super().model_copy(update=update, deep=True)
        copied = object.__new__(type(self))
        fields, present = self.__dict__.copy(), self.__pydantic_fields_set__
        if update:
            fields.update(update)
            present = present if update.keys() <= present else present.union(update)
        object.__setattr__(copied, "__dict__", fields)
        object.__setattr__(copied, "__pydantic_fields_set__", present)
        object.__setattr__(copied, "__pydantic_extra__", None)
        object.__setattr__(copied, "__pydantic_private__", None)
        return copied


class Record(Value):
    """What a Kafka record holds as its value. `ce_type` is its CloudEvents type, version included."""

    ce_type: ClassVar[str]
    content_type: ClassVar[str] = "application/json"
