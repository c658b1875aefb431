"""Which process of the suite holds a port of this machine: one address serves all clients, so the proxy must ask."""

import os
from contextlib import suppress
from pathlib import Path

from omnifil_devstack.stack_file import Process
from pydantic import TypeAdapter, ValidationError

from chaos_field.disturbance import OUTSIDE

_Recorded = TypeAdapter(dict[str, Process])
_ESTABLISHED = "01"
_LOOPBACK = "0100007F"  # 127.0.0.1, as the kernel of a little-endian machine writes it
_TABLES = {
    Path("/proc/net/tcp"): _LOOPBACK,
    Path("/proc/net/tcp6"): f"0000000000000000FFFF0000{_LOOPBACK}",  # Java's sockets are of both families
}


class Suite:
    """The processes that the supervisor has written down, read again whenever it has written."""

    def __init__(self, record: Path) -> None:
        self._record = record
        self._read_at_ns = 0
        self._pids: dict[str, int] = {}

    def holder_of(self, port: int) -> str:
        """By proc(5): the socket's inode by its local port, the process by the links in its `fd`."""
        inode = _inode_of(port)
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


def _inode_of(port: int) -> str | None:
    for table, address in _TABLES.items():
        local = f"{address}:{port:04X}"
        with suppress(OSError):  # a machine without IPv6
            for line in table.read_text().splitlines()[1:]:
                if local in line and (fields := line.split())[1] == local and fields[3] == _ESTABLISHED:
                    return fields[9]
    return None


def _holds(pid: int, wanted: str) -> bool:
    folder = f"/proc/{pid}/fd"
    with suppress(OSError):
        for descriptor in os.listdir(folder):
            with suppress(OSError):
                if os.readlink(f"{folder}/{descriptor}") == wanted:
                    return True
    return False
