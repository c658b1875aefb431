"""The links of the suite: who connects to what."""

from omnifil_devstack.ports import PortPlan
from omnifil_devstack.topology import ROLES

from chaos_field.disturbance import OUTSIDE
from chaos_field.link_faults import Link

_WORLD = "world"


def links_of(ports: PortPlan) -> list[Link]:
    """All that a fault may strike, each by the name `client->what`. `outside` is a browser, or a writer of the play."""
    topology = ports.topology
    processes = {service: topology.processes_of(service) for service in ROLES}
    brokers, mongods = tuple(topology.broker_names()), tuple(topology.mongod_names())
    found = [
        Link(f"{name}->{what}", name, doors)
        for names in processes.values()
        for name in names
        for what, doors in (("kafka", brokers), ("mongod", mongods))
    ]
    found += _peers(brokers) + _peers(mongods)
    for name, roles in processes["ingest-email"].items():
        found += [Link(f"{name}->imap", name, ("imap",))] if "receive" in roles else []
        found += [Link(f"{name}->smtp", name, ("smtp",))] if "deliver" in roles else []
    for name in processes["agent-gateway"]:
        found += [Link(f"{name}->{service}", name, (service,)) for service in ("case-service", "customer-profile")]
        found.append(Link(f"desktop->{name}", OUTSIDE, tuple({"agent-gateway", name})))
    found += [
        Link(f"{name}->network", name, (_WORLD,))
        for name, roles in processes["ingest-social"].items()
        if {"deliver"} & set(roles)
    ]
    found.append(Link("network->ingest-social", _WORLD, ("ingest-social",)))
    found.append(Link("visitor->ingest-chat", OUTSIDE, ("ingest-chat",)))
    found.append(Link("customers->smtp", _WORLD, ("smtp",)))
    return found


def _peers(names: tuple[str, ...]) -> list[Link]:
    """One broker to another, one mongod to another."""
    return [Link(f"{one}->{other}", one, (other,)) for one in names for other in names if one != other]
