"""One child process that serves: started with a log file, ended politely or not, never left behind."""

import asyncio
import ctypes
import os
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from omnifil_devstack.errors import StackError

_PR_SET_PDEATHSIG = 1  # prctl(2)
_libc = ctypes.CDLL(None, use_errno=True)
_OF_A_FAILURE = ("ERROR", "Exception", '"level": "error"')


def _die_with(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    def in_child() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return in_child


class ServerProcess:
    """A running child. Make it with `spawn`; its output goes to `log`, appended."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @classmethod
    async def spawn(
        cls,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        on_parent_death: signal.Signals | None = signal.SIGKILL,
        gated: bool = False,
    ) -> Self:
        """Start it in a process group of its own (a terminal's Ctrl-C reaches only us), gone when this process is.

        `gated`: it has a standard input, on which `release` writes a line.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE if gated else asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=None if environment is None else dict(environment),
                cwd=folder,
                start_new_session=True,
                preexec_fn=_die_with(os.getpid(), on_parent_death) if on_parent_death else None,
            )
        return cls(name, process, log)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs, negative when a signal ended it."""
        return self._process.returncode

    def release(self) -> None:
        """Let a gated process go."""
        if self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(b"\n")
            self._process.stdin.close()

    async def wait(self) -> int:
        """Its exit code, once it has ended."""
        return await self._process.wait()

    async def until(self, ready: Callable[[], Awaitable[bool]], *, timeout_s: float, pause_s: float = 0.05) -> None:
        """Wait until `ready` says so; raises `StackError` with the end of the log when it ends or takes too long."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.returncode is None:
                    if await ready():
                        return
                    await asyncio.sleep(pause_s)
        except TimeoutError:
            await self.kill()
            raise StackError(f"{self.name} was not ready after {timeout_s:.0f} s. {self._last_words()}") from None
        raise StackError(f"{self.name} ended with code {self.returncode} while it started. {self._last_words()}")

    async def stop(self, timeout_s: float = 20) -> int:
        """SIGTERM, and SIGKILL after `timeout_s`."""
        self._send(signal.SIGTERM)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._process.wait()
        except TimeoutError:
            return await self.kill()

    async def kill(self) -> int:
        """SIGKILL."""
        self._send(signal.SIGKILL)
        return await self._process.wait()

    def _send(self, what: signal.Signals) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(what)

    def _last_words(self) -> str:
        with self.log.open(errors="replace") as lines:
            tail = [line.strip() for line in deque(lines, maxlen=200) if line.strip()]
        said = next(
            (line for line in reversed(tail) if any(word in line for word in _OF_A_FAILURE)), tail[-1] if tail else ""
        )
        return f"Its log, {self.log}, says: {said[:300]}" if said else f"Its log, {self.log}, is empty."


async def accepts_connections(host: str, port: int) -> bool:
    """Whether somebody listens there."""
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
