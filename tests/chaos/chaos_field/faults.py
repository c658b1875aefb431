"""Every fault that a field can suffer, by kind."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random

from omnifil_contracts.topics import IDENTIFIED, INBOUND
from omnifil_devstack.ports import HOST, PortPlan
from omnifil_devstack.stack_plan import StackPlan
from omnifil_devstack.topology import ROLES

from chaos_field.clock_faults import NO_COMPILER, Clocks, ClockSkew
from chaos_field.cluster_faults import BrokerLeader, CutOff, fail_over
from chaos_field.disk_faults import NOT_ROOT, DiskFull
from chaos_field.doors import Doors
from chaos_field.draw import Draw, Make
from chaos_field.fault import Fault
from chaos_field.link_faults import LINK_FAULTS, HalfOpen, Link, LinkFault
from chaos_field.links import links_of
from chaos_field.mail_faults import MailServerDeath
from chaos_field.process_faults import Freeze, Kill, Restart

_WEIGHTS = {
    "kill": 6,
    "freeze": 4,
    "restart": 3,
    "cut": 3,
    "blackhole": 2,
    "half-open": 2,
    "slow": 2,
    "refuse": 1,
    "mail-server": 1,
    "clock-skew": 2,
    "disk-full": 1,
    "broker-leader": 2,
    "fail-over": 3,
    "partition": 1,
}

_WRITTEN = [topic.of("chat") for topic in (INBOUND, IDENTIFIED)]
_PARTITIONS = min(INBOUND.partitions, IDENTIFIED.partitions)


def draw_for(plan: StackPlan, doors: Doors, clocks: Clocks | None, disks: Mapping[str, Path], random: Random) -> Draw:
    """What this machine and this topology allow."""
    makers: dict[str, list[Make]] = {kind: [] for kind in ("kill", "freeze", "restart")}
    skipped: dict[str, str] = {}
    for name, group in _targets(plan).items():
        makers["kill"].append(partial(_kill, name, group))
        makers["restart"].append(partial(_restart, name, group))
        makers["freeze"].append(partial(_freeze, name, group))
    makers["freeze"].append(partial(_freeze, "greenmail", "greenmail"))
    for kind, strike in LINK_FAULTS.items():
        makers[kind] = [partial(_on_link, strike, link, doors) for link in links_of(plan.ports)]
    makers["mail-server"] = [lambda _: MailServerDeath(doors, f"http://{HOST}:{plan.ports['world']}")]
    if clocks is None:
        skipped["clock-skew"] = NO_COMPILER
    else:
        makers["clock-skew"] = [partial(_skew, name, clocks) for name in _targets(plan) if name not in _servers(plan)]
    if disks:
        servers = _servers(plan)
        makers["disk-full"] = [partial(_disk_full, name, servers[name], folder) for name, folder in disks.items()]
    else:
        skipped["disk-full"] = NOT_ROOT
    brokers, mongods = plan.ports.topology.broker_names(), plan.ports.topology.mongod_names()
    if len(brokers) > 1:
        makers["broker-leader"] = [lambda drawn: _leader(plan.ports, drawn)]
        makers["partition"] = [partial(_cut_off, name, "kafka", brokers, doors) for name in brokers]
    else:
        skipped["broker-leader"] = "there is one broker: see the shape cluster"
    if len(mongods) > 1:
        makers["fail-over"] = [lambda drawn: fail_over(plan.ports, doors, drawn)]
        makers["partition"] += [partial(_cut_off, name, "mongod", mongods, doors) for name in mongods]
    else:
        skipped["fail-over"] = skipped["partition"] = "there is one mongod: see the shape cluster"
    return Draw(random, makers, _WEIGHTS, skipped)


def _targets(plan: StackPlan) -> dict[str, str]:
    """The processes that may be struck at any moment, with their group. The world is not part of the suite."""
    processes = [name for service in ROLES for name in plan.ports.topology.processes_of(service)]
    return _servers(plan) | {name: name for name in processes}


def _servers(plan: StackPlan) -> dict[str, str]:
    topology = plan.ports.topology
    return dict.fromkeys(topology.broker_names(), "kafka") | dict.fromkeys(topology.mongod_names(), "mongod")


def _kill(name: str, group: str, _: Random) -> Fault:
    return Kill(name, group)


def _restart(name: str, group: str, _: Random) -> Fault:
    return Restart(name, group)


def _freeze(name: str, group: str, random: Random) -> Fault:
    return Freeze(name, group, random.uniform(1, 15))


def _skew(name: str, clocks: Clocks, random: Random) -> Fault:
    ahead_s = random.choice([-1, 1]) * random.uniform(5, 300)
    return ClockSkew(name, f"clock:{name}", clocks, ahead_s, random.uniform(5, 20))


def _disk_full(name: str, group: str, folder: Path, random: Random) -> Fault:
    return DiskFull(name, group, folder, random.uniform(3, 8))


def _cut_off(name: str, group: str, peers: Sequence[str], doors: Doors, random: Random) -> Fault:
    return CutOff(name, group, peers, doors, random.uniform(5, 15), clients=random.choice([True, False]))


def _leader(ports: PortPlan, random: Random) -> Fault:
    topic, partition = random.choice(_WRITTEN), random.randrange(_PARTITIONS)
    return BrokerLeader(ports, topic, partition)


def _on_link(
    strike: Callable[[Link, Doors, Random], LinkFault | HalfOpen], link: Link, doors: Doors, random: Random
) -> Fault:
    return strike(link, doors, random)
