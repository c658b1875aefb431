"""Ports on the loopback interface: the plan of the stack, free ones for tests, and who is there already."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from omnifil_devstack.errors import PortTaken, StackError

HOST = "127.0.0.1"
DEFAULT_BASE = 7100
_OFFSETS: Mapping[str, int] = {
    "kafka": 1,
    "kafka-controller": 2,
    "mongod": 3,
    "smtp": 4,
    "imap": 5,
    "greenmail-api": 6,
    "world": 10,
    "ingest-email": 11,
    "ingest-chat": 12,
    "ingest-social": 13,
    "customer-profile": 14,
    "case-service": 15,
    "agent-gateway": 16,
}


@dataclass(frozen=True)
class PortPlan:
    """Every port of the stack, counted from one base."""

    base: int

    @classmethod
    def from_environment(cls) -> "PortPlan":
        """The base of `OMNIFIL_PORT_BASE`, 7100 when it is not set."""
        text = os.environ.get("OMNIFIL_PORT_BASE", str(DEFAULT_BASE))
        if not text.isdigit() or not 1024 <= int(text) <= 65_535 - max(_OFFSETS.values()):
            raise StackError(f"OMNIFIL_PORT_BASE is {text!r}: set it to a number from 1024 to 65500.")
        return cls(int(text))

    def __getitem__(self, name: str) -> int:
        return self.base + _OFFSETS[name]

    def all(self) -> dict[str, int]:
        """Name of the server or service → port."""
        return {name: self.base + offset for name, offset in _OFFSETS.items()}


def free_ports(count: int) -> list[int]:
    """Ports that nobody holds now. They are all held open until the last is known, so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for held in sockets:
            held.bind((HOST, 0))
        return [int(held.getsockname()[1]) for held in sockets]
    finally:
        for held in sockets:
            held.close()


def is_free(port: int) -> bool:
    """Whether a server could listen there (a connection in TIME_WAIT does not count)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def require_free(port: int, wanted_by: str) -> None:
    """Raise `PortTaken` when somebody listens there."""
    if not is_free(port):
        raise PortTaken(port, wanted_by)
