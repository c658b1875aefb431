"""The death of the mail server. GreenMail has only memory, so what it had taken must be somewhere else first."""

import asyncio
from pathlib import Path

from chaos_field.disturbance import ANYBODY, CALM, Disturbance
from chaos_field.doors import Doors
from chaos_field.process_faults import Kill

_QUIET_S = 3.0
"""The world looks into the mailboxes every second."""
_AT_MOST_S = 20.0


class MailServerDeath(Kill):
    """SIGKILL, at any moment for who reads by IMAP; for who sends by SMTP after a moment without it.

    A real server keeps what it has said 250 to. GreenMail forgets, and the played world puts its copies back, which are
    a second old: so SMTP is closed until nothing new is copied, and only then the server is killed.
    """

    kind = "mail-server"

    def __init__(self, doors: Doors, copies: Path) -> None:
        super().__init__("greenmail", "greenmail")
        self._doors = doors
        self._copies = copies

    async def strike(self) -> None:
        await self._doors.disturb("smtp", ANYBODY, Disturbance(refused=True))
        await self._doors.reset("smtp", ANYBODY)
        await self._all_copied()
        await super().strike()

    async def heal(self) -> None:
        try:
            await super().heal()
        finally:
            await self._doors.disturb("smtp", ANYBODY, CALM)

    async def _all_copied(self) -> None:
        clock = asyncio.get_running_loop().time
        began = changed_at = clock()
        count = self._count()
        while clock() - changed_at < _QUIET_S and clock() - began < _AT_MOST_S:
            await asyncio.sleep(0.2)
            if (now := self._count()) != count:
                count, changed_at = now, clock()

    def _count(self) -> int:
        return sum(1 for _ in self._copies.rglob("*.eml"))
