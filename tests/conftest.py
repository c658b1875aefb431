"""The whole suite for the tests that cross services: one embedded stack per session, on ports and data of its own."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from omnifil_devstack import stack_file
from omnifil_devstack.folders import home
from omnifil_devstack.ports import DEFAULT_BASE, PortPlan, is_free
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.agent import Agent
from omnifil_devstack.story.customer import World

# Test files are imported one by one, without a package to share things in: each folder here has one, of its own name.
for folder in (
    "bench",
    "browser",
    "chaos",
    "contracts",
    "correlation",
    "model",
    "e2e",
    "../services/case-service/tests",
    "watching",
):
    sys.path.insert(0, str((Path(__file__).parent / folder).resolve()))

from e2e_spans.collector import SpanCollector  # noqa: E402  found by the lines above

_BASES = range(DEFAULT_BASE + 20_000, 60_000, 100)


def _omnifil(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the `omnifil` command as a person would."""
    command = [sys.executable, "-m", "omnifil_devstack.cli", *arguments]
    return subprocess.run(  # noqa: S603  # our own command
        command, env={**os.environ, **(environment or {})}, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="session")
def collector() -> Iterator[SpanCollector]:
    """Where the suite of the tests sends its spans: of traces that a test begins, and of no others."""
    with SpanCollector() as started:
        yield started


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, collector: SpanCollector) -> Iterator[Stack]:
    """The running suite. It is stopped and forgotten afterwards, whatever happened.

    With `OMNIFIL_TEST_STACK=1` it is the one that runs already (`omnifil up`), for whoever writes a test.
    """
    if os.environ.get("OMNIFIL_TEST_STACK") and (already := stack_file.read()):
        yield already
        return
    jars, own_home = home() / "jars", tmp_path_factory.mktemp("omnifil")
    (own_home / "jars").symlink_to(jars)
    base = next(base for base in _BASES if all(is_free(port) for port in PortPlan(base).all().values()))
    patched = pytest.MonkeyPatch()
    patched.setenv("OMNIFIL_HOME", str(own_home))
    patched.setenv("OMNIFIL_PORT_BASE", str(base))
    patched.setenv("OMNIFIL_OTLP_ENDPOINT", collector.url)
    patched.setenv("OMNIFIL_TRACE_RATIO", "0")
    patched.setenv("OTEL_BSP_SCHEDULE_DELAY", "500")  # ms
    try:
        started = _omnifil("up", "--detach")
        assert started.returncode == 0, started.stdout + started.stderr + _newest_logs(own_home)
        running = stack_file.read()
        assert running is not None
        yield running
    finally:
        _omnifil("down")
        patched.undo()


@pytest.fixture
def omnifil(stack: Stack) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The `omnifil` command, for the running suite."""
    return _omnifil


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
async def agent(stack: Stack, http: httpx.AsyncClient) -> AsyncIterator[Agent]:
    """An agent who follows the live stream."""
    async with Agent.signed_in(stack, http) as signed_in:
        yield signed_in


@pytest.fixture
def world(stack: Stack, http: httpx.AsyncClient) -> World:
    """The customers' side."""
    return World(stack, http)


def _newest_logs(own_home: Path) -> str:
    return "\n".join(f"== {log.name}\n{log.read_text()[-1500:]}" for log in sorted((own_home / "log").glob("*.log")))
