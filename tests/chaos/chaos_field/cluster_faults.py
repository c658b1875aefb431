"""What a cluster is there for: the death of a leader, a change of the primary, a member cut off from the others."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Any, Literal

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from omnifil_devstack.ports import HOST, PortPlan
from omnifil_testkit.waiting import eventually_ as eventually
from pymongo import AsyncMongoClient
from pymongo.errors import AutoReconnect, PyMongoError

from chaos_field.disturbance import ANYBODY, CALM, Disturbance
from chaos_field.doors import Doors
from chaos_field.process_faults import Freeze, Kill

How = Literal["kill", "freeze", "step-down", "cut-off"]

_FOUND_WITHIN_S = 60
_MAY_NOT_LEAD_S = 30


class CutOff:
    """A member of a cluster and the others do not hear each other; clients may reach it or not.

    Kafka's controllers keep hearing each other: a broker that is cut off loses its followers and its clients.
    """

    kind = "partition"

    def __init__(
        self, target: str, group: str, peers: Sequence[str], doors: Doors, hold_s: float, *, clients: bool
    ) -> None:
        self.target = target
        self.group = group
        self.hold_s = hold_s
        self._doors = doors
        others = [peer for peer in peers if peer != target]
        self._links = [(other, target) for other in others]  # door, client
        self._links += [(target, ANYBODY)] if clients else [(target, other) for other in others]

    async def strike(self) -> None:
        for door, client in self._links:
            await self._doors.disturb(door, client, Disturbance(held=True))
        await asyncio.sleep(self.hold_s)

    async def heal(self) -> None:
        for door, client in self._links:
            await self._doors.disturb(door, client, CALM)


class BrokerLeader:
    """SIGKILL to the broker that leads a partition, drawn from those that hold what customers wrote."""

    kind = "broker-leader"
    target = "kafka:leader"
    group = "kafka"

    def __init__(self, ports: PortPlan, topic: str, partition: int) -> None:
        self._ports = ports
        self._topic = topic
        self._partition = partition
        self._kill: Kill | None = None

    async def strike(self) -> None:
        self._kill = Kill(await leader_of(self._ports, self._topic, self._partition), self.group)
        self.target = f"{self._kill.target}, leader of {self._topic}"
        await self._kill.strike()

    async def heal(self) -> None:
        if self._kill is not None:
            await self._kill.heal()


class FailOver:
    """The primary of the replica set is killed, frozen, cut off, or told to step down."""

    kind = "fail-over"
    target = "mongod:primary"
    group = "mongod"

    def __init__(self, ports: PortPlan, doors: Doors, how: How, hold_s: float) -> None:
        self._ports = ports
        self._doors = doors
        self._how = how
        self._hold_s = hold_s
        self._fault: Kill | Freeze | CutOff | None = None

    async def strike(self) -> None:
        primary = await primary_of(self._ports)
        self.target = f"{primary}, primary, {self._how}"
        names = self._ports.topology.mongod_names()
        match self._how:
            case "step-down":
                await _step_down(self._ports[primary])
                return
            case "kill":
                self._fault = Kill(primary, self.group)
            case "freeze":
                self._fault = Freeze(primary, self.group, self._hold_s)
            case "cut-off":
                self._fault = CutOff(primary, self.group, names, self._doors, self._hold_s, clients=False)
        await self._fault.strike()

    async def heal(self) -> None:
        if self._fault is not None:
            await self._fault.heal()


def fail_over(ports: PortPlan, doors: Doors, random: Random) -> FailOver:
    """Any of the four ways, long enough that another member is elected."""
    return FailOver(ports, doors, random.choice(["kill", "freeze", "step-down", "cut-off"]), random.uniform(6, 15))


async def leader_of(ports: PortPlan, topic: str, partition: int) -> str:
    """The name of the broker that leads it now."""
    names = ports.topology.broker_names()

    async def asked() -> str:
        admin = AIOKafkaAdminClient(bootstrap_servers=[f"{HOST}:{ports[name]}" for name in names])
        try:
            await admin.start()
            [described] = await admin.describe_topics([topic])
        except (KafkaError, OSError) as error:
            raise AssertionError(f"Kafka does not answer: {error!r}") from error
        finally:
            await admin.close()
        leader = next(int(each["leader"]) for each in described["partitions"] if each["partition"] == partition)
        assert leader > 0, f"{topic}/{partition} has no leader."
        return names[leader - 1]

    return await _until_found(asked)


async def primary_of(ports: PortPlan) -> str:
    """The name of the mongod that accepts writes now; asked past the proxies."""

    async def asked() -> str:
        for name in ports.topology.mongod_names():
            client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
                HOST, ports[name], directConnection=True, serverSelectionTimeoutMS=500, socketTimeoutMS=1_000
            )
            async with client:
                try:
                    if (await client.admin.command("hello"))["isWritablePrimary"]:
                        return name
                except PyMongoError:
                    continue
        raise AssertionError("The replica set has no primary.")

    return await _until_found(asked)


async def _step_down(port: int) -> None:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(HOST, port, directConnection=True)
    async with client:
        try:
            await client.admin.command("replSetStepDown", _MAY_NOT_LEAD_S, secondaryCatchUpPeriodSecs=5, force=True)
        except AutoReconnect:
            return  # as it should be: it closes connections as it steps down


async def _until_found(ask: Callable[[], Awaitable[str]]) -> str:
    found: str = await eventually(ask, _FOUND_WITHIN_S)
    return found
