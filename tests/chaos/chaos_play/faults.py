"""Kills processes of the running stack, and sees them come back."""

import asyncio

import httpx
from omnifil_devstack import stack_file
from omnifil_devstack.stack_file import Process, Stack
from omnifil_testkit.waiting import eventually_ as eventually


def kill(name: str) -> Process:
    """SIGKILL to the present process of this name; the one that was killed."""
    process = _present(name)
    alive = process.alive()
    assert alive is not None, f"{name} was already gone."
    alive.kill()
    return process


async def back(killed: Process, name: str, http: httpx.AsyncClient, timeout_s: float) -> None:
    """Wait until the supervisor has put another in its place and every service is ready."""
    await eventually(lambda: _present(name) != killed, timeout_s)
    await all_ready(http, timeout_s)


async def all_ready(http: httpx.AsyncClient, timeout_s: float) -> None:
    """Wait until every service says that it is ready, all at the same look."""

    async def ready() -> bool:
        services = _stack().services
        told = await asyncio.gather(*(_is_ready(http, url) for url in services.values()))
        waiting = [name for name, is_ready in zip(services, told, strict=True) if not is_ready]
        assert not waiting, f"Not ready: {waiting}"
        return True

    await eventually(ready, timeout_s)


async def _is_ready(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(f"{url}/health/ready", timeout=5)).status_code == 200
    except httpx.TransportError:
        return False


def _stack() -> Stack:
    stack = stack_file.read()
    assert stack is not None, "The suite does not run any more."
    return stack


def _present(name: str) -> Process:
    return _stack().processes[name]
