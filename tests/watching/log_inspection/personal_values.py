"""Every personal value that the topics of a running suite hold: what the schemas mark, found by walking each record.

A field that is marked later is looked for from then on, without a change here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka import ConsumerRecord
from omnifil_contracts import schemas
from omnifil_contracts.message import RawMessage
from omnifil_contracts.topics import DEAD_LETTER_SUFFIX, INBOUND
from omnifil_testkit.topic_records import every_record

MARK = "x-personal-data"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    record.ce_type: schemas.of_record(record) for record in schemas.records() if record is not RawMessage
}


@dataclass(frozen=True)
class Personal:
    """A string of a person, and the field that holds it (`message.sender.display_name`)."""

    text: str
    field: str


def marked_in(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], path: str = "") -> Iterator[Personal]:
    """The strings in a JSON value that stand below a field which its schema marks."""
    schema = _resolved(schema, root)
    if schema.get(MARK):
        yield from all_strings(value, path)
        return
    for variant in _variants(value, schema):
        yield from marked_in(value, variant, root, path)
    if isinstance(value, dict):
        fields, others = schema.get("properties", {}), schema.get("additionalProperties")
        for name, inner in value.items():
            if name in fields or isinstance(others, dict):
                yield from marked_in(inner, fields.get(name, others), root, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list) and isinstance(items := schema.get("items"), dict):
        for inner in value:
            yield from marked_in(inner, items, root, path)


def all_strings(value: Any, path: str) -> Iterator[Personal]:
    """Every string of a JSON value but instants: each line of a log has one, and they say nothing of a person."""
    if isinstance(value, str):
        if not _INSTANT.fullmatch(value):
            yield Personal(value, path)
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from all_strings(inner, path)


def of_record(record: ConsumerRecord) -> Iterator[Personal]:
    """Of one record of a topic. What follows no schema (raw mail, what could not be read) is personal as a whole."""
    topic = record.topic.removesuffix(DEAD_LETTER_SUFFIX)
    if topic.startswith(INBOUND.name.split("<")[0]) and ".raw." not in topic and record.key:
        # A handle by contract: `kind:value`.
        yield Personal(record.key.decode(errors="replace").partition(":")[2], f"key of {topic}")
    ce_types = [value.decode() for name, value in record.headers if name == "ce_type"]
    schema = SCHEMAS.get(ce_types[0]) if ce_types else None
    raw = (record.value or b"").decode(errors="replace")
    try:
        value = json.loads(raw)
    except ValueError:
        yield from (Personal(line.strip(), f"raw record of {topic}") for line in raw.splitlines())
        return
    if schema is None:
        yield from all_strings(value, f"record of {topic}")
    else:
        yield from marked_in(value, schema, schema)


async def of_all_topics(bootstrap: str) -> set[Personal]:
    """Of every record that lies on any topic now."""
    found: set[Personal] = set()
    async for record in every_record(bootstrap):
        found.update(of_record(record))
    return found


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """A `$ref` replaced by what it means; what stands beside it (the mark, say) holds as well."""
    while "$ref" in schema:
        named = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
        schema = {**named, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def _variants(value: Any, schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    by_type = schema.get("discriminator", {})
    if isinstance(value, dict) and (chosen := by_type.get("mapping", {}).get(value.get(by_type.get("propertyName")))):
        return [{"$ref": chosen}]
    return [each for keyword in ("anyOf", "oneOf", "allOf") for each in schema.get(keyword, [])]
