"""What every server of the stack can do once it has been started."""

from collections.abc import Awaitable, Callable

from omnifil_devstack.server_process import ServerProcess


class Server:
    """A server that runs, and comes back on the same data and ports."""

    def __init__(self, process: ServerProcess, start_again: Callable[[], Awaitable[ServerProcess]]) -> None:
        self.process = process
        self._start_again = start_again

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    async def stop(self) -> None:
        """End it cleanly."""
        await self.process.stop()

    async def kill(self) -> None:
        """SIGKILL, as a power failure of the process would be."""
        await self.process.kill()

    async def restart(self) -> None:
        """Start again, also after `stop` or `kill`."""
        if self.process.returncode is None:
            await self.stop()
        self.process = await self._start_again()
