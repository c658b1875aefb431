"""Who floods waits for a relay that is behind: on the real database, whose clock says how far."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from case_service.adapters.documents import DATABASE, WATERMARK
from case_service.entrypoints.pace import Pace
from omnifil_mongostore import Mongo, Positions, StoredPosition

pytestmark = pytest.mark.integration

_LONGEST_S = 1.0


async def kept_s(pace: Pace, records: int) -> float:
    """How long a batch of so many had to wait."""
    clock = asyncio.get_running_loop().time
    began = clock()
    await pace.keep(records)
    return clock() - began


@pytest.fixture
def positions(mongo: Mongo) -> Positions:
    return Positions(mongo.database(DATABASE))


async def mark(positions: Positions, behind: timedelta) -> None:
    await positions.save(WATERMARK, None, {0: 1}, fence=1, reached_at=datetime.now(UTC) - behind)


async def test_a_large_batch_waits_while_the_relay_works_and_is_behind(
    mongo: Mongo, positions: Positions, monkeypatch: pytest.MonkeyPatch
) -> None:
    pace = Pace(mongo, longest_s=_LONGEST_S)
    load = pace._positions.load

    async def load_what_has_moved(name: str) -> StoredPosition | None:
        """Between any two looks the relay marks, however slow this machine is."""
        await mark(positions, timedelta(seconds=3))
        return await load(name)

    monkeypatch.setattr(pace._positions, "load", load_what_has_moved)
    await pace.keep(500)
    await asyncio.sleep(0.1)  # it looks no more often than that
    assert await kept_s(pace, 500) >= _LONGEST_S * 0.9
    assert await kept_s(pace, 5) < _LONGEST_S * 0.9


async def test_nobody_waits_for_a_relay_that_keeps_up_or_stands_still(mongo: Mongo, positions: Positions) -> None:
    pace = Pace(mongo, longest_s=60)
    assert await kept_s(pace, 500) < 30
    for behind in (timedelta(), timedelta(seconds=3)):
        await mark(positions, behind)
        await pace.keep(500)
        await asyncio.sleep(0.1)  # it looks no more often than that; the second time nothing has moved
        assert await kept_s(pace, 500) < 30
