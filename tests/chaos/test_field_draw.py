"""What a seed draws: always the same, each kind in its turn, and nothing that may not meet."""

from itertools import islice
from pathlib import Path
from random import Random

from chaos_field.doors import Doors
from chaos_field.draw import Draw
from chaos_field.faults import draw_for
from chaos_field.field import Shape, disks_of, plan_for
from chaos_field.link_faults import Link, blackhole
from chaos_field.process_faults import Freeze, Kill
from omnifil_devstack.service_plan import doors as doors_of


class NoDoors(Doors):
    """Nothing is struck here."""

    def __init__(self, names: list[str]) -> None:
        self.doors = dict.fromkeys(names)  # type: ignore[assignment]


def drawn(folder: Path, shape: Shape, seed: int) -> Draw:
    plan = plan_for(shape, folder, 20_000)
    return draw_for(
        plan, NoDoors([door.name for door in doors_of(plan.ports)]), plan.clocks, disks_of(plan), Random(seed)
    )


def test_the_same_seed_draws_the_same_faults_and_another_seed_others(tmp_path: Path) -> None:
    def first(seed: int) -> list[tuple[str, str]]:
        return [(fault.kind, fault.target) for fault in islice(drawn(tmp_path, Shape.CLUSTER, seed), 150)]

    assert first(1) == first(1)
    assert first(1) != first(2)


def test_in_a_hundred_faults_every_kind_and_every_process_has_its_turn(tmp_path: Path) -> None:
    for shape in Shape:
        draw = drawn(tmp_path, shape, 3)
        faults = list(islice(draw, 100))
        assert {fault.kind for fault in faults} == set(draw.kinds)
        killed = {fault.target for fault in faults if fault.kind == "kill"}
        assert len(killed) == sum(fault.kind == "kill" for fault in faults) or shape is Shape.PLAIN
        if shape is Shape.PLAIN:
            assert {"kafka", "mongod", "case-service", "agent-gateway"} <= killed


def test_every_link_leads_through_doors_that_there_are(tmp_path: Path) -> None:
    for shape in Shape:
        plan = plan_for(shape, tmp_path, 20_000)
        there = {door.name for door in doors_of(plan.ports)}
        faults = islice(drawn(tmp_path, shape, 4), 500)
        struck = {door for fault in faults for door in getattr(getattr(fault, "_link", None), "doors", ())}
        assert struck
        assert struck <= there


def test_two_brokers_never_suffer_at_once(tmp_path: Path) -> None:
    one, other = Kill("kafka-1", "kafka"), Freeze("kafka-2", "kafka", 1)
    service = Kill("case-service-relay-1", "case-service-relay-1")
    link = blackhole(Link("case-service-relay-1->kafka", "case-service-relay-1", ("kafka-1",)), NoDoors([]), Random(1))
    assert not Draw.may_overlap(one, other)
    assert Draw.may_overlap(one, service)
    assert Draw.may_overlap(service, link)
    assert not Draw.may_overlap(link, link)
