"""A wall clock that is set wrong while a process runs; its other clock is not, and nobody else's."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from chaos_field.clock_faults import NO_COMPILER, Clocks, compiler

_TELLS = """
import sys, time
from datetime import UTC, datetime
for _ in sys.stdin:
    before = time.monotonic()
    time.sleep(0.01)
    slept_s = time.monotonic() - before
    print(time.time(), time.time_ns() / 1e9, datetime.now(UTC).timestamp(), slept_s, time.monotonic(), flush=True)
"""


def test_every_way_to_ask_for_the_time_of_day_is_off_and_the_monotonic_clock_is_true(tmp_path: Path) -> None:
    cc = compiler()
    if cc is None:
        pytest.skip(NO_COMPILER)
    clocks = Clocks(tmp_path, cc)
    with subprocess.Popen(  # noqa: S603 # this very Python
        [sys.executable, "-c", _TELLS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | clocks.environment_of("process"),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def told() -> tuple[list[float], float, float]:
            """How far each way is from our time; how long ten milliseconds took; how far its monotonic clock is."""
            print(file=process.stdin, flush=True)
            *days, slept_s, monotonic = map(float, process.stdout.readline().split())  # type: ignore[union-attr]
            return [day - time.time() for day in days], slept_s, monotonic - time.monotonic()

        for ahead_s in (0.0, 3600.0, -86_400.0, 0.0):
            clocks.set("process", ahead_s)
            wall_s, slept_s, monotonic_s = told()
            assert all(abs(off_s - ahead_s) < 60 for off_s in wall_s)
            assert 0.01 <= slept_s < 60
            assert abs(monotonic_s) < 60
        process.stdin.close()
