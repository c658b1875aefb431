"""Waiting for what a service needs before it can begin."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from .errors import Transient

log = structlog.get_logger(__name__)

T = TypeVar("T")


async def patiently(attempt: Callable[[], Awaitable[T]], *, pause_s: float = 1.0) -> T:
    """What `attempt` returns, tried again for as long as a server is away (`Transient`).

    A process that ended instead would be started again after pauses that grow with each attempt (a supervisor's, or
    Kubernetes' CrashLoopBackOff), and come back minutes after the server did.
    """
    while True:
        try:
            return await attempt()
        except Transient as away:
            log.warning("start_waits", error=str(away), again_in_s=pause_s)
        await asyncio.sleep(pause_s)
