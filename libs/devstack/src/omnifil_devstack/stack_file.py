"""`.omnifil/stack.json`: where everything is while the suite runs, for other programs. Gone when it is stopped."""

import json
import os
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from omnifil_devstack.folders import home


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Address(_Part):
    """Of a mail protocol."""

    host: str
    port: int


class Login(_Part):
    """Somebody's name and password."""

    username: str
    password: str


class Gateway(_Part):
    """agent-gateway: its base address, and the one of its live stream."""

    url: str
    ws: str


class Issuer(_Part):
    """Where agents get their tokens; `token_endpoint` takes `grant_type=password` for these agents."""

    url: str
    token_endpoint: str
    client_id: str
    audience: str
    agents: tuple[Login, ...]


class Accounts(_Part):
    """The configured ends of the channels, as they stand in the records' `account`."""

    email: str
    chat: str
    social: str


class Chat(_Part):
    """The chat widget's server and the key with which a shop signs its customers' identity."""

    url: str
    ws: str
    widget_script: str
    signing_key: str


class Messenger(_Part):
    """What the network and ingest-social share."""

    webhook_url: str
    graph_url: str
    page_id: str
    app_secret: str
    verify_token: str
    page_token: str


class Pages(_Part):
    """What a person opens in a browser."""

    desktop: str
    shop: str
    network: str
    mailbox: str


class Process(_Part):
    """A process of the stack; `started_at` (seconds since 1970) tells it from a later one with the same id."""

    pid: int
    started_at: float

    @classmethod
    def of(cls, pid: int) -> "Process | None":
        """The process with this id, if there is one."""
        try:
            return cls(pid=pid, started_at=psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return None

    def alive(self) -> psutil.Process | None:
        """The process itself, if it is still the same one and has not ended."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started_at) < 0.01
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


class Stack(_Part):
    """The whole file."""

    supervisor: Process
    ready: bool
    kafka: str
    mongo_uri: str
    mongo_prefix: str
    smtp: Address
    imap: Address
    mailboxes: tuple[Login, ...]
    mail_api: str
    world: str
    agent_gateway: Gateway
    issuer: Issuer
    accounts: Accounts
    chat: Chat
    messenger: Messenger
    pages: Pages
    internal_token: str
    integrations: dict[str, str]
    """By source of profile updates, its token at the gateway."""
    services: dict[str, str]
    """Base address of each service, by name."""
    logs: str
    processes: dict[str, Process]


def path() -> Path:
    """Where the file lies."""
    return home() / "stack.json"


def write(stack: Stack) -> None:
    """Replace the file at once; only its owner may read it, it holds the demo's credentials."""
    replacement = path().with_suffix(".new")
    descriptor = os.open(replacement, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(stack.model_dump_json(indent=2))
    replacement.replace(path())


def read() -> Stack | None:
    """The running stack; None when none runs (also when it died and left its file)."""
    try:
        stack = Stack.model_validate(json.loads(path().read_text()))
    except (FileNotFoundError, ValueError, ValidationError):
        return None
    return stack if stack.supervisor.alive() else None


def forget() -> None:
    """The stack is stopped."""
    path().unlink(missing_ok=True)
