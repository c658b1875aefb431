"""Every fault that a field can suffer, by kind."""

from collections.abc import Callable
from functools import partial
from random import Random

from omnifil_devstack.service_plan import world_folder
from omnifil_devstack.stack_plan import StackPlan
from omnifil_devstack.topology import ROLES

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
}


def draw_for(plan: StackPlan, doors: Doors, random: Random) -> Draw:
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
    copies = world_folder(plan.data) / "mail"
    makers["mail-server"] = [lambda _: MailServerDeath(doors, copies)]
    return Draw(random, makers, _WEIGHTS, skipped)


def _targets(plan: StackPlan) -> dict[str, str]:
    """The processes that may be struck at any moment, with their group. The world is not part of the suite."""
    topology = plan.ports.topology
    servers = dict.fromkeys(topology.broker_names(), "kafka") | dict.fromkeys(topology.mongod_names(), "mongod")
    return servers | {name: name for service in ROLES for name in topology.processes_of(service)}


def _kill(name: str, group: str, _: Random) -> Fault:
    return Kill(name, group)


def _restart(name: str, group: str, _: Random) -> Fault:
    return Restart(name, group)


def _freeze(name: str, group: str, random: Random) -> Fault:
    return Freeze(name, group, random.uniform(1, 15))


def _on_link(
    strike: Callable[[Link, Doors, Random], LinkFault | HalfOpen], link: Link, doors: Doors, random: Random
) -> Fault:
    return strike(link, doors, random)
