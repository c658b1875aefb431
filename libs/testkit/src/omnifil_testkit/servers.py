"""The servers that a test session shares: started through devstack, or those that the environment names."""

import asyncio
import os
import shutil
import tempfile
import threading
from collections.abc import Awaitable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx
from omnifil_devstack.ports import HOST, free_ports

_T = TypeVar("_T")


@dataclass(frozen=True)
class Kafka:
    """A broker that tests share; each test takes topics of its own."""

    bootstrap: str


@dataclass(frozen=True)
class Mongod:
    """A mongod that tests share; each test takes databases of its own."""

    uri: str


@dataclass(frozen=True)
class GreenMail:
    """A mail server that tests share; each test makes mailboxes of its own."""

    smtp: tuple[str, int]
    imap: tuple[str, int]
    api: str

    async def add(self, address: str, password: str) -> None:
        """Make a mailbox that logs in with its whole address."""
        user = {"email": address, "login": address, "password": password}
        async with httpx.AsyncClient(trust_env=False) as api:
            (await api.post(f"{self.api}/api/user", json=user)).raise_for_status()


class _Stoppable(Protocol):
    def kill(self) -> Awaitable[None]: ...


class _Background:
    """An event loop in a thread: session fixtures outlive the loops of the tests."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="omnifil-servers", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        future: Future[_T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(timeout=120)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def _folder_and_loop(name: str) -> Iterator[tuple[Path, _Background]]:
    folder = Path(tempfile.mkdtemp(prefix=f"omnifil-{name}-"))
    background = _Background()
    try:
        yield folder, background
    finally:
        background.close()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(server: _Stoppable, background: _Background) -> Iterator[None]:
    async def kill() -> None:
        await server.kill()

    try:
        yield
    finally:
        background.run(kill())  # nobody needs its data any more


@contextmanager
def shared_kafka() -> Iterator[Kafka]:
    """The broker of `OMNIFIL_TEST_KAFKA`, or one for this session."""
    if given := os.environ.get("OMNIFIL_TEST_KAFKA"):
        yield Kafka(given)
        return
    from omnifil_devstack.kafka_server import KafkaServer

    with _folder_and_loop("kafka") as (folder, background):
        port, controller_port = free_ports(2)
        server = background.run(KafkaServer.start(folder, port=port, controller_port=controller_port))
        with _running(server, background):
            yield Kafka(server.bootstrap)


@contextmanager
def shared_mongod() -> Iterator[Mongod]:
    """The mongod of `OMNIFIL_TEST_MONGO`, or one for this session."""
    if given := os.environ.get("OMNIFIL_TEST_MONGO"):
        yield Mongod(given)
        return
    from omnifil_devstack.mongo_server import MongoServer

    with _folder_and_loop("mongod") as (folder, background):
        server = background.run(MongoServer.start(folder, port=free_ports(1)[0]))
        with _running(server, background):
            yield Mongod(server.uri)


@contextmanager
def shared_greenmail() -> Iterator[GreenMail]:
    """The mail server of `OMNIFIL_TEST_SMTP`, `…_IMAP` and `…_GREENMAIL_API`, or one for this session."""
    if given := os.environ.get("OMNIFIL_TEST_GREENMAIL_API"):
        smtp, imap = (_address(os.environ[f"OMNIFIL_TEST_{protocol}"]) for protocol in ("SMTP", "IMAP"))
        yield GreenMail(smtp, imap, given)
        return
    from omnifil_devstack.mail_server import MailServer

    with _folder_and_loop("greenmail") as (folder, background):
        smtp_port, imap_port, api_port = free_ports(3)
        server = background.run(MailServer.start(folder, smtp_port=smtp_port, imap_port=imap_port, api_port=api_port))
        with _running(server, background):
            yield GreenMail((HOST, smtp_port), (HOST, imap_port), server.api)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)
