"""A client that applied the events has what one that asks again gets: the desktop's fold against the projection."""

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import pytest
from case_service.domain.view import project
from fold_scenes.any_events import EVENT_TYPES, AnyEvents
from fold_scenes.busy_shop import BusyShop
from fold_scenes.desktop import DesktopFold, running
from omnifil_contracts.dossier import DossierView, TimelineEntry

HISTORIES_PER_TYPE = 15


@pytest.fixture(scope="module")
def desktop() -> Iterator[DesktopFold]:
    with running() as fold:
        yield fold


def projected(entries: Sequence[TimelineEntry], view: DossierView | None = None) -> DossierView:
    """What case-service stores and a fresh look gets."""
    for entry in entries:
        view = project("d-1", view, entry)
    assert view is not None
    return view


def shown(view: DossierView) -> Any:
    return view.model_dump(mode="json")


@pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
@pytest.mark.parametrize("sparse", [False, True], ids=["whole", "without-defaults"])
def test_a_snapshot_and_then_the_event_is_what_a_fresh_snapshot_shows(
    desktop: DesktopFold, event_type: str, sparse: bool
) -> None:
    changed = 0
    for seed in range(HISTORIES_PER_TYPE):
        random = Random(f"{event_type} {seed}")
        *before, last = AnyEvents(random).history(random.randint(0, 12) + 1, [event_type])
        if event_type == "dossier_opened":
            before, last = [], before[0]
        snapshot = projected(before) if before else None
        fresh = projected([last], snapshot)
        assert desktop.after("d-1", snapshot, [last], sparse=sparse) == shown(fresh), f"seed {seed}"
        quiet = {"seq": fresh.seq, "last_entry_at": fresh.last_entry_at}
        changed += snapshot is None or snapshot.model_copy(update=quiet) != fresh
    only_in_the_timeline = event_type in ("delivery_updated", "note_added", "dossier_merged", "dossier_unmerged")
    assert (changed == 0) == only_in_the_timeline, "these events do not show what the type is about"


@pytest.mark.parametrize("seed", range(10))
def test_any_history_folds_to_the_same_view_from_any_snapshot(desktop: DesktopFold, seed: int) -> None:
    random = Random(seed)
    entries = AnyEvents(random).history(120)
    cut = random.randint(1, len(entries) - 1)
    fresh = shown(projected(entries))
    assert desktop.after("d-1", None, entries, sparse=bool(seed % 2)) == fresh
    assert desktop.after("d-1", projected(entries[:cut]), entries[cut:]) == fresh


def test_entries_that_come_again_change_nothing(desktop: DesktopFold) -> None:
    entries = AnyEvents(Random(4711)).history(60)
    view = projected(entries)
    assert desktop.after("d-1", view, entries[20:]) == shown(view)
    assert desktop.after("d-1", projected(entries[:40]), entries[10:]) == shown(view)


def test_a_missing_entry_is_noticed_and_never_skipped(desktop: DesktopFold) -> None:
    entries = AnyEvents(Random(4712)).history(10)
    assert "error" in desktop.after("d-1", projected(entries[:4]), entries[5:])
    assert "error" in desktop.after("d-1", None, entries[1:])


async def test_long_histories_of_a_busy_shop_fold_to_what_case_service_has(desktop: DesktopFold) -> None:
    met = Counter[str]()
    for seed in range(6):
        busy = BusyShop(Random(seed))
        await busy.goes_on_for(100)
        for dossier_id, dossier in (await busy.shop.dossiers()).items():
            entries = await busy.shop.events(dossier_id)
            met.update(entry.event.type for entry in entries)
            told = desktop.after(dossier_id, None, entries)
            assert told == shown(dossier.view), f"seed {seed}, {dossier_id}"
            middle = len(entries) // 2
            half = None
            for entry in entries[:middle]:
                half = project(dossier_id, half, entry)
            assert desktop.after(dossier_id, half, entries[middle:]) == told
    # An erasure is not a thing of one dossier: services/case-service/tests/unit/test_erasing.py has its histories.
    assert set(met) | {"customer_erased"} == set(EVENT_TYPES), "the shop was not busy enough"
