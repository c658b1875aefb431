"""A service in the test's own process: everything that its bootstrap wires, running."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from omnifil_servicekit.process import Parts


@asynccontextmanager
async def replica(parts: Parts) -> AsyncIterator[Parts]:
    """A replica, stopped in good order at the end."""
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        if parts.resources is not None:
            await stack.enter_async_context(parts.resources)
        loops = [asyncio.ensure_future(loop(stop)) for loop in parts.loops.values()]
        try:
            yield parts
        finally:
            stop.set()
            await asyncio.gather(*loops)
