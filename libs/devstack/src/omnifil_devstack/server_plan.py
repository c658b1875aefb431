"""The servers of the stack: how each is started, on which data and ports."""

import base64
import hashlib
import signal
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from omnifil_devstack.kafka_server import KafkaNode, KafkaServer
from omnifil_devstack.mail_server import Mailbox, MailServer
from omnifil_devstack.mongo_server import MongoServer
from omnifil_devstack.ports import PortPlan
from omnifil_devstack.server import Server

Start = Callable[[], Awaitable[Server]]


def servers(ports: PortPlan, data: Path, logs: Path, mailboxes: Sequence[Mailbox]) -> dict[str, Start]:
    """By name. They stop by SIGTERM when the supervisor is killed."""
    brokers, mongods = ports.topology.broker_names(), ports.topology.mongod_names()
    starts: dict[str, Start] = {name: _kafka(ports, data, logs, number) for number, name in enumerate(brokers, start=1)}
    members = [ports.door(name) for name in mongods]
    for name in mongods:
        starts[name] = partial(
            MongoServer.start,
            data / name,
            port=ports[name],
            log=logs / f"{name}.log",
            on_parent_death=signal.SIGTERM,
            members=members,
            initiates=name == mongods[0],
            cache_gb=0.5 if len(mongods) == 1 else 0.25,
        )
    starts["greenmail"] = partial(
        MailServer.start,
        data / "greenmail",
        smtp_port=ports["smtp"],
        imap_port=ports["imap"],
        api_port=ports["greenmail-api"],
        mailboxes=mailboxes,
        log=logs / "greenmail.log",
        on_parent_death=signal.SIGTERM,
    )
    return starts


def _kafka(ports: PortPlan, data: Path, logs: Path, number: int) -> Start:
    names = ports.topology.broker_names()
    name = names[number - 1]
    controllers = ("kafka-controller",) if len(names) == 1 else tuple(f"{each}-controller" for each in names)
    node = KafkaNode(
        number=number,
        controller_ports=tuple(ports[each] for each in controllers) if len(names) > 1 else (),
        cluster_id=_cluster_id(data),
        advertised_port=ports.door(name),
        heap_mb=512 if len(names) == 1 else 256,
    )
    return partial(
        KafkaServer.start,
        data / name,
        port=ports[name],
        controller_port=ports[controllers[number - 1]],
        log=logs / f"{name}.log",
        on_parent_death=signal.SIGTERM,
        node=node,
    )


def _cluster_id(data: Path) -> str:
    """The same at each start on this data, for a broker that lost its own and comes back among the others."""
    return base64.urlsafe_b64encode(hashlib.sha256(str(data).encode()).digest()[:16]).rstrip(b"=").decode()
