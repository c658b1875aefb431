"""Who waits longest, looked up now and then by the relay that is at work: one process in the whole installation."""

import asyncio
from contextlib import suppress

import structlog
from omnifil_servicekit.errors import Transient

from case_service.metrics import LongestWaits
from case_service.ports import Dossiers

log = structlog.get_logger(__name__)

EVERY_S = 15.0


class WaitsWatch:
    """Keeps `omnifil_oldest_unanswered_seconds`."""

    def __init__(self, dossiers: Dossiers, *, every_s: float = EVERY_S) -> None:
        self._dossiers = dossiers
        self._every_s = every_s
        self._waits = LongestWaits()

    async def run(self, halt: asyncio.Event) -> None:
        """Until `halt`. What the database does not answer is asked again the next time."""
        try:
            while not halt.is_set():
                try:
                    self._waits.are(await self._dossiers.longest_waits())
                except Transient as error:
                    log.warning("waits_unknown", error=str(error))
                with suppress(TimeoutError):
                    await asyncio.wait_for(halt.wait(), self._every_s)
        finally:
            self._waits.unknown()
