"""A database full of dossiers in little time: documents that the suite has written, again and again with other ids.

One real dossier is the pattern: its identity, its appends, its projection. Every id, handle, name and number in them
is replaced by one that holds a mark, and in each copy the mark is replaced by eight digits of its own, in the BSON as
it lies there. They are spread over the whole range, as those of real ids are, so that indexes have it no easier. While
it is filled mongod runs without a replica set, for nobody follows, and without indexes but the one of `_id`.
"""

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import bson
from bson.raw_bson import RawBSONDocument
from omnifil_contracts import ids
from omnifil_devstack.mongo_server import mongod_program
from omnifil_devstack.ports import HOST
from omnifil_devstack.server_process import ServerProcess, accepts_connections
from pymongo import AsyncMongoClient

from omnifil_bench.processes import Servers

_MARK = b"7a7a7a7a"
_HALVES = ("q7q7", "w8w8")
"""The same eight digits in two fours, as in the number of a dossier."""
_UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_AT_ONCE = 2_000
_WRITERS = 3
_SPREAD = 2_654_435_761
"""Odd, so that multiplying by it modulo 2³² gives every number once (Knuth, TAOCP vol. 3, §6.4)."""

_Document = dict[str, Any]


@dataclass(frozen=True)
class Pattern:
    """The documents of one dossier, by (database, collection), with the mark in everything that is its own."""

    documents: Mapping[tuple[str, str], tuple[bytes, ...]]

    @property
    def size_bytes(self) -> int:
        return sum(len(each) for several in self.documents.values() for each in several)

    def copies(self, place: tuple[str, str], numbers: range) -> list[RawBSONDocument]:
        """Of the documents in this collection, one set for each number."""
        first, second = (half.encode() for half in _HALVES)
        copies = []
        for number in numbers:
            own = b"%08x" % (number * _SPREAD % 2**32)
            if own[:4] == own[4:]:
                continue  # its number has one word less than the pattern's: no dossier would look like that
            for document in self.documents[place]:
                copy = document.replace(_MARK, own).replace(first, own[:4]).replace(second, own[4:])
                copies.append(RawBSONDocument(copy))
        return copies


async def pattern_of(uri: str, prefix: str, conversation_id: str) -> Pattern:
    """From the dossier that this conversation is in."""
    cases, customers = f"{prefix}_cases", f"{prefix}_customers"
    async with AsyncMongoClient[_Document](uri, tz_aware=True) as client:
        first = await client[cases]["timeline"].find_one({"claims": conversation_id})
        assert first is not None
        dossier_id = first["dossier_id"]
        appends = await client[cases]["timeline"].find({"dossier_id": dossier_id}).sort("_id").to_list(None)
        dossiers = await client[cases]["dossiers"].find({"_id": dossier_id}).to_list(None)
        customer_id = dossiers[0]["customer_id"]
        identities = await client[customers]["identities"].find({"customers": customer_id}).to_list(None)
    own = _own_texts(ids.dossier_number(dossier_id), identities[0]["display_name"], identities[0]["value"])
    return Pattern(
        {
            (cases, "timeline"): tuple(_marked(each, own) for each in appends),
            (cases, "dossiers"): tuple(_marked(each, own) for each in dossiers),
            (customers, "identities"): tuple(_marked(each, own) for each in identities),
        }
    )


def _own_texts(number: str, name: str, handle: str) -> dict[bytes, bytes]:
    """What belongs to this dossier beside its ids, and what stands for it: as long, so that lengths in BSON hold."""
    surname, mark = name.split()[-1], _MARK.decode()
    own = {text: mark + text[len(mark) :] for text in (handle.partition("@")[0], surname, surname.casefold())}
    first, second = _HALVES
    for text in (number, number.lower()):
        own[text] = f"{text[:2]}{first}-{second}"
        own[text.replace("-", "")] = f"{text[:1]}{first}{second}"
    encoded = {text.encode(): of_own.encode() for text, of_own in own.items()}
    for part, half in zip(number.lower().split("-")[1:], _HALVES, strict=True):
        encoded[_bson_text(part)] = _bson_text(half)  # as a word of its own only: it is short
    return encoded


def _bson_text(text: str) -> bytes:
    """A string as it lies in BSON: its length with the closing zero, its bytes, the zero."""
    return len(text.encode() + b"0").to_bytes(4, "little") + text.encode() + b"\0"


def _marked(document: _Document, own: Mapping[bytes, bytes]) -> bytes:
    """Its BSON; texts in it may be JSON, which is no matter."""
    marked = _UUID.sub(lambda found: _MARK + found[0][len(_MARK) :], bson.encode(document))
    for text, mark in own.items():
        assert len(text) == len(mark)
        marked = marked.replace(text, mark)
    return marked


async def fill(servers: Servers, pattern: Pattern, numbers: range) -> None:
    """Write so many dossiers. Nobody may use mongod meanwhile: it is another one on the same files."""
    await servers.mongod.stop()
    try:
        async with _alone(servers) as client:
            indexes = {place: await _without_indexes(client, *place) for place in pattern.documents}
            todo = iter(
                [range(at, min(at + _AT_ONCE, numbers.stop)) for at in range(numbers.start, numbers.stop, _AT_ONCE)]
            )
            async with asyncio.TaskGroup() as writing:
                for _ in range(_WRITERS):
                    writing.create_task(_write(client, pattern, todo))
            for (database, collection), specifications in indexes.items():
                if specifications:
                    await client[database].command("createIndexes", collection, indexes=specifications)
    finally:
        await servers.mongod.restart()


async def _write(client: AsyncMongoClient[Any], pattern: Pattern, todo: Iterator[range]) -> None:
    for numbers in todo:
        for database, collection in pattern.documents:
            copies = pattern.copies((database, collection), numbers)
            await client[database][collection].insert_many(copies, ordered=False)


async def _without_indexes(client: AsyncMongoClient[Any], database: str, collection: str) -> list[_Document]:
    """Drop all but the one of `_id`; what they were."""
    async with await client[database][collection].list_indexes() as found:
        specifications = [dict(each) for each in await found.to_list(None) if each["name"] != "_id_"]
    await client[database][collection].drop_indexes()
    return specifications


@asynccontextmanager
async def _alone(servers: Servers) -> AsyncIterator[AsyncMongoClient[Any]]:
    """mongod on the same files, as a server of its own; stopped cleanly afterwards."""
    port = servers.mongod.port
    command = [
        str(mongod_program()),
        *("--dbpath", str(servers.folder / "mongod" / "db"), "--port", str(port), "--bind_ip", HOST),
        *("--wiredTigerCacheSizeGB", "1", "--nounixsocket"),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
    ]
    mongod = await ServerProcess.spawn(
        "mongod", command, log=servers.folder / "log" / "filling.log", on_parent_death=signal.SIGKILL
    )
    try:
        await mongod.until(partial(accepts_connections, HOST, port), timeout_s=60)
        async with AsyncMongoClient[Any](HOST, port, directConnection=True) as client:
            yield client
    finally:
        await mongod.stop(timeout_s=120)
