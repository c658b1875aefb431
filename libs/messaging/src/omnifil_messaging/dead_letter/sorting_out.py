"""Taking somebody's dead letters out, while those of others stay.

Kafka deletes only from the beginning of a partition. So the letters of others are published once more behind its end,
each with the id that it had, and then everything before that end is taken out. Who repeats it after a crash finds what
was published already, and goes on.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiokafka import ConsumerRecord, TopicPartition
from omnifil_contracts.topics import dead_letter_of

from omnifil_messaging.dead_letter.letter import PREFIX
from omnifil_messaging.dead_letter.shelf import Shelf
from omnifil_messaging.outgoing import Wire
from omnifil_messaging.producer import Producer
from omnifil_messaging.settings import KafkaSettings
from omnifil_messaging.trimming import trim

_MOVED = f"{PREFIX}moved_from"
_REPLAYED = f"{PREFIX}replayed"

IsTheirs = Callable[[ConsumerRecord], Awaitable[bool]]


@dataclass
class _Sorted:
    """What lies before the ends, and what was published again behind them. Ids are `partition:offset`."""

    theirs: set[str] = field(default_factory=set)
    others: dict[str, ConsumerRecord] = field(default_factory=dict)
    replayed: dict[str, ConsumerRecord] = field(default_factory=dict)
    """Markers of letters that were replayed, by the letter's id."""
    moved: dict[str, str] = field(default_factory=dict)
    """Letter that was published again → its new id."""
    marked: set[str] = field(default_factory=set)


async def sort_out(
    settings: KafkaSettings, producer: Producer, source: str, ends: dict[int, int], is_theirs: IsTheirs
) -> int:
    """Take the letters of `source` that are theirs out of what lies before `ends`; how many. Raises `Transient`.

    Letters of others get new ids; when and why they were set aside, and whether they were replayed, stays with them.
    """
    found = await _sorted(Shelf(settings), source, ends, is_theirs)
    if not found.theirs:
        return 0
    waiting = [each for each in found.others if each not in found.moved]
    positions = await producer.publish_raw([_again(source, found.others[each], each) for each in waiting])
    found.moved |= {each: f"{at.partition}:{at.offset}" for each, at in zip(waiting, positions, strict=True)}
    unmarked = [each for each in found.replayed if each in found.moved and found.moved[each] not in found.marked]
    await producer.publish_raw([_marked_again(source, found.replayed[each], found.moved[each]) for each in unmarked])
    await trim(settings, {TopicPartition(dead_letter_of(source), number): end for number, end in ends.items()})
    return len(found.theirs)


async def _sorted(shelf: Shelf, source: str, ends: dict[int, int], is_theirs: IsTheirs) -> _Sorted:
    found = _Sorted()
    async for record in shelf.records(source):
        letter_id = f"{record.partition}:{record.offset}"
        headers = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
        before = record.offset < ends.get(record.partition, 0)
        if marked := headers.get(_REPLAYED):
            if before:
                found.replayed[marked] = record
            else:
                found.marked.add(marked)
        elif not before:
            if was := headers.get(_MOVED):
                found.moved[was] = letter_id
        elif await is_theirs(record):
            found.theirs.add(letter_id)
        else:
            found.others[letter_id] = record
    return found


def _again(source: str, record: ConsumerRecord, letter_id: str) -> Wire:
    headers = [(name, value) for name, value in record.headers if name != _MOVED]
    return Wire(
        topic=dead_letter_of(source),
        key=record.key,
        value=record.value,
        headers=[*headers, (_MOVED, letter_id.encode())],
        partition=record.partition,
        event_id=f"dead letter {letter_id} of {source}, moved",
    )


def _marked_again(source: str, record: ConsumerRecord, letter_id: str) -> Wire:
    headers = [(name, value) for name, value in record.headers if name != _REPLAYED]
    if not any(name == f"{PREFIX}time" for name, _ in headers):
        headers.append((f"{PREFIX}time", datetime.now(UTC).isoformat().encode()))
    return Wire(
        topic=dead_letter_of(source),
        key=None,
        value=record.value,
        headers=[*headers, (_REPLAYED, letter_id.encode())],
        partition=record.partition,
    )
