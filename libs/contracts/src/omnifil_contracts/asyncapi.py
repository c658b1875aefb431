"""AsyncAPI 3 documents, made from the topic registry: one per service and one for the suite."""

import re
from typing import Any

from omnifil_contracts import schemas
from omnifil_contracts.cloudevents import CONTENT_TYPE
from omnifil_contracts.record import Record
from omnifil_contracts.topics import REGISTRY, Topic, dead_letter_of

SERVICES = ("ingest-email", "ingest-chat", "ingest-social", "customer-profile", "case-service", "agent-gateway")
_CHANNEL_OF = {"ingest-email": "email", "ingest-chat": "chat", "ingest-social": "social"}

Document = dict[str, Any]


def of_suite(version: str) -> Document:
    """Every topic, from the point of view of an integrator."""
    operations: Document = {}
    for topic in REGISTRY:
        if "any integrator" in topic.produced_by:
            operations[f"send{_camel(topic.name)}"] = _operation("send", topic)
        if "integrators" in topic.read_by:
            operations[f"receive{_camel(topic.name)}"] = _operation("receive", topic)
    title, description = "Omnifil", "The topics by which anybody integrates with Omnifil."
    return _document(title, version, description, list(REGISTRY), operations, channel=None)


def of_service(service: str, version: str) -> Document:
    """What one service sends and receives."""
    channel = _CHANNEL_OF.get(service)
    sent = [topic for topic in REGISTRY if _concerns(topic.produced_by, service)]
    received = [topic for topic in REGISTRY if _concerns(topic.read_by, service)]
    operations = {f"send{_camel(t.name)}": _operation("send", t) for t in sent}
    operations |= {f"receive{_camel(t.name)}": _operation("receive", t) for t in received}
    mine = [topic for topic in REGISTRY if topic in sent or topic in received]
    return _document(
        f"Omnifil {service}", version, f"Topics that {service} writes and reads.", mine, operations, channel
    )


def _concerns(parties: tuple[str, ...], service: str) -> bool:
    """Whether a party of a topic is this service: by its name, or as the ingest service of its channel."""
    names = {party.split()[0] for party in parties}
    return service in names or (service in _CHANNEL_OF and "ingest-<channel>" in names)


def _document(
    title: str, version: str, description: str, used: list[Topic], operations: Document, channel: str | None
) -> Document:
    messages: Document = {}
    definitions: Document = {}
    for record in dict.fromkeys(topic.record for topic in used):
        schema = schemas.of_record(record, ref_template="#/components/schemas/{model}")
        definitions |= schema.pop("$defs", {})
        definitions[record.__name__] = schema
        messages[record.__name__] = _message(record)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": title,
            "version": version,
            "description": description,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {_camel(topic.name): _channel(topic, channel) for topic in used},
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": {name: _for_asyncapi(schema) for name, schema in sorted(definitions.items())},
        },
    }


def _channel(topic: Topic, channel: str | None) -> Document:
    kafka: Document = {"partitions": topic.partitions, "topicConfiguration": _configuration(topic)}
    document: Document = {
        "address": topic.name.replace("<channel>", channel or "{channel}"),
        "description": f"Keyed by {topic.key}. Written by {', '.join(topic.produced_by)};"
        f" read by {', '.join(topic.read_by)}."
        + (f" What cannot be processed goes to `{dead_letter_of('<topic>')}`." if topic.dead_letter else ""),
        "messages": {topic.record.__name__: {"$ref": f"#/components/messages/{topic.record.__name__}"}},
        "bindings": {"kafka": kafka},
    }
    if topic.is_family and channel is None:
        document["parameters"] = {"channel": {"description": "`email`, `chat`, `social` or one of your own."}}
    return document


def _configuration(topic: Topic) -> Document:
    configuration: Document = {"cleanup.policy": ["compact" if topic.compacted else "delete"]}
    if topic.retention is not None:
        configuration["retention.ms"] = int(topic.retention.total_seconds() * 1000)
    return configuration


def _message(record: type[Record]) -> Document:
    """CloudEvents Kafka Protocol Binding 1.0.2, binary content mode: attributes are headers."""
    header = {"type": "string"}
    return {
        "name": record.ce_type,
        "title": record.__name__,
        "summary": (record.__doc__ or "").strip().split("\n")[0],
        "contentType": record.content_type,
        "headers": {
            "type": "object",
            "required": ["ce_specversion", "ce_id", "ce_type", "ce_source"],
            "properties": {
                "ce_specversion": {"const": "1.0"},
                "ce_id": {**header, "description": "Deterministic: a redelivery has the same."},
                "ce_type": {"const": record.ce_type},
                "ce_source": {**header, "format": "uri-reference"},
                "ce_time": {**header, "format": "date-time"},
                "ce_subject": header,
                "traceparent": {**header, "description": "W3C Trace Context."},
            },
        },
        "payload": {"$ref": f"#/components/schemas/{record.__name__}"},
    }


def _operation(action: str, topic: Topic) -> Document:
    reference = f"#/channels/{_camel(topic.name)}"
    return {
        "action": action,
        "channel": {"$ref": reference},
        "messages": [{"$ref": f"{reference}/messages/{topic.record.__name__}"}],
    }


def _for_asyncapi(schema: Any) -> Any:
    """AsyncAPI 3 knows a discriminator as the name of a property, not as OpenAPI's object."""
    if isinstance(schema, dict):
        return {
            key: value["propertyName"] if key == "discriminator" and isinstance(value, dict) else _for_asyncapi(value)
            for key, value in schema.items()
        }
    return [_for_asyncapi(item) for item in schema] if isinstance(schema, list) else schema


def _camel(topic_name: str) -> str:
    """`inbound.<channel>.v1` → `InboundChannelV1`."""
    return "".join(part.capitalize() for part in re.split(r"[^a-z0-9]+", topic_name) if part)
