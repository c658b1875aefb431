"""A flood does not outrun the relay: there is one for all channels, and what floods it would hold up the others."""

import asyncio
import time
from datetime import timedelta

from omnifil_mongostore import Mongo, Positions, StoredPosition

from case_service.adapters.documents import DATABASE, WATERMARK

_LOOK_EVERY_S = 0.1
_BEHIND = timedelta(seconds=0.25)
"""How far the relay may be behind before who has much to add waits."""


class Pace:
    """Waits, before a large batch is worked, while the relay is behind; small batches never wait.

    How far it was behind stands in its watermark, by the database's clock alone. A relay that marks nothing (it stands
    still, or is away) is not waited for: storing goes on.
    """

    def __init__(self, mongo: Mongo, *, light_records: int = 40, longest_s: float = 1.0) -> None:
        self._positions = Positions(mongo.database(DATABASE))
        self._light_records = light_records
        self._looks = max(1, round(longest_s / _LOOK_EVERY_S))
        self._looked_at = -_LOOK_EVERY_S
        self._seen: StoredPosition | None = None
        self._moves = False
        self._looking = asyncio.Lock()

    async def keep(self, records: int) -> None:
        """Returns when a batch of so many may be worked: at once, or after `longest_s` at most. Raises `Transient`."""
        if records <= self._light_records:
            return
        for _ in range(self._looks):
            if not await self._relay_is_behind():
                return
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _relay_is_behind(self) -> bool:
        async with self._looking:
            if time.monotonic() - self._looked_at >= _LOOK_EVERY_S:
                before, self._seen = self._seen, await self._positions.load(WATERMARK)
                self._looked_at = time.monotonic()
                self._moves = before is not None and self._seen is not None and before.saved_at != self._seen.saved_at
        seen = self._seen
        if not self._moves or seen is None or seen.reached_at is None:
            return False
        return seen.saved_at - seen.reached_at > _BEHIND
