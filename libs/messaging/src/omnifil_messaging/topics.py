"""Topics as the contract's registry wants them: created where missing, compared where they exist."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code
from omnifil_contracts.topics import (
    BUILT_IN_CHANNELS,
    DEAD_LETTER_RETENTION,
    DEAD_LETTER_SUFFIX,
    Topic,
    dead_letter_of,
)
from omnifil_servicekit.errors import Transient

from omnifil_messaging.admin import administration
from omnifil_messaging.producer import DEAD_LETTER_HEADROOM_BYTES
from omnifil_messaging.settings import KafkaSettings

log = structlog.get_logger(__name__)

_RECORD_FRAMING_BYTES = 4096
_VISIBLE_S = 15.0
_SEGMENT_MS = str(24 * 3600 * 1000)
"""What was taken out of a topic leaves the disk with its segment: a day after the next record at the latest."""


@dataclass(frozen=True)
class TopicPlan:
    """A topic as it should be. `name` is without the prefix; `config` as Kafka names and writes it."""

    name: str
    partitions: int
    config: Mapping[str, str]


@dataclass(frozen=True)
class Drift:
    """Where an existing topic differs from its plan; left as it is, for a change may lose records or their order."""

    topic: str
    what: str
    planned: str
    actual: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.what} is {self.actual}, planned {self.planned}"


@dataclass(frozen=True)
class TopicsReport:
    """What `ensure_topics` did and found. Names without the prefix."""

    created: tuple[str, ...]
    existing: tuple[str, ...]
    drift: tuple[Drift, ...]


def plans(settings: KafkaSettings, registry: Iterable[Topic], channels: Iterable[str]) -> list[TopicPlan]:
    """The topics of a registry, families spelled out for these channels, each with its dead letter."""
    channels = tuple(channels)
    planned: dict[str, TopicPlan] = {}
    for topic in registry:
        for name in [topic.of(channel) for channel in channels] if topic.is_family else [topic.name]:
            planned[name] = TopicPlan(name, topic.partitions, _config(settings, topic))
            if topic.dead_letter:
                planned[dead_letter_of(name)] = dead_letter_plan(settings, name)
    return list(planned.values())


def dead_letter_plan(settings: KafkaSettings, source: str) -> TopicPlan:
    """One partition: dead letters are few, and a person reads them in order."""
    limit = settings.environment.max_record_bytes + DEAD_LETTER_HEADROOM_BYTES + _RECORD_FRAMING_BYTES
    retention_ms = round(DEAD_LETTER_RETENTION.total_seconds() * 1000)
    return TopicPlan(
        dead_letter_of(source),
        1,
        {
            "cleanup.policy": "delete",
            "retention.ms": str(retention_ms),
            "segment.ms": _SEGMENT_MS,
            "max.message.bytes": str(limit),
            **_durability(settings),
        },
    )


async def ensure_topics(
    settings: KafkaSettings, registry: Iterable[Topic], *, channels: Iterable[str] = BUILT_IN_CHANNELS
) -> TopicsReport:
    """Create what is missing; report (and log) what differs. Idempotent, and safe when several do it at once.

    Returns when every topic can be written to. Raises `Transient` when Kafka is away.
    """
    wanted = plans(settings, registry, channels)
    async with administration(settings) as admin:
        created = await _create(settings, admin, wanted)
        await _until_visible(settings, admin, [plan.name for plan in wanted])
        drift = await _drift(settings, admin, [plan for plan in wanted if plan.name not in created])
    for each in drift:
        log.warning("topic_differs", topic=each.topic, what=each.what, planned=each.planned, actual=each.actual)
    existing = tuple(plan.name for plan in wanted if plan.name not in created)
    return TopicsReport(tuple(sorted(created)), existing, tuple(drift))


async def inspect_topics(
    settings: KafkaSettings, registry: Iterable[Topic], *, channels: Iterable[str] = BUILT_IN_CHANNELS
) -> tuple[list[str], list[Drift]]:
    """The topics that are missing, and where those that exist differ; nothing is changed. Raises `Transient`."""
    wanted = plans(settings, registry, channels)
    async with administration(settings) as admin:
        names = set(await admin.list_topics())
        there = [plan for plan in wanted if settings.prefixed(plan.name) in names]
        drift = await _drift(settings, admin, there)
    return [plan.name for plan in wanted if plan not in there], drift


async def prepare_dead_letters(settings: KafkaSettings, topics: Sequence[str]) -> None:
    """See that each of these topics has its dead letter: those of an integrator's channel come without one."""
    wanted = [dead_letter_plan(settings, topic) for topic in topics if not topic.endswith(DEAD_LETTER_SUFFIX)]
    async with administration(settings) as admin:
        await _create(settings, admin, wanted)


async def missing_topics(settings: KafkaSettings, topics: Sequence[str]) -> list[str]:
    """Which of these do not exist."""
    async with administration(settings) as admin:
        names = set(await admin.list_topics())
    return [topic for topic in topics if settings.prefixed(topic) not in names]


async def existing_topics(settings: KafkaSettings) -> list[str]:
    """Every topic with our prefix, named without it."""
    async with administration(settings) as admin:
        names = await admin.list_topics()
    return sorted(settings.unprefixed(name) for name in names if name.startswith(settings.topic_prefix))


def _config(settings: KafkaSettings, topic: Topic) -> dict[str, str]:
    retention_ms = -1 if topic.retention is None else round(topic.retention.total_seconds() * 1000)
    return {
        # With `delete`, too, records can be taken out of a compacted topic (erasure); its retention deletes none.
        "cleanup.policy": "compact,delete" if topic.compacted else "delete",
        "retention.ms": str(retention_ms),
        "segment.ms": _SEGMENT_MS,
        "max.message.bytes": str(settings.environment.max_record_bytes + _RECORD_FRAMING_BYTES),
        **_durability(settings),
    }


def _durability(settings: KafkaSettings) -> dict[str, str]:
    """With acks=all: one replica may be away without stopping the writers, and none is ever alone."""
    return {"min.insync.replicas": str(max(1, settings.environment.replication - 1))}


async def _create(settings: KafkaSettings, admin: AIOKafkaAdminClient, wanted: Sequence[TopicPlan]) -> set[str]:
    names = set(await admin.list_topics())
    missing = [plan for plan in wanted if settings.prefixed(plan.name) not in names]
    if not missing:
        return set()
    response = await admin.create_topics(
        [
            NewTopic(
                settings.prefixed(plan.name),
                plan.partitions,
                settings.environment.replication,
                topic_configs=dict(plan.config),
            )
            for plan in missing
        ]
    )
    created: set[str] = set()
    for name, code, *message in response.topic_errors:
        error = for_code(code)
        if code == 0:
            created.add(settings.unprefixed(name))
        elif error is not TopicAlreadyExistsError:
            raise Transient(
                f"The topic {name} could not be created ({error.__name__}: {message[0] if message else ''})."
            )
    return created


async def _until_visible(settings: KafkaSettings, admin: AIOKafkaAdminClient, topics: Sequence[str]) -> None:
    """A topic is announced a moment after it was created: its partitions get leaders first."""
    names = [settings.prefixed(topic) for topic in topics]
    try:
        async with asyncio.timeout(_VISIBLE_S):
            # The broker tells nobody when it is ready.
            while not all(map(_has_leaders, await admin.describe_topics(names))):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise Transient(f"Topics have no leader after {_VISIBLE_S:.0f} s: look at the brokers.") from None


def _has_leaders(topic: Mapping[str, Any]) -> bool:
    return topic["error_code"] == 0 and all(partition["leader"] >= 0 for partition in topic["partitions"])


async def _drift(settings: KafkaSettings, admin: AIOKafkaAdminClient, existing: Sequence[TopicPlan]) -> list[Drift]:
    if not existing:
        return []
    names = [settings.prefixed(plan.name) for plan in existing]
    partitions = {each["topic"]: len(each["partitions"]) for each in await admin.describe_topics(names)}
    replicas = {
        each["topic"]: min((len(partition["replicas"]) for partition in each["partitions"]), default=0)
        for each in await admin.describe_topics(names)
    }
    configs: dict[str, dict[str, str]] = {}
    for response in await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names]):
        for _, _, _, name, entries in response.resources:
            configs[name] = {entry[0]: entry[1] for entry in entries}
    found: list[Drift] = []
    for plan, name in zip(existing, names, strict=True):
        actual = {
            "partitions": str(partitions[name]),
            "replication factor": str(replicas[name]),
            **{key: configs.get(name, {}).get(key, "unknown") for key in plan.config},
        }
        planned = {
            "partitions": str(plan.partitions),
            "replication factor": str(settings.environment.replication),
            **plan.config,
        }
        found.extend(Drift(plan.name, key, planned[key], actual[key]) for key in planned if planned[key] != actual[key])
    return found
