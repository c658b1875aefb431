"""GreenMail: SMTP and IMAP in memory, for the demo and the tests; a restart empties it and changes UIDVALIDITY."""

import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

import httpx

from omnifil_devstack.ports import HOST, require_free
from omnifil_devstack.server import Server
from omnifil_devstack.server_process import ServerProcess
from omnifil_devstack.warm_start import java_command

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


class MailServer(Server):
    """A running GreenMail with its three ports; it is empty after a restart."""

    def __init__(
        self,
        ports: tuple[int, int, int],
        mailboxes: Sequence[Mailbox],
        process: ServerProcess,
        start_again: Callable[[], Awaitable[ServerProcess]],
    ) -> None:
        super().__init__(process, start_again)
        self.smtp_port, self.imap_port, self.api_port = ports
        self.mailboxes = tuple(mailboxes)

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
        log = log or folder / "greenmail.log"
        spawn = partial(cls._spawn, folder, ports, mailboxes, log, on_parent_death, java)
        return cls(ports, mailboxes, await spawn(), spawn)

    @staticmethod
    async def _spawn(
        folder: Path,
        ports: tuple[int, int, int],
        mailboxes: Sequence[Mailbox],
        log: Path,
        on_parent_death: signal.Signals | None,
        java: Sequence[str] | None,
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
            *java_command("greenmail", java),
            *(f"-Dgreenmail.{key}={value}" for key, value in settings.items()),
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

    async def add(self, mailbox: Mailbox) -> None:
        """Make one more mailbox while it runs."""
        async with httpx.AsyncClient(base_url=self.api, trust_env=False) as api:
            user = {"email": mailbox.address, "login": mailbox.address, "password": mailbox.password}
            (await api.post("/api/user", json=user)).raise_for_status()


async def _is_ready(api: httpx.AsyncClient) -> bool:
    try:
        return (await api.get("/api/service/readiness")).is_success
    except httpx.TransportError:
        return False
