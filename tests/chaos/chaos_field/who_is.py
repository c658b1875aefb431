"""Which process of the suite holds a port of this machine: one address serves all clients, so the proxy must ask."""

import os
from contextlib import suppress
from pathlib import Path

from omnifil_devstack.stack_file import Process
from pydantic import TypeAdapter, ValidationError

from chaos_field.disturbance import OUTSIDE
from chaos_field.socket_lookup import inode_of

_Recorded = TypeAdapter(dict[str, Process])


class Suite:
    """The processes that the supervisor has written down, read again whenever it has written."""

    def __init__(self, record: Path) -> None:
        self._record = record
        self._read_at_ns = 0
        self._pids: dict[str, int] = {}

    def holder_of(self, port: int, door_port: int) -> str:
        """Who has connected from `port` to a door: the socket's inode from the kernel, its process by proc(5)."""
        inode = inode_of(port, door_port)
        if inode is None:
            return OUTSIDE
        wanted = f"socket:[{inode}]"
        return next((name for name, pid in self._present().items() if _holds(pid, wanted)), OUTSIDE)

    def _present(self) -> dict[str, int]:
        with suppress(OSError, ValidationError):
            written_at_ns = self._record.stat().st_mtime_ns
            if written_at_ns != self._read_at_ns:
                recorded = _Recorded.validate_json(self._record.read_bytes())
                self._pids = {name: process.pid for name, process in recorded.items()}
                self._read_at_ns = written_at_ns
        return self._pids


def _holds(pid: int, wanted: str) -> bool:
    folder = f"/proc/{pid}/fd"
    with suppress(OSError):
        for descriptor in os.listdir(folder):
            with suppress(OSError):
                if os.readlink(f"{folder}/{descriptor}") == wanted:
                    return True
    return False
