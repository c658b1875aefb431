"""A database full of dossiers in little time: documents that the suite has written, again and again for other people.

One real customer is the pattern: identity, appends, projections. In each copy everything that is their own is another:
handle, name, numbers of dossiers, and every id, computed as the suite computes it, so that whoever writes as that
person (`Copies.conversation`) meets their dossiers. The places of all this in the BSON are found once; a copy puts the
pieces together. While it is filled mongod runs without a replica set, for nobody follows, and without indexes but the
one of `_id`.
"""

import asyncio
import hashlib
import re
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import bson
from bson.raw_bson import RawBSONDocument
from omnifil_contracts import ids
from omnifil_contracts.dossier import MessageLinked, TimelineEntry
from omnifil_contracts.identity import Identity
from omnifil_devstack.mongo_server import MongoServer, mongod_program
from omnifil_devstack.ports import HOST
from omnifil_devstack.server_process import ServerProcess, accepts_connections
from pymongo import AsyncMongoClient

from omnifil_bench.messages import Conversation

_UUID = rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_AT_ONCE = 2_000
_WRITERS = 3
_SPREAD = 2_654_435_761
"""Odd, so that multiplying by it modulo 2³² gives every number once (Knuth, TAOCP vol. 3, §6.4)."""
_LETTERS = str.maketrans("0123456789abcdef", "bdfgklmnprstvzau")

_Document = dict[str, Any]
Place = tuple[str, str]
"""Database and collection."""


class Person:
    """Somebody who does not exist, by number."""

    def __init__(self, number: int, first_name: str) -> None:
        self.name = hashlib.blake2b(b"%d" % number, digest_size=16).hexdigest()
        self.surname = self.name[:10].translate(_LETTERS).capitalize()
        self.display_name = f"{first_name} {self.surname}"


@dataclass(frozen=True)
class Pattern:
    """The documents of one customer, divided at what is their own.

    `documents`: by place, for each document its pieces, in turn literal bytes and the number of a value.
    `values`: given the number of a copy, all that is its own.
    """

    documents: Mapping[Place, Sequence[Sequence[bytes | int]]]
    values: Callable[[int], Sequence[bytes]]
    size_bytes: int
    first_name: str
    said: tuple[int, ...]
    """How many messages each of their conversations has, in the order of their names."""

    def copies(self, numbers: range) -> dict[Place, list[RawBSONDocument]]:
        """Of every document one for each number."""
        own = [self.values(number) for number in numbers]
        return {
            place: [RawBSONDocument(b"".join(_filled(pieces, values))) for values in own for pieces in documents]
            for place, documents in self.documents.items()
        }

    def conversation(self, number: int, thread: int = 0) -> Conversation:
        """The thread of that copy, to be gone on with; one that it does not have yet is begun."""
        person, said = Person(number, self.first_name), self.said[thread] if thread < len(self.said) else 0
        return Conversation("email", person.name, person.display_name, thread=thread, said=said)


def _filled(pieces: Sequence[bytes | int], values: Sequence[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield values[piece] if isinstance(piece, int) else piece


async def pattern_of(uri: str, prefix: str, conversation_id: str, *, to: str | None = None) -> Pattern:
    """The customer of the dossier that this conversation is in. `to`: the prefix of the databases to fill, if not the
    same. The customer has one address, and has only written mails."""
    cases, customers = f"{prefix}_cases", f"{prefix}_customers"
    async with AsyncMongoClient[_Document](uri, tz_aware=True) as client:
        first = await client[cases]["timeline"].find_one({"claims": conversation_id})
        assert first is not None
        customer_id = (await client[cases]["dossiers"].find({"_id": first["dossier_id"]}).to_list(None))[0][
            "customer_id"
        ]
        dossiers = await client[cases]["dossiers"].find({"customer_id": customer_id}).sort("_id").to_list(None)
        mine = {"dossier_id": {"$in": [each["_id"] for each in dossiers]}}
        appends = await client[cases]["timeline"].find(mine).sort("_id").to_list(None)
        (identity,) = await client[customers]["identities"].find({"customers": customer_id}).to_list(None)
    cases, customers = f"{to or prefix}_cases", f"{to or prefix}_customers"
    return _divided(
        identity, appends, {(cases, "timeline"): appends, (cases, "dossiers"): dossiers,
                            (customers, "identities"): [identity]}
    )  # fmt: skip


def _divided(identity: _Document, appends: Sequence[_Document], documents: Mapping[Place, list[_Document]]) -> Pattern:
    name, (first_name, surname) = identity["value"].partition("@")[0], identity["display_name"].split()
    entries = [TimelineEntry.model_validate_json(text) for append in appends for text in append["entries"]]
    messages = [entry.event.message for entry in entries if isinstance(entry.event, MessageLinked)]
    ordinals = {append["dossier_id"]: each["ordinal"] for append in appends for each in append.get("opens", ())}
    claims = {each for append in appends for each in append.get("claims", ())}
    conversations = {each.conversation.conversation_id: each.conversation for each in messages}
    assert claims <= conversations.keys(), "a conversation whose id is not that of any message"

    tokens: dict[bytes, int] = {}

    def token(text: bytes) -> int:
        return tokens.setdefault(text, len(tokens))

    token(name.encode())
    for text in (surname, surname.casefold()):
        token(text.encode())
    numbers = {dossier_id: [token(each) for each in _numbers(dossier_id)] for dossier_id in ordinals}
    encoded = {place: [bson.encode(each) for each in several] for place, several in documents.items()}
    own = re.compile(b"|".join([*(re.escape(each) for each in sorted(tokens, key=len, reverse=True)), _UUID]))
    divided = {place: [_pieces(each, own, token) for each in several] for place, several in encoded.items()}
    derived: dict[int, tuple[str, str, str, str]] = {
        **{tokens[each.message_id.encode()]: ("message", each.channel, each.account, each.provider_message_id)
           for each in messages},
        **{tokens[found.encode()]: ("conversation", each.channel, each.account, each.key)
           for found, each in conversations.items()},
    }  # fmt: skip
    customer = tokens[ids.customer_id(Identity(kind=identity["kind"], value=identity["value"]).key).encode()]
    dossiers = {tokens[dossier_id.encode()]: (ordinal, numbers[dossier_id]) for dossier_id, ordinal in ordinals.items()}
    special = {0, 1, 2, customer, *derived, *dossiers, *(each for several in numbers.values() for each in several)}
    shifted = {index: text for text, index in tokens.items() if index not in special}

    def values(number: int) -> list[bytes]:
        # Shifted by nothing it would be the pattern itself.
        person, shift = Person(number, first_name), (number + 1) * _SPREAD
        found = [b""] * len(tokens)
        found[:3] = person.name.encode(), person.surname.encode(), person.surname.casefold().encode()
        value = identity["value"].replace(name, person.name)
        customer_id = ids.customer_id(Identity(kind=identity["kind"], value=value).key)
        found[customer] = customer_id.encode()
        for index, (kind, channel, account, key) in derived.items():
            make = ids.message_id if kind == "message" else ids.conversation_id
            found[index] = make(channel, account, key.replace(name, person.name)).encode()
        for index, (ordinal, its_numbers) in dossiers.items():
            dossier_id = ids.dossier_id(customer_id, ordinal)
            found[index] = dossier_id.encode()
            for at, text in zip(its_numbers, _numbers(dossier_id), strict=True):
                found[at] = text
        for index, text in shifted.items():
            found[index] = b"%08x" % ((int(text[:8], 16) + shift) % 2**32) + text[8:]
        return found

    said: dict[str, int] = {}
    for message in messages:
        said[message.conversation.key] = said.get(message.conversation.key, 0) + 1
    size = sum(len(each) for several in encoded.values() for each in several)
    return Pattern(divided, values, size, first_name, tuple(said[key] for key in sorted(said)))


def _numbers(dossier_id: str) -> list[bytes]:
    """The dossier's number in each form in which it is kept; the halves as words of their own only, for they are
    short: with their length and the zero behind, as BSON has them."""
    number = ids.dossier_number(dossier_id)
    whole = [
        text.encode() for text in (number, number.lower(), number.replace("-", ""), number.lower().replace("-", ""))
    ]
    halves = [b"\5\0\0\0" + part.encode() + b"\0" for part in number.lower().split("-")[1:]]
    return [*whole, *halves]


def _pieces(document: bytes, own: re.Pattern[bytes], token: Callable[[bytes], int]) -> list[bytes | int]:
    pieces: list[bytes | int] = []
    at = 0
    for found in own.finditer(document):
        pieces += [document[at : found.start()], token(found[0])]
        at = found.end()
    return [*pieces, document[at:]]


async def fill(mongod: MongoServer, folder: Path, *wanted: tuple[Pattern, range]) -> None:
    """Write so many copies of each. Nobody may use mongod meanwhile: it is another one on the same files, which lie
    in `folder`/mongod."""
    await mongod.stop()
    try:
        async with _alone(mongod.port, folder) as client:
            places = list(dict.fromkeys(place for pattern, _ in wanted for place in pattern.documents))
            indexes = {place: await _without_indexes(client, *place) for place in places}
            for pattern, numbers in wanted:
                await _write_all(client, pattern, numbers)
            await asyncio.gather(
                *(
                    client[database].command("createIndexes", collection, indexes=specifications)
                    for (database, collection), specifications in indexes.items()
                    if specifications
                )
            )
    finally:
        await mongod.restart()


async def _write_all(client: AsyncMongoClient[Any], pattern: Pattern, numbers: range) -> None:
    step = max(1, _AT_ONCE // max(map(len, pattern.documents.values())))
    todo = iter([range(at, min(at + step, numbers.stop)) for at in range(numbers.start, numbers.stop, step)])

    async def write() -> None:
        for some in todo:
            for (database, collection), copies in pattern.copies(some).items():
                await client[database][collection].insert_many(copies, ordered=False)

    async with asyncio.TaskGroup() as writing:
        for _ in range(_WRITERS):
            writing.create_task(write())


async def _without_indexes(client: AsyncMongoClient[Any], database: str, collection: str) -> list[_Document]:
    """Drop all but the one of `_id`; what they were."""
    async with await client[database][collection].list_indexes() as found:
        specifications = [dict(each) for each in await found.to_list(None) if each["name"] != "_id_"]
    await client[database][collection].drop_indexes()
    return specifications


@asynccontextmanager
async def _alone(port: int, folder: Path) -> AsyncIterator[AsyncMongoClient[Any]]:
    """mongod on the same files, as a server of its own; stopped cleanly afterwards."""
    command = [
        str(mongod_program()),
        *("--dbpath", str(folder / "mongod" / "db"), "--port", str(port), "--bind_ip", HOST),
        *("--wiredTigerCacheSizeGB", "2", "--nounixsocket"),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
    ]
    mongod = await ServerProcess.spawn(
        "mongod", command, log=folder / "log" / "filling.log", on_parent_death=signal.SIGKILL
    )
    try:
        await mongod.until(partial(accepts_connections, HOST, port), timeout_s=60)
        async with AsyncMongoClient[Any](HOST, port, directConnection=True) as client:
            yield client
    finally:
        await mongod.stop(timeout_s=120)
