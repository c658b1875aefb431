"""The log in memory: every position gets every record behind it, in order, or is told that it fell behind."""

import asyncio

import pytest
from agent_gateway.domain.log import Bell, FellBehind, LogRecord, RecentLog
from hypothesis import given
from hypothesis import strategies as st


def a_log(max_records: int = 100, start: dict[int, int] | None = None) -> RecentLog:
    log = RecentLog(max_records, Bell())
    log.start_at(start or {0: 0, 1: 0})
    return log


def record(partition: int, offset: int) -> LogRecord:
    return LogRecord(partition, offset, b"{}")


def test_what_was_forgotten_is_said_rather_than_skipped() -> None:
    log = a_log(max_records=2)
    log.append([record(0, offset) for offset in range(5)])
    with pytest.raises(FellBehind):
        log.after({0: 2, 1: 0}, 10)
    assert [r.offset for r in log.after({0: 3, 1: 0}, 10).records] == [3, 4]
    assert not log.holds({0: 2})
    assert log.holds({0: 3})


def test_a_record_that_comes_again_is_not_taken_twice() -> None:
    log = a_log()
    log.append([record(0, 0), record(0, 1), record(0, 1), record(0, 0)])
    assert [r.offset for r in log.after({}, 10).records] == [0, 1]


def test_a_position_ahead_of_the_log_waits_for_it() -> None:
    log = a_log()
    log.append([record(0, 0)])
    ahead = log.after({0: 2}, 10)
    assert (ahead.records, ahead.position[0]) == ([], 2)
    log.append([record(0, 1), record(0, 2)])
    assert [r.offset for r in log.after(ahead.position, 10).records] == [2]


def test_beginning_anew_forgets_what_was_held() -> None:
    log = a_log(max_records=3)
    log.append([record(0, offset) for offset in range(3)])
    log.start_at({0: 10})
    log.append([record(0, offset) for offset in range(10, 15)])
    assert [r.offset for r in log.after({0: 12}, 10).records] == [12, 13, 14]


@given(st.lists(st.integers(0, 2), max_size=60), st.integers(1, 7))
def test_reading_in_slices_gives_every_record_once_in_order(partitions: list[int], limit: int) -> None:
    log = a_log(start={0: 0, 1: 0, 2: 0})
    offsets = {0: 0, 1: 0, 2: 0}
    for partition in partitions:
        log.append([record(partition, offsets[partition])])
        offsets[partition] += 1
    position: dict[int, int] = {}
    read: dict[int, list[int]] = {0: [], 1: [], 2: []}
    while (part := log.after(position, limit)).records:
        position = part.position
        for found in part.records:
            read[found.partition].append(found.offset)
    assert read == {partition: list(range(count)) for partition, count in offsets.items()}


async def test_after_waking_many_the_bell_is_quiet_and_then_tells_of_everything_at_once() -> None:
    bell = Bell(pause_s_per_listener=0.02)
    heard: list[float] = []
    clock = asyncio.get_running_loop().time

    async def listen() -> None:
        for _ in range(2):
            await bell.wait()
            heard.append(clock())

    listeners = [asyncio.create_task(listen()) for _ in range(5)]
    await asyncio.sleep(0)
    bell.ring()
    await asyncio.sleep(0)
    for _ in range(3):
        bell.ring()
    await asyncio.gather(*listeners)
    assert min(heard[5:]) - max(heard[:5]) > 0.09


def test_what_is_older_than_an_erasure_is_forgotten_and_who_was_behind_it_reads_the_topic() -> None:
    log = a_log(max_records=100)
    log.append([record(0, 0), record(1, 0), record(0, 1)])
    before = log.end
    log.append([record(0, 2), record(1, 1)])
    log.forget_before(before)
    with pytest.raises(FellBehind):
        log.after({0: 0, 1: 0}, 10)
    assert [(each.partition, each.offset) for each in log.after(before, 10).records] == [(0, 2), (1, 1)]
    assert log.holds(before)
    log.append([record(0, 3)])
    assert log.end == {0: 4, 1: 2}
