"""The whole suite in one of two shapes, with a proxy in every link."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from random import Random

from omnifil_devstack.credentials import Credentials
from omnifil_devstack.ports import HOST, PortPlan
from omnifil_devstack.service_plan import doors as doors_of
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.stack_plan import StackPlan
from omnifil_devstack.supervisor import Supervisor
from omnifil_devstack.topology import CLUSTER, Topology

from chaos_field.doors import Doors
from chaos_field.draw import Draw
from chaos_field.faults import draw_for
from chaos_field.processes import own_home, present_stack
from chaos_field.settling import settled


class Shape(StrEnum):
    """How much of everything there is."""

    PLAIN = "plain"
    """One broker, one mongod, one process per service with all its roles."""
    CLUSTER = "cluster"
    """Three brokers (every record on three, two must have it), a replica set of three, two processes of every role."""


_TOPOLOGIES = {Shape.PLAIN: Topology(doors=True), Shape.CLUSTER: CLUSTER}


def plan_for(shape: Shape, home: Path, port_base: int) -> StackPlan:
    """The stack of this shape, before anything runs."""
    ports = PortPlan(port_base, _TOPOLOGIES[shape])
    return StackPlan(ports, home / "data", home / "log", Credentials.of(home / "data"))


class Field:
    """The running suite. Every address that `stack` names for customers and agents is that of a proxy."""

    def __init__(self, shape: Shape, plan: StackPlan, doors: Doors, stack: Stack) -> None:
        self.shape = shape
        self.plan = plan
        self.doors = doors
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
            with (plan.logs / "supervisor.log").open("a", buffering=1) as said:
                supervisor = Supervisor(plan, lambda line: print(line, file=said))
                log = plan.logs / "doors.log"
                async with (
                    Doors.opened(doors_of(plan.ports), home / "processes.json", log, seed) as doors,
                    supervisor.running() as stack,
                ):
                    yield cls(shape, plan, doors, stack)

    @property
    def processes(self) -> list[str]:
        """The names of all that the supervisor keeps running."""
        return sorted(present_stack().processes)

    def faults(self, random: Random) -> Draw:
        """What can be done to it, drawn."""
        return draw_for(self.plan, self.doors, random)

    async def settled(self, timeout_s: float) -> None:
        """Wait until every process is up, awake and ready, and every copy of everything is up to date.

        Raises `AssertionError` with what is not.
        """
        await settled(self.plan, timeout_s)
