"""Ports on the loopback interface: the plan of the stack, free ones for tests, and who is there already."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from random import SystemRandom

from omnifil_devstack.errors import PortTaken, StackError
from omnifil_devstack.topology import ALONE, ROLES, Topology

HOST = "127.0.0.1"
DEFAULT_BASE = 7100
_DRAWN_FROM = range(20_000, 27_000)
"""For `free_ports`. Linux gives clients 32768 and more."""
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
_REPLICATED = 20
"""Where the ports of what runs several times begin."""
_DOORS = 100
"""How far a door is from what it leads to."""


@dataclass(frozen=True)
class PortPlan:
    """Every port of the stack, counted from one base."""

    base: int
    topology: Topology = ALONE

    @classmethod
    def from_environment(cls) -> "PortPlan":
        """The base of `OMNIFIL_PORT_BASE`, 7100 when it is not set."""
        text = os.environ.get("OMNIFIL_PORT_BASE", str(DEFAULT_BASE))
        if not text.isdigit() or not 1024 <= int(text) <= 65_535 - max(_OFFSETS.values()):
            raise StackError(f"OMNIFIL_PORT_BASE is {text!r}: set it to a number from 1024 to 65500.")
        return cls(int(text))

    def __getitem__(self, name: str) -> int:
        return self.all()[name]

    def door(self, name: str) -> int:
        """Where others reach it: the same port, unless the topology has doors. Replicas share that of their service."""
        if not self.topology.doors:
            return self[name]
        return self.base + _DOORS + (_OFFSETS[name] if name in _OFFSETS else self[name] - self.base)

    def all(self) -> dict[str, int]:
        """Name of each process that listens → port."""
        names = self._replicated()
        offsets = {name: offset for name, offset in _OFFSETS.items() if name not in names}
        replicas = [replica for replicas in names.values() for replica in replicas]
        offsets |= {name: number for number, name in enumerate(replicas, start=_REPLICATED)}
        return {name: self.base + offset for name, offset in offsets.items()}

    def _replicated(self) -> dict[str, list[str]]:
        """What runs several times: the names of all."""
        names: dict[str, list[str]] = {}
        if (topology := self.topology).brokers > 1:
            names["kafka"] = topology.broker_names()
            names["kafka-controller"] = [f"{name}-controller" for name in names["kafka"]]
        if topology.mongods > 1:
            names["mongod"] = topology.mongod_names()
        if topology.replicas > 1:
            names |= {service: list(topology.processes_of(service)) for service in ROLES}
        return names


def free_ports(count: int) -> list[int]:
    """Ports that nobody holds now, drawn from below those that clients are given: a server finds its port free again.

    They are all held open until the last is known, so that they differ.
    """
    found: list[socket.socket] = []
    try:
        for port in SystemRandom().sample(_DRAWN_FROM, len(_DRAWN_FROM)):
            held = socket.socket()
            found.append(held)
            try:
                held.bind((HOST, port))
            except OSError:
                found.pop().close()
            if len(found) == count:
                return [int(each.getsockname()[1]) for each in found]
    finally:
        for each in found:
            each.close()
    raise StackError(f"There are no {count} free ports from {_DRAWN_FROM[0]} to {_DRAWN_FROM[-1]}.")


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
