"""Death, sleep and restart of a process."""

import asyncio
import os
import signal
from contextlib import suppress

from omnifil_devstack.stack_file import Process

from chaos_field.processes import replaced, send


class Kill:
    """SIGKILL. It is over when the supervisor has put another process in its place."""

    kind = "kill"
    _signal = signal.SIGKILL

    def __init__(self, target: str, group: str) -> None:
        self.target = target
        self.group = group
        self._struck: Process | None = None

    async def strike(self) -> None:
        self._struck = await send(self.target, self._signal)

    async def heal(self) -> None:
        if self._struck is not None:
            await replaced(self._struck, self.target)


class Restart(Kill):
    """SIGTERM, as a rollout does it: it may finish what it has in hand."""

    kind = "restart"
    _signal = signal.SIGTERM


class Freeze:
    """SIGSTOP, and SIGCONT after a while: it knows nothing of the time between, and its locks have lapsed."""

    kind = "freeze"

    def __init__(self, target: str, group: str, hold_s: float) -> None:
        self.target = target
        self.group = group
        self.hold_s = hold_s
        self._struck: Process | None = None

    async def strike(self) -> None:
        self._struck = await send(self.target, signal.SIGSTOP)
        await asyncio.sleep(self.hold_s)

    async def heal(self) -> None:
        if self._struck is not None and self._struck.alive() is not None:
            with suppress(ProcessLookupError):
                os.kill(self._struck.pid, signal.SIGCONT)
