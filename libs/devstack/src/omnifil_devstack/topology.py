"""How many of each run side by side, and whether they are reached through doors."""

from collections.abc import Mapping
from dataclasses import dataclass

ROLES: Mapping[str, tuple[str, ...]] = {
    "ingest-email": ("receive", "deliver"),
    "ingest-chat": ("serve", "deliver"),
    "ingest-social": ("receive", "deliver"),
    "customer-profile": ("consume", "relay", "updates", "api"),
    "case-service": ("consume", "relay", "api"),
    "agent-gateway": ("serve",),
}
"""The roles of each service."""
ANSWERING = frozenset({"serve", "receive", "api"})
"""The roles that others connect to; ingest-email's alone answers nobody."""


@dataclass(frozen=True)
class Topology:
    """One of each by default; `CLUSTER` is as an installation in production would be.

    With `doors`, each server and service is known to the others by another port than the one it listens on. Somebody
    who forwards must hold those ports (`Door`); that is how connections are disturbed.
    """

    brokers: int = 1
    """Of several, each is a controller too."""
    mongods: int = 1
    replicas: int = 1
    """Of each role of each service; 1: one process with all roles. Of several, the first is divided by roles, so that
    each role can suffer alone; the others are not, which spares a small machine a third of the processes."""
    doors: bool = False

    def __post_init__(self) -> None:
        if self.replicas > 1 and not self.doors:
            raise ValueError("Replicas share one address only behind a door.")

    def broker_names(self) -> list[str]:
        """The processes of Kafka."""
        return _numbered("kafka", self.brokers)

    def mongod_names(self) -> list[str]:
        """The processes of MongoDB."""
        return _numbered("mongod", self.mongods)

    def processes_of(self, service: str) -> dict[str, tuple[str, ...]]:
        """The processes of a service by name, each with its roles."""
        roles = ROLES[service]
        if self.replicas == 1:
            return {service: roles}
        first = {f"{service}-{role}-1": (role,) for role in roles} if len(roles) > 1 else {f"{service}-1": roles}
        return first | {f"{service}-{n}": roles for n in range(2, self.replicas + 1)}


@dataclass(frozen=True)
class Door:
    """Whoever connects to `port` reaches one of the processes `leads_to`, which listen on the ports given here."""

    name: str
    port: int
    leads_to: dict[str, int]


ALONE = Topology()
CLUSTER = Topology(brokers=3, mongods=3, replicas=2, doors=True)


def _numbered(name: str, count: int) -> list[str]:
    return [name] if count == 1 else [f"{name}-{n}" for n in range(1, count + 1)]
