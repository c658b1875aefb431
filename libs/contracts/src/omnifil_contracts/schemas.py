"""JSON Schemas of everything public: records as topics carry them, and what the HTTP API says and hears."""

import json
import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter

from omnifil_contracts import commands, customer, erasure, stream, topics, views
from omnifil_contracts.record import Record

DIALECT = "https://json-schema.org/draft/2020-12/schema"

HTTP_BODIES: tuple[type[BaseModel], ...] = (
    views.Inbox,
    views.DossierSnapshot,
    views.Timeline,
    views.CustomerCard,
    views.Journey,
    commands.CommandRequest,
    commands.CommandResult,
    commands.PreviewRequest,
    views.MovePreview,
    customer.LinkIdentity,
    customer.UndoLink,
    customer.MergeCustomers,
    customer.SplitCustomer,
    customer.MarkShared,
    customer.MergePreview,
    erasure.EraseCustomer,
    erasure.Erasure,
)


def records() -> list[type[Record]]:
    """Every record that a topic carries, once."""
    return list(dict.fromkeys(topic.record for topic in topics.REGISTRY))


def of_record(record: type[Record], ref_template: str = "#/$defs/{model}") -> dict[str, Any]:
    """The schema that a reader accepts: what may be absent is not required."""
    return record.model_json_schema(ref_template=ref_template)


def committed() -> dict[Path, dict[str, Any]]:
    """Path below `libs/contracts/schemas` → schema: records by their CloudEvents type, HTTP bodies by their name."""
    files: dict[Path, dict[str, Any]] = {}
    for record in records():
        files[Path("records") / f"{record.ce_type}.json"] = {"$schema": DIALECT, **of_record(record)}
    for body in HTTP_BODIES:
        name = re.sub(r"(?<!^)(?=[A-Z])", "-", body.__name__).lower()
        files[Path("http") / f"{name}.json"] = {"$schema": DIALECT, **body.model_json_schema(mode="serialization")}
    message: TypeAdapter[Any] = TypeAdapter(stream.StreamMessage)
    files[Path("http") / "stream-message.json"] = {
        "$schema": DIALECT,
        "title": "StreamMessage",
        **message.json_schema(mode="serialization"),
    }
    return files


def rendered(schema: dict[str, Any]) -> str:
    """A schema or document as it is committed."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
