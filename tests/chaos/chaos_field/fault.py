"""What every fault is, whoever it strikes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol


class Fault(Protocol):
    """One harm to one target. It is struck once, and healed at least once, also when the strike was cut short."""

    @property
    def kind(self) -> str:
        """Such as `kill`, `blackhole`, `fail-over`."""
        ...

    @property
    def target(self) -> str:
        """A process (`case-service-relay-2`), a link (`link:case-service->mongod`), or what is found at the strike."""
        ...

    @property
    def group(self) -> str:
        """Two faults of one group may not overlap: together they would be more than is promised to be survived."""
        ...

    async def strike(self) -> None:
        """Do the harm, and hold it for the time that was drawn."""
        ...

    async def heal(self) -> None:
        """Returns when the harm is over, which is not yet when the suite has caught up. May be called again."""
        ...


@asynccontextmanager
async def striking(fault: Fault) -> AsyncIterator[None]:
    """Struck inside, healed afterwards, and twice, as when a run is cancelled."""
    strike = asyncio.create_task(fault.strike())
    try:
        yield
    finally:
        strike.cancel()
        with suppress(asyncio.CancelledError):
            await strike
        await fault.heal()
        await fault.heal()
