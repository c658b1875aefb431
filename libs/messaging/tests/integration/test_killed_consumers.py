"""Consumers as processes of their own, ended with SIGKILL."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from omnifil_testkit.waiting import Eventually

from .conftest import GROUP, Bench, Handled, thing

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

_SCRIPT = Path(__file__).parent / "consumer_process.py"


@asynccontextmanager
async def consumer_process(bench: Bench, file: Path, manner: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Killed at the end of the block at the latest."""
    arguments = [bench.settings.bootstrap, bench.settings.topic_prefix, GROUP, str(file), manner]
    process = await asyncio.create_subprocess_exec(sys.executable, str(_SCRIPT), *arguments)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_records_written_but_not_committed_come_again_after_a_crash(
    bench: Bench, eventually: Eventually, tmp_path: Path
) -> None:
    """Killed between its write and the commit."""
    await bench.publish(*(thing("a", n) for n in range(30)))
    written, rounds = tmp_path / "written", tmp_path / "written.rounds"
    async with consumer_process(bench, written, "hang"):
        await eventually(lambda: rounds.exists() and len(rounds.read_text()) > 5)
    assert written.read_text()
    assert await bench.committed() == {}
    again = Handled()
    async with bench.consuming(again):
        # The dead member's session has to end first.
        await eventually(lambda: again.of("a") == list(range(30)))


async def test_processes_that_are_killed_at_random_lose_nothing_and_keep_the_order(
    bench: Bench, eventually: Eventually, tmp_path: Path
) -> None:
    """Two at a time share the partitions; one after the other is killed and replaced while records flow."""
    written = tmp_path / "written"
    keys = [f"k{n}" for n in range(7)]

    def lines() -> list[str]:
        return written.read_text().splitlines() if written.exists() else []

    async def feed() -> None:
        for n in range(400):
            await bench.publish(*(thing(key, n) for key in keys))
            await asyncio.sleep(0.04)

    feeding = asyncio.create_task(feed())
    async with consumer_process(bench, written, "work") as steady:
        for _ in range(3):
            seen = len(lines())
            async with consumer_process(bench, written, "work"):
                enough = seen + random.randint(100, 500)  # noqa: S311 nothing secret
                await eventually(lambda enough=enough: len(lines()) > enough)  # type: ignore[misc]
        await feeding
        await eventually(lambda: len(set(lines())) == 400 * len(keys))
        assert steady.returncode is None
    for key in keys:
        numbers = [int(line.split()[1]) for line in lines() if line.split()[0] == key]
        assert list(dict.fromkeys(numbers)) == list(range(400))
