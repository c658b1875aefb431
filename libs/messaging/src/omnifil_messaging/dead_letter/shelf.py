"""Where dead letters lie: list them, look at one, publish them again."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from omnifil_contracts.topics import DEAD_LETTER_SUFFIX, dead_letter_of
from omnifil_servicekit.errors import Transient

from omnifil_messaging.dead_letter.letter import PREFIX, DeadLetter
from omnifil_messaging.outgoing import Wire
from omnifil_messaging.producer import Producer
from omnifil_messaging.settings import KafkaSettings
from omnifil_messaging.topics import existing_topics

_REPLAYED = f"{PREFIX}replayed"
_READ_S = 60.0


class NoSuchLetter(Exception):
    """Its text says what to do."""


@dataclass(frozen=True)
class Entry:
    """A dead letter as it is listed: nothing of what a person wrote, nor who."""

    topic: str
    """The source topic, without the prefix."""
    id: str
    """`partition:offset` on the dead-letter topic."""
    cause: str
    detail: str
    source_partition: int | None
    source_offset: int | None
    group: str
    event_id: str
    event_type: str
    size_bytes: int
    set_aside_at: str
    replayed_at: str | None = None


@dataclass(frozen=True)
class Replayed:
    """What one replay did, as ids."""

    replayed: list[str]
    skipped: list[str]
    """Were replayed before; `again` publishes them once more."""


class Shelf:
    """The dead letters of one installation."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    async def topics(self) -> list[str]:
        """The source topics that have a dead letter, without the prefix."""
        names = await existing_topics(self._settings)
        return [name.removesuffix(DEAD_LETTER_SUFFIX) for name in names if name.endswith(DEAD_LETTER_SUFFIX)]

    async def entries(self, topic: str | None = None) -> list[Entry]:
        """Oldest first, of one source topic or of all."""
        found: list[Entry] = []
        for source in [await self._known(topic)] if topic else await self.topics():
            entries: dict[str, Entry] = {}
            async for record in self.records(source):
                if (marked := _marker(record)) is None:
                    entry = _entry(source, record)
                    entries[entry.id] = entry
                elif marked[0] in entries:
                    entries[marked[0]] = replace(entries[marked[0]], replayed_at=marked[1])
            found.extend(entries.values())
        return sorted(found, key=lambda entry: (entry.set_aside_at, entry.topic, entry.id))

    async def show(self, topic: str, letter_id: str) -> tuple[Entry, DeadLetter]:
        """One letter, whole. Raises `NoSuchLetter`."""
        source = await self._known(topic)
        entries = {entry.id: entry for entry in await self.entries(source)}
        letters = await self._letters(source, [letter_id], entries)
        return entries[letter_id], letters[letter_id]

    async def replay(
        self, producer: Producer, topic: str, ids: Sequence[str] | None = None, *, again: bool = False
    ) -> Replayed:
        """Publish letters (None: all) to their source topic as they came, in the order in which they were set aside.

        Bytes, key, headers and partition are the original ones, so a consumer that already had the effect drops the
        record as a redelivery. Each is marked once Kafka has it; raises `NoSuchLetter` before anything is published.
        """
        source = await self._known(topic)
        entries = {entry.id: entry for entry in await self.entries(source)}
        wanted = [each for each in entries if ids is None or each in ids]
        letters = await self._letters(source, ids if ids is not None else wanted, entries)
        chosen = [each for each in wanted if again or entries[each].replayed_at is None]
        if chosen:
            await producer.publish_raw([_original(letters[each]) for each in chosen])
            await producer.publish_raw([_mark(source, each) for each in chosen])
        return Replayed(chosen, [each for each in wanted if each not in chosen])

    async def _known(self, topic: str) -> str:
        source = self._settings.unprefixed(topic).removesuffix(DEAD_LETTER_SUFFIX)
        known = await self.topics()
        if source not in known:
            raise NoSuchLetter(
                f"{source} has no dead letters; topics that do: {', '.join(known) or 'none'}. "
                "Give one of them with --topic."
            )
        return source

    async def _letters(self, source: str, ids: Iterable[str], entries: dict[str, Entry]) -> dict[str, DeadLetter]:
        wanted = set(ids)
        if unknown := wanted - entries.keys():
            raise NoSuchLetter(
                f"{source} has no dead letter {', '.join(sorted(unknown))}: "
                f"`omnifil dead-letter list --topic {source}` shows those it has."
            )
        letters: dict[str, DeadLetter] = {}
        async for record in self.records(source):
            if (letter_id := f"{record.partition}:{record.offset}") in wanted:
                letters[letter_id] = _letter(source, record)
        return letters

    async def records(self, source: str) -> AsyncIterator[ConsumerRecord]:
        """All records of a dead-letter topic that were there when asked."""
        name = self._settings.prefixed(dead_letter_of(source))
        consumer = AIOKafkaConsumer(**self._settings.connection(), group_id=None, enable_auto_commit=False)
        try:
            async with asyncio.timeout(_READ_S):
                await consumer.start()
                numbers = await consumer._client._wait_on_metadata(name)
                partitions = [TopicPartition(name, number) for number in sorted(numbers)]
                first, end = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
                unread = {each for each in partitions if first[each] < end[each]}
                consumer.assign(partitions)
                for each in partitions:
                    consumer.seek(each, first[each])
                while unread:
                    for partition, records in (await consumer.getmany(timeout_ms=500)).items():
                        for record in records:
                            if record.offset < end[partition]:
                                yield record
                    unread = {each for each in unread if await consumer.position(each) < end[each]}
        except (KafkaError, TimeoutError) as error:
            raise Transient(f"Kafka at {self._settings.bootstrap} does not answer ({error!r}): try again.") from error
        finally:
            await consumer.stop()


def as_json(entry: Entry) -> dict[str, Any]:
    """An entry for `--json`."""
    return asdict(entry)


def _told(record: ConsumerRecord) -> dict[str, str]:
    """Our own headers, without their prefix. The last of a name counts: ours come after the original ones."""
    return {
        name.removeprefix(PREFIX): value.decode("utf-8", "replace")
        for name, value in record.headers
        if name.startswith(PREFIX)
    }


def _letter(source: str, record: ConsumerRecord) -> DeadLetter:
    told = _told(record)
    return DeadLetter(
        cause=told.get("cause", "unknown"),
        detail=told.get("detail", ""),
        source_topic=source,
        partition=int(told["partition"]) if "partition" in told else None,
        offset=int(told["offset"]) if "offset" in told else None,
        key=None if "no_key" in told else record.key,
        value=None if "no_value" in told else record.value,
        headers=tuple((name, value) for name, value in record.headers if not name.startswith(PREFIX)),
        group=told.get("group", ""),
    )


def _entry(source: str, record: ConsumerRecord) -> Entry:
    letter = _letter(source, record)
    headers = {name: value.decode("utf-8", "replace") for name, value in letter.headers if value is not None}
    set_aside = datetime.fromtimestamp(record.timestamp / 1000, UTC).isoformat()
    return Entry(
        topic=source,
        id=f"{record.partition}:{record.offset}",
        cause=letter.cause,
        detail=letter.detail,
        source_partition=letter.partition,
        source_offset=letter.offset,
        group=letter.group,
        event_id=headers.get("ce_id", ""),
        event_type=headers.get("ce_type", ""),
        size_bytes=len(letter.value or b""),
        set_aside_at=_told(record).get("time", set_aside),
    )


def _original(letter: DeadLetter) -> Wire:
    return Wire(
        topic=letter.source_topic,
        key=letter.key,
        value=letter.value,
        headers=letter.headers,
        partition=letter.partition,
        event_id=f"replay of {letter.source_topic} {letter.partition}:{letter.offset}",
    )


def _mark(source: str, letter_id: str) -> Wire:
    partition, _, _ = letter_id.partition(":")
    headers = [(_REPLAYED, letter_id.encode()), (f"{PREFIX}time", datetime.now(UTC).isoformat().encode())]
    return Wire(topic=dead_letter_of(source), key=None, value=b"", headers=headers, partition=int(partition))


def _marker(record: ConsumerRecord) -> tuple[str, str] | None:
    """The id that a marker marks and when it was replayed; None for a letter."""
    told = _told(record)
    return (told["replayed"], told.get("time", "")) if "replayed" in told else None
