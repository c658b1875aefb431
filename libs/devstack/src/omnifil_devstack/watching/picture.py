"""What an operator wants to know, worked out of two looks: `Picture.as_json()` is what `omnifil top --json` prints."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from omnifil_servicekit.metrics import Stage

from omnifil_devstack.watching.group_lag import Lag
from omnifil_devstack.watching.scrape import Look, Sample, Seen

ON_THE_WAY_IN = (Stage.ACCEPTED, Stage.IDENTIFIED, Stage.LINKED, Stage.CARRIED, Stage.SHOWN)
ON_THE_WAY_OUT = (Stage.REPLY_REQUESTED, Stage.REPLY_CARRIED, Stage.REPLY_DELIVERED, Stage.REPLY_FAILED)

_KNOWS_WAITS = "dossiers"
"""The relay that tells of a channel only when somebody waits there."""
NAMED_METRICS = (
    "omnifil_messages_total", "omnifil_dead_letters_total", "omnifil_retries_total", "omnifil_stream_clients",
    "omnifil_stream_behind_records", "omnifil_oldest_unanswered_seconds", "omnifil_lag_records", "omnifil_lag_seconds",
    "omnifil_relay_active", "omnifil_relay_lag_seconds",
)  # fmt: skip
"""What is read here; a test holds them to what the services have."""


@dataclass(frozen=True)
class Count:
    """How many since the processes started, and how many a second between the two looks (None with one look)."""

    total: float = 0
    per_s: float | None = None


@dataclass(frozen=True)
class ChannelFlow:
    """One channel: by stage, how far behind its consumers are, and how long who waits longest has waited."""

    channel: str
    stages: dict[str, Count]
    lag_records: float
    lag_s: float
    oldest_unanswered_s: float | None
    """None: the relay that knows it does not answer."""


@dataclass(frozen=True)
class Waiting:
    """A consumer group on one topic. `lag_s` is None where only Kafka could be asked."""

    group: str
    topic: str
    lag_records: float
    lag_s: float | None
    retries: Count


@dataclass(frozen=True)
class Relay:
    """A relay: how far it is behind, and how many processes hold its lease (must be 1)."""

    name: str
    lag_s: float
    active: int


@dataclass(frozen=True)
class Running:
    """A process. `cpu_percent` of one core, between the two looks."""

    name: str
    pid: int
    alive: bool
    ready: bool | None
    not_ready: tuple[str, ...]
    cpu_percent: float | None
    memory_bytes: int | None
    up_s: float | None

    @property
    def is_well(self) -> bool:
        return self.alive and self.ready is not False


@dataclass(frozen=True)
class Picture:
    """The whole."""

    at: str
    channels: tuple[ChannelFlow, ...]
    waiting: tuple[Waiting, ...]
    relays: tuple[Relay, ...]
    dead_letters: dict[str, Count]
    """By the topic that they came from, since the processes started."""
    retries: Count
    stream_clients: dict[str, float]
    stream_behind_records: float
    processes: tuple[Running, ...]

    @property
    def is_well(self) -> bool:
        """Whether all processes work; the figures are for people to judge."""
        return all(process.is_well for process in self.processes)

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {"ok": self.is_well, **asdict(self)}


def picture(now: Look, before: Look | None = None, known_to_kafka: Lag | None = None) -> Picture:
    """Put two looks together; `known_to_kafka` fills in the groups whose consumers do not answer."""
    counts = _Counts(now, before)
    waiting = _waiting(now, counts, known_to_kafka or {})
    oldest = {sample.labels["channel"]: sample.value for _, sample in now.samples("omnifil_oldest_unanswered_seconds")}
    by_channel_stage = counts.by("omnifil_messages_total", "channel", "stage")
    if any(sample.value for _, sample in now.samples("omnifil_relay_active") if sample.labels["relay"] == _KNOWS_WAITS):
        oldest = dict.fromkeys((channel for channel, _ in by_channel_stage), 0.0) | oldest
    channels = {channel for channel, _ in by_channel_stage} | oldest.keys() | {_channel_of(each) for each in waiting}
    return Picture(
        at=now.at.isoformat(timespec="seconds"),
        channels=tuple(
            ChannelFlow(
                channel,
                {stage.value: by_channel_stage.get((channel, stage.value), Count()) for stage in Stage},
                sum(each.lag_records for each in waiting if _channel_of(each) == channel),
                max((each.lag_s or 0 for each in waiting if _channel_of(each) == channel), default=0),
                oldest.get(channel),
            )
            for channel in sorted(channels - {""})
        ),
        waiting=tuple(waiting),
        relays=tuple(_relays(now)),
        dead_letters={
            topic: count for (topic,), count in sorted(counts.by("omnifil_dead_letters_total", "topic").items())
        },
        retries=counts.by("omnifil_retries_total").get((), Count(0, 0 if before else None)),
        stream_clients={
            kind: count.total for (kind,), count in sorted(counts.by("omnifil_stream_clients", "kind").items())
        },
        stream_behind_records=max(
            (sample.value for _, sample in now.samples("omnifil_stream_behind_records")), default=0
        ),
        processes=tuple(_running(each, now, before) for each in now.processes),
    )


class _Counts:
    """Sums over all processes, with rates. A process that was started anew counts from nothing again."""

    def __init__(self, now: Look, before: Look | None) -> None:
        self._now = now
        self._took_s = max(now.at_s - before.at_s, 1e-6) if before else None
        self._before = {
            _key(process, sample): sample.value
            for process in (before.processes if before else ())
            for sample in process.samples
        }

    def by(self, name: str, *labels: str) -> dict[tuple[str, ...], Count]:
        totals: dict[tuple[str, ...], float] = defaultdict(float)
        grown: dict[tuple[str, ...], float] = defaultdict(float)
        for process in self._now.processes:
            for sample in process.samples:
                if sample.name == name:
                    key = tuple(sample.labels.get(label, "") for label in labels)
                    known = self._before.get(
                        (process.name, process.pid, sample.name, *sorted(sample.labels.items())), 0
                    )
                    totals[key] += sample.value
                    grown[key] += max(sample.value - known, 0)
        took_s = self._took_s
        return {key: Count(total, grown[key] / took_s if took_s else None) for key, total in totals.items()}

    def by_one(self, name: str, label: str) -> dict[str, Count]:
        return {value: count for (value,), count in sorted(self.by(name, label).items())}


def _key(process: Seen, sample: Sample) -> tuple[object, ...]:
    return (process.name, process.pid, sample.name, *sorted(sample.labels.items()))


def _waiting(now: Look, counts: _Counts, known_to_kafka: Lag) -> list[Waiting]:
    retries = counts.by_one("omnifil_retries_total", "group")
    records, seconds = (
        _by_place((sample for _, sample in now.samples(name)), how)
        for name, how in (("omnifil_lag_records", sum), ("omnifil_lag_seconds", max))
    )
    places = sorted(records.keys() | seconds.keys() | known_to_kafka.keys())
    found = [
        Waiting(
            group,
            topic,
            records.get((group, topic), float(known_to_kafka.get((group, topic), 0))),
            seconds.get((group, topic)),
            retries.get(group, Count()),
        )
        for group, topic in places
    ]
    return sorted(found, key=lambda each: (-(each.lag_s or 0), -each.lag_records, each.group))


def _by_place(samples: Iterable[Sample], how: Callable[[Iterable[float]], float]) -> Mapping[tuple[str, str], float]:
    places: dict[tuple[str, str], list[float]] = defaultdict(list)
    for sample in samples:
        places[sample.labels["group"], sample.labels["topic"]].append(sample.value)
    return {place: how(values) for place, values in places.items()}


def _channel_of(waiting: Waiting) -> str:
    """`identified.email.v1`, `inbound.email.raw.v1` → `email`; empty for a topic that all channels share."""
    parts = waiting.topic.split(".")
    return parts[1] if parts[0] in ("inbound", "identified", "outbound") else ""


def _relays(now: Look) -> Iterable[Relay]:
    active: dict[str, int] = defaultdict(int)
    for _, sample in now.samples("omnifil_relay_active"):
        active[sample.labels["relay"]] += int(sample.value)
    lag: dict[str, float] = defaultdict(float)
    for _, sample in now.samples("omnifil_relay_lag_seconds"):
        lag[sample.labels["relay"]] = max(lag[sample.labels["relay"]], sample.value)
    return [Relay(name, lag[name], active[name]) for name in sorted(active)]


def _running(seen: Seen, now: Look, before: Look | None) -> Running:
    earlier = next((each for each in before.processes if each.pid == seen.pid), None) if before else None
    cpu = None
    if seen.usage and earlier and earlier.usage and before:
        cpu = 100 * max(seen.usage.cpu_s - earlier.usage.cpu_s, 0) / max(now.at_s - before.at_s, 1e-6)
    usage = seen.usage
    return Running(
        seen.name,
        seen.pid,
        seen.alive,
        seen.ready,
        seen.not_ready,
        None if cpu is None else round(cpu, 1),
        usage.memory_bytes if usage else None,
        round(now.at.timestamp() - usage.started_at, 1) if usage else None,
    )
