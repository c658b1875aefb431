"""When the suite has recovered, between two barrages of faults."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from chaos_play.ledger import Ledger, Mark
from chaos_play.network_door import PLAYER
from chaos_play.screen import Screen
from chaos_play.topic_door import NEWCOMER

_LOOK_EVERY_S = 0.25
_LONGER_S = 10
_LEFT_OUT = {PLAYER, NEWCOMER}
"""Who waits by a timetable of its own, and who comes too seldom."""


@dataclass
class Recovery:
    """Watches the screens."""

    ledger: Ledger
    screens: list[Screen]
    stall_s: float
    """How long a stall may last."""

    async def recovered(self, healed_at: float) -> None:
        """Returns when what was acknowledged up to this instant is on every screen, and of every channel something
        that was acknowledged later. What takes much longer than it may is given up: the reckoning says so."""
        acknowledged = self.ledger.acknowledged
        missing = {mark for mark, at in acknowledged.items() if at <= healed_at and mark.channel != PLAYER}
        silent = {(screen.name, mark.channel) for screen in self.screens for mark in acknowledged}
        silent = {each for each in silent if each[1] not in _LEFT_OUT}
        looked_at = len(acknowledged) - sum(at > healed_at for at in acknowledged.values())
        with suppress(TimeoutError):
            async with asyncio.timeout(self.stall_s + _LONGER_S):
                while missing or silent:
                    await asyncio.sleep(_LOOK_EVERY_S)
                    missing = {mark for mark in missing if not self._is_everywhere(mark)}
                    after = list(acknowledged)[looked_at:]  # in the order in which they were acknowledged
                    for screen in self.screens:
                        silent -= {(screen.name, mark.channel) for mark in after if mark in screen.first_seen}

    def _is_everywhere(self, mark: Mark) -> bool:
        return all(mark in screen.first_seen for screen in self.screens)
