"""Whatever customers, agents and redeliveries do in whatever order: the invariants hold."""

from case_scenes.any_corrections import AnyCorrections
from case_scenes.any_history import AnyHistory
from case_scenes.shop import Shop
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test


def any_of(machine: type[AnyHistory], shop: Shop, *, examples: int, steps: int) -> None:
    machine.make_shop = type(shop)
    every = list(HealthCheck)
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=every),
    )


def test_any_history(shop: Shop) -> None:
    any_of(AnyHistory, shop, examples=15, steps=18)


def test_any_corrections(shop: Shop) -> None:
    """An undo restores what was, exactly, and no rule joins what agents parted."""
    any_of(AnyCorrections, shop, examples=20, steps=20)
