"""The whole suite in one of two shapes, with a proxy in every link."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random

from omnifil_devstack.credentials import Credentials
from omnifil_devstack.ports import HOST, PortPlan
from omnifil_devstack.service_plan import Service
from omnifil_devstack.service_plan import doors as doors_of
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.stack_plan import StackPlan
from omnifil_devstack.supervisor import Supervisor
from omnifil_devstack.topology import CLUSTER, Topology

from chaos_field.clock_faults import Clocks, compiler
from chaos_field.disk_faults import limited
from chaos_field.doors import Doors
from chaos_field.draw import Draw
from chaos_field.faults import draw_for
from chaos_field.processes import own_home, present_stack
from chaos_field.settling import settled

MAIL_BYTES = 4 * 1024**2
"""The largest mail that ingest-email takes here: the default's 40 MiB, again and again, are too much for GreenMail."""


class Shape(StrEnum):
    """How much of everything there is."""

    PLAIN = "plain"
    """One broker, one mongod, one process per service with all its roles."""
    CLUSTER = "cluster"
    """Three brokers (every record on three, two must have it), a replica set of three, two processes for every role."""


@dataclass(frozen=True)
class FieldPlan(StackPlan):
    """The stack as it always is, with clocks that can be set wrong and a lower limit for mails."""

    clocks: Clocks | None = None

    def settings_of(self, service: Service) -> Mapping[str, str]:
        own = self.clocks.environment_of(service.name) if self.clocks is not None and service.name != "world" else {}
        return {**super().settings_of(service), "OMNIFIL_EMAIL_MAX_MAIL_BYTES": str(MAIL_BYTES), **own}


_TOPOLOGIES = {Shape.PLAIN: Topology(doors=True), Shape.CLUSTER: CLUSTER}


def plan_for(shape: Shape, home: Path, port_base: int) -> FieldPlan:
    """The stack of this shape, before anything runs."""
    ports = PortPlan(port_base, _TOPOLOGIES[shape])
    cc = compiler()
    clocks = Clocks(home / "clocks", cc) if cc is not None else None
    return FieldPlan(ports, home / "data", home / "log", Credentials.of(home / "data"), clocks)


def disks_of(plan: StackPlan) -> dict[str, Path]:
    """Where the servers keep what they must not lose."""
    topology = plan.ports.topology
    kafka = {name: plan.data / name / "topics" for name in topology.broker_names()}
    return kafka | {name: plan.data / name / "db" for name in topology.mongod_names()}


class Field:
    """The running suite. Every address that `stack` names for customers and agents is that of a proxy."""

    def __init__(self, shape: Shape, plan: FieldPlan, doors: Doors, disks: Mapping[str, Path], stack: Stack) -> None:
        self.shape = shape
        self.plan = plan
        self.doors = doors
        self.disks = disks
        """The folders that can fill, by server; none where nothing may be mounted."""
        self.stack = stack
        gateways = plan.ports.topology.processes_of("agent-gateway")
        self.gateways = [f"http://{HOST}:{plan.ports.door(name)}" for name in gateways]
        """Base addresses of the replicas of agent-gateway, one by one; `stack.agent_gateway` is any of them."""

    @classmethod
    @asynccontextmanager
    async def raised(cls, shape: Shape, home: Path, port_base: int, *, seed: int = 0) -> AsyncIterator["Field"]:
        """It runs inside, with its files in `home` and its ports from `port_base` to `port_base` + 199.

        The supervisor runs in this process; what it says is in `home/log/supervisor.log`. Raises `StackError` when it
        does not come up.
        """
        with own_home(home):
            plan = plan_for(shape, home, port_base)
            plan.logs.mkdir(parents=True, exist_ok=True)
            log = (plan.logs / "supervisor.log").open("a", buffering=1)
            with log as said, limited(disks_of(plan)) as disks:
                supervisor = Supervisor(plan, lambda line: print(line, file=said))
                trouble = plan.logs / "doors.log"
                async with (
                    Doors.opened(doors_of(plan.ports), home / "processes.json", trouble, seed) as doors,
                    supervisor.running() as stack,
                ):
                    yield cls(shape, plan, doors, disks, stack)

    @property
    def processes(self) -> list[str]:
        """The names of all that the supervisor keeps running."""
        return sorted(present_stack().processes)

    def faults(self, random: Random) -> Draw:
        """What can be done to it, drawn."""
        return draw_for(self.plan, self.doors, self.plan.clocks, self.disks, random)

    async def settled(self, timeout_s: float) -> None:
        """Wait until every process is up, awake and ready, and every copy of everything is up to date.

        Raises `AssertionError` with what is not.
        """
        await settled(self.plan, timeout_s)
