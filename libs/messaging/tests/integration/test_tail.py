import asyncio
from collections.abc import Sequence

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.new_partitions import NewPartitions
from aiokafka.admin.records_to_delete import RecordsToDelete
from omnifil_messaging import OffsetsGone, Producer, Received, TopicTail
from omnifil_messaging.outgoing import Wire
from omnifil_testkit.waiting import Eventually
from structlog.testing import capture_logs

from .conftest import NAME, Bench, Thing, thing

pytestmark = pytest.mark.integration


class Reader:
    """Reads in the background, until the test's end or the tail's."""

    def __init__(self, bench: Bench, offsets: dict[int, int] | str, **options: float) -> None:
        self.stop = asyncio.Event()
        self.got: list[Received[Thing]] = []
        self.empty = 0
        self._tail = TopicTail(bench.settings, NAME, Thing)
        self.task = asyncio.create_task(self._read(offsets, **options))

    async def _read(self, offsets: dict[int, int] | str, **options: float) -> None:
        async for batch in self._tail.read(offsets, self.stop, **options):  # type: ignore[arg-type]
            self.take(batch)

    def take(self, batch: Sequence[Received[Thing]]) -> None:
        self.got.extend(batch)
        self.empty += not batch

    async def end(self) -> list[int]:
        self.stop.set()
        await self.task
        return [each.record.n for each in self.got]


async def test_from_the_beginning_and_on(bench: Bench, eventually: Eventually) -> None:
    await bench.publish(*(thing("a", n) for n in range(5)))
    reader = Reader(bench, "beginning")
    await eventually(lambda: len(reader.got) == 5)
    await bench.publish(thing("a", 5))
    await eventually(lambda: len(reader.got) == 6)
    assert await reader.end() == [0, 1, 2, 3, 4, 5]


async def test_from_the_end_only_what_comes(bench: Bench, eventually: Eventually) -> None:
    await bench.publish(*(thing("a", n) for n in range(5)))
    reader = Reader(bench, "end", idle_s=0.1)
    await eventually(lambda: reader.empty > 1)
    await bench.publish(thing("a", 5))
    await eventually(lambda: len(reader.got) == 1)
    assert await reader.end() == [5]


async def test_from_kept_offsets_and_a_partition_without_one_from_its_beginning(
    bench: Bench, eventually: Eventually
) -> None:
    positions = await bench.producer.publish_all([thing(key, n) for n in range(4) for key in "abcdefgh"])
    at = next(each.partition for each in positions)
    reader = Reader(bench, {at: 3})
    wanted = sorted((each.partition, each.offset) for each in positions if each.partition != at or each.offset >= 3)
    await eventually(lambda: len(reader.got) == len(wanted))
    await reader.end()
    assert sorted((each.partition, each.offset) for each in reader.got) == wanted


async def test_two_tails_both_get_everything(bench: Bench, eventually: Eventually) -> None:
    readers = [Reader(bench, "beginning"), Reader(bench, "beginning")]
    await bench.publish(*(thing("a", n) for n in range(5)))
    for reader in readers:
        await eventually(lambda reader=reader: len(reader.got) == 5)  # type: ignore[misc, arg-type]
        await reader.end()


async def test_a_record_that_cannot_be_read_is_left_out(bench: Bench, eventually: Eventually) -> None:
    await bench.publish(thing("a", 1))
    await bench.put(b"not json")
    await bench.publish(thing("a", 2))
    reader = Reader(bench, "beginning")
    await eventually(lambda: len(reader.got) == 2)
    assert await reader.end() == [1, 2]


async def test_offsets_that_retention_has_passed_or_that_never_were_are_gone(bench: Bench) -> None:
    (position, *_) = await bench.producer.publish_all([thing("a", n) for n in range(10)])
    admin = AIOKafkaAdminClient(bootstrap_servers=bench.settings.bootstrap)
    await admin.start()
    partition = TopicPartition(bench.settings.prefixed(NAME), position.partition)
    await admin.delete_records({partition: RecordsToDelete(before_offset=6)})
    await admin.close()
    tail = TopicTail(bench.settings, NAME)
    assert (await tail.beginning_offsets())[position.partition] == 6
    assert (await tail.end_offsets())[position.partition] == 10
    for wanted in (3, 11):
        with pytest.raises(OffsetsGone) as gone:
            async for _ in tail.read({position.partition: wanted}, asyncio.Event()):
                pass
        assert gone.value.missing == {position.partition: (wanted, 6, 10)}
    async for batch in tail.read({position.partition: 6}, asyncio.Event()):
        assert batch[0].offset == 6
        break


async def test_partitions_that_are_added_are_read_too_and_nothing_twice(bench: Bench, eventually: Eventually) -> None:
    await bench.publish(*(thing(f"k{n}", n) for n in range(20)))
    reader = Reader(bench, "beginning")
    await eventually(lambda: len(reader.got) == 20)
    admin = AIOKafkaAdminClient(bootstrap_servers=bench.settings.bootstrap)
    await admin.start()
    await admin.create_partitions({bench.settings.prefixed(NAME): NewPartitions(5)})
    await admin.close()
    async with Producer(bench.settings) as producer:
        await producer.publish_raw([Wire(NAME, b"new", b'{"key": "new", "n": 99}', partition=4)])
    await eventually(lambda: any(each.partition == 4 for each in reader.got))
    assert sorted(await reader.end()) == [*range(20), 99]


async def test_a_partition_that_does_not_exist_is_gone_but_only_after_some_attempts(bench: Bench) -> None:
    with capture_logs() as logs, pytest.raises(OffsetsGone, match="partition 9: wanted 4"):
        async for _ in TopicTail(bench.settings, NAME).read({9: 4}, asyncio.Event()):
            pass
    assert [each["event"] for each in logs] == ["tail_waits"] * 4


async def test_retention_that_overtakes_a_slow_reader_is_told_in_the_middle(bench: Bench) -> None:
    await bench.publish(*(thing("a", n, padding="x" * 900_000) for n in range(6)))
    admin = AIOKafkaAdminClient(bootstrap_servers=bench.settings.bootstrap)
    await admin.start()

    async def read_slowly() -> None:
        async for batch in TopicTail(bench.settings, NAME).read("beginning", asyncio.Event(), max_records=1):
            if batch[0].offset == 0:
                partition = TopicPartition(bench.settings.prefixed(NAME), batch[0].partition)
                await admin.delete_records({partition: RecordsToDelete(before_offset=5)})
            assert batch[0].offset != 5, "it stepped over what is gone"

    async with asyncio.timeout(20):
        with pytest.raises(OffsetsGone):
            await read_slowly()
    await admin.close()
