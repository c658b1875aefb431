"""The harness itself: suite and floor carry the same messages through, and nothing is left behind."""

import psutil
import pytest
from omnifil_bench.messages import Mix, Writers
from omnifil_bench.processes import servers
from omnifil_bench.suite import floor, place, suite
from omnifil_bench.throughput import carried

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


async def test_the_suite_and_the_floor_carry_the_same_messages_through() -> None:
    """`carried` proves that every message was linked once, in order; here is seen that both were measured."""
    async with servers() as shared:
        folder = shared.folder
        for launches_of, processes in ((suite, 4), (lambda here: floor(here, ["inbound.email.v1"]), 1)):
            writers = Writers(3)
            async with place(shared, ("email",)) as here:
                run = await carried(here, launches_of(here), writers.batch(Mix(50)), writers.batch(Mix(200)))

            assert run.messages == 200
            assert run.per_s > 0
            assert len(run.cpu_ms_by_process) == processes + 2
            assert all(spent >= 0 for spent in run.cpu_ms_by_process.values())
            assert run.cpu_ms > 0
    assert not folder.exists()
    assert not [each for each in psutil.Process().children(recursive=True) if "omnifil_bench.floor" in each.cmdline()]
