"""The death of the mail server. GreenMail has only memory, so what it had taken must be somewhere else first."""

import httpx

from chaos_field.disturbance import ANYBODY, CALM, Disturbance
from chaos_field.doors import Doors
from chaos_field.process_faults import Kill

_COPIED_WITHIN_S = 120.0
"""After a restart all mails are put back first, which takes a while when they are many."""


class MailServerDeath(Kill):
    """SIGKILL, at any moment for who reads by IMAP; for who sends by SMTP after a moment without it.

    A real server keeps what it has said 250 to. GreenMail forgets, and the played world puts its copies back, which are
    a second old: so SMTP is closed until the world says that it has copied everything, and only then the server is
    killed. `world`: the played world's address.
    """

    kind = "mail-server"

    def __init__(self, doors: Doors, world: str) -> None:
        super().__init__("greenmail", "greenmail")
        self._doors = doors
        self._world = world

    async def strike(self) -> None:
        await self._doors.disturb("smtp", ANYBODY, Disturbance(refused=True))
        await self._doors.reset("smtp", ANYBODY)
        await self._copied()
        await super().strike()

    async def heal(self) -> None:
        try:
            await super().heal()
            # A mail that came before its mailbox is there again would make one with another password.
            await self._copied()
        finally:
            await self._doors.disturb("smtp", ANYBODY, CALM)

    async def _copied(self) -> None:
        """When the world has all mailboxes, and all that is in them."""
        async with httpx.AsyncClient(timeout=_COPIED_WITHIN_S, trust_env=False) as http:
            (await http.post(f"{self._world}/mailbox/copies")).raise_for_status()
