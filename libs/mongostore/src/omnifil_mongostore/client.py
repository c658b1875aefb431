"""One client per process: what is acknowledged is on a majority and in the journal, what is read will not be undone."""

from collections.abc import Callable, Coroutine
from datetime import UTC
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import parse_qsl, urlsplit

from omnifil_servicekit.errors import Transient
from pymongo.errors import PyMongoError, ServerSelectionTimeoutError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from .driver import AsyncIOMotorClient, Client, CodecOptions, Database, Session
from .failures import is_transient, translate

T = TypeVar("T")

# Used where the URI does not say otherwise.
_DEFAULTS: dict[str, Any] = {
    "serverSelectionTimeoutMS": 5_000,
    "connectTimeoutMS": 5_000,
    # Not a limit on work but on silence: a peer that vanished without a word.
    "socketTimeoutMS": 120_000,
}
# Never lowered by a URI: an acknowledged message survives the death of any machine (invariant I1).
_ENFORCED: dict[str, Any] = {
    "w": "majority",
    "journal": True,
    "wTimeoutMS": 30_000,
    "readConcernLevel": "majority",
    "retryWrites": True,
    "retryReads": True,
    "tz_aware": True,
    "uuidRepresentation": "standard",
}


class NotAReplicaSet(Exception):
    """The server is a single one: no transactions, no change streams, no majority."""


class Mongo:
    """The client and the prefix of its databases. `async with connect(…) as mongo` checks the server and closes."""

    def __init__(self, client: Client, prefix: str, seeds: str) -> None:
        self.client = client
        self.prefix = prefix
        self._seeds = seeds

    def database(self, name: str) -> Database:
        """The database `<prefix>_<name>`."""
        return self.client.get_database(
            f"{self.prefix}_{name}",
            codec_options=CodecOptions(tz_aware=True, tzinfo=UTC, uuid_representation=4),
            write_concern=WriteConcern(w="majority", j=True, wtimeout=_ENFORCED["wTimeoutMS"]),
            read_concern=ReadConcern("majority"),
        )

    async def ping(self) -> None:
        """Returns when a primary answers. Raises `Transient` when none does, `NotAReplicaSet` when none ever will."""
        try:
            hello = await self.client.admin.command("hello")
        except ServerSelectionTimeoutError as error:
            await self._explain(error)
        except PyMongoError as error:
            if is_transient(error):
                raise Transient(f"MongoDB does not answer at {self._seeds}: {error}") from error
            raise
        else:
            if "setName" not in hello and hello.get("msg") != "isdbgrid":
                raise NotAReplicaSet(_sentence(self._seeds))

    async def _explain(self, error: ServerSelectionTimeoutError) -> None:
        """A driver that was told `replicaSet=` turns away from a single server and says only that it found none."""
        for seed in self._seeds.split(","):
            alone: Client = AsyncIOMotorClient(
                f"mongodb://{seed}/?directConnection=true", serverSelectionTimeoutMS=1_000
            )
            try:
                hello = await alone.admin.command("hello")
            except PyMongoError:
                continue
            finally:
                alone.close()
            if "setName" not in hello and hello.get("msg") != "isdbgrid":
                raise NotAReplicaSet(_sentence(self._seeds)) from error
        raise Transient(f"MongoDB has no primary within reach at {self._seeds}: {str(error)[:300]}") from error

    async def transaction(self, callback: Callable[[Session], Coroutine[Any, Any, T]]) -> T:
        """Run `callback(session)` in a transaction, again from its start when MongoDB says that it may be retried.

        The callback passes `session=session` to each operation and has no effects but those. Majority, journaled,
        snapshot.
        """
        with translate():
            async with await self.client.start_session() as session:
                result: T = await session.with_transaction(
                    callback,
                    read_concern=ReadConcern("snapshot"),
                    write_concern=WriteConcern(w="majority", j=True, wtimeout=_ENFORCED["wTimeoutMS"]),
                )
                return result

    async def drop(self) -> None:
        """Forget every database of this prefix. For tests and `make clean-data`."""
        for name in await self.client.list_database_names():
            if name.startswith(f"{self.prefix}_"):
                await self.client.drop_database(name)

    async def close(self) -> None:
        self.client.close()

    async def __aenter__(self) -> Self:
        try:
            await self.ping()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def connect(uri: str, *, prefix: str, app_name: str | None = None) -> Mongo:
    """A client for `uri` that connects on first use; `await mongo.ping()` or `async with` check what is behind it.

    Timeouts may be set in the URI; durability may not be lowered there.
    """
    said = {key.lower() for key, _ in parse_qsl(urlsplit(uri).query)}
    options = {key: value for key, value in _DEFAULTS.items() if key.lower() not in said} | _ENFORCED
    client: Client = AsyncIOMotorClient(uri, appname=app_name, **options)
    return Mongo(client, prefix, urlsplit(uri).netloc.rpartition("@")[2])


def _sentence(where: str) -> str:
    return (
        f"MongoDB at {where} is not a replica set, so it has neither transactions nor change streams: "
        "start mongod with --replSet rs0, run replSetInitiate once, and connect with ?replicaSet=rs0."
    )
