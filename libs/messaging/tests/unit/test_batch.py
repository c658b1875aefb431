"""How a batch gets done, without a broker: the handler and everything else is played."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omnifil_messaging.batch import Abandoned, BatchWork
from omnifil_messaging.failures import PoisonRecords
from omnifil_messaging.received import Received
from omnifil_servicekit.errors import Poison, Transient

Batch = Sequence[Received[int]]


def batch_of(*numbers: int) -> list[Received[int]]:
    return [Received(n, str(n), f"e{n}", {}, "things.v1", 0, n) for n in numbers]


@dataclass
class World:
    poison: dict[int, Exception] = field(default_factory=dict)
    away: list[BaseException] = field(default_factory=list)
    letters_away: int = 0
    patience: int = 100
    name_culprits: bool = False
    handled: list[int] = field(default_factory=list)
    aside: list[tuple[int, str]] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    pauses: list[int] = field(default_factory=list)
    calls: list[list[int]] = field(default_factory=list)

    async def handle(self, batch: Batch) -> None:
        self.calls.append([received.record for received in batch])
        if self.away:
            raise self.away.pop(0)
        bad = [(received, self.poison[received.record]) for received in batch if received.record in self.poison]
        if bad:
            raise PoisonRecords(bad) if self.name_culprits else bad[0][1]
        self.handled.extend(received.record for received in batch)

    async def set_aside(self, culprits: Sequence[tuple[Received[Any], BaseException]]) -> None:
        if self.letters_away:
            self.letters_away -= 1
            raise Transient("the broker is away")
        self.aside.extend((received.record, type(error).__name__) for received, error in culprits)

    async def pause(self, attempt: int, error: BaseException) -> None:
        self.pauses.append(attempt)
        if len(self.pauses) >= self.patience:
            raise Abandoned

    def work(self) -> BatchWork[int]:
        return BatchWork(
            handler=self.handle,
            set_aside=self.set_aside,
            done=lambda batch: self.done.extend(received.record for received in batch),
            pause=self.pause,
        )


async def test_a_good_batch_is_handled_in_one_call() -> None:
    world = World()
    await world.work().do(batch_of(1, 2, 3))
    assert (world.calls, world.done) == ([[1, 2, 3]], [1, 2, 3])


async def test_one_culprit_among_many_is_found_by_halving_and_its_neighbours_go_through_in_order() -> None:
    world = World(poison={5: KeyError("subject")})
    await world.work().do(batch_of(*range(16)))
    assert world.aside == [(5, "KeyError")]
    assert world.handled == [n for n in range(16) if n != 5]
    assert sorted(world.done) == list(range(16))
    assert len(world.calls) <= 9  # not sixteen


async def test_named_culprits_are_set_aside_without_searching() -> None:
    world = World(poison={2: Poison("no"), 3: ValueError("never")}, name_culprits=True)
    await world.work().do(batch_of(1, 2, 3, 4))
    assert world.aside == [(2, "Poison"), (3, "ValueError")]
    assert world.calls == [[1, 2, 3, 4], [1, 4]]


async def test_a_batch_of_nothing_but_poison_ends() -> None:
    world = World(poison={n: Poison("no") for n in range(4)}, name_culprits=True)
    await world.work().do(batch_of(*range(4)))
    assert [n for n, _ in world.aside] == [0, 1, 2, 3]
    assert world.calls == [[0, 1, 2, 3]]


async def test_a_handler_that_names_strangers_does_not_go_on_for_ever() -> None:
    world = World()
    strangers = PoisonRecords([(batch_of(99)[0], Poison("no"))])
    world.away = [strangers] * 3
    await world.work().do(batch_of(1, 2))
    assert world.aside == [(1, "PoisonRecords"), (2, "PoisonRecords")]


@pytest.mark.parametrize("error", [Transient("mongod away"), ConnectionResetError(), TimeoutError()])
async def test_what_is_away_is_waited_for_with_the_same_batch(error: BaseException) -> None:
    world = World(away=[error, error, error])
    await world.work().do(batch_of(1, 2))
    assert world.calls == [[1, 2]] * 4
    assert world.pauses == [1, 2, 3]
    assert (world.aside, world.done) == ([], [1, 2])


async def test_pauses_begin_small_again_after_a_success() -> None:
    world = World(poison={0: KeyError()}, away=[Transient("a"), Transient("a")])
    await world.work().do(batch_of(0, 1))
    world.away = [Transient("b")]
    await world.work().do(batch_of(2))
    assert world.pauses == [1, 2, 1]


async def test_a_dead_letter_that_kafka_does_not_take_is_waited_for_and_the_record_is_not_done_before() -> None:
    world = World(poison={1: Poison("no")}, letters_away=2, patience=2)
    with pytest.raises(Abandoned):
        await world.work().do(batch_of(1))
    assert world.done == []
    world = World(poison={1: Poison("no")}, letters_away=2)
    await world.work().do(batch_of(1))
    assert (world.done, world.pauses) == ([1], [1, 2])


async def test_a_batch_that_is_abandoned_is_not_done() -> None:
    world = World(away=[Transient("a")] * 5, patience=3)
    with pytest.raises(Abandoned):
        await world.work().do(batch_of(1, 2))
    assert world.done == []


async def test_what_the_handler_may_not_do_any_more_is_no_poison() -> None:
    """Their partitions went to another member, who does them: as dead letters they would be there twice."""
    world = World(away=[Abandoned()])
    with pytest.raises(Abandoned):
        await world.work().do(batch_of(1, 2, 3))
    assert (world.calls, world.aside, world.done) == ([[1, 2, 3]], [], [])


@given(st.sets(st.integers(0, 63)), st.booleans())
async def test_whichever_records_are_poison_exactly_those_are_set_aside(culprits: set[int], name: bool) -> None:
    world = World(poison={n: ValueError() for n in culprits}, name_culprits=name)
    await world.work().do(batch_of(*range(64)))
    assert [n for n, _ in world.aside] == sorted(culprits)
    assert world.handled == [n for n in range(64) if n not in culprits]
    assert sorted(world.done) == list(range(64))
