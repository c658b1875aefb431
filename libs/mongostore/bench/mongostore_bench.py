"""What the ways to read a change stream and to write cost; the last line of output is one JSON object.

    OMNIFIL_BENCH_MONGO=mongodb://…/?replicaSet=rs0 python libs/mongostore/bench/mongostore_bench.py

Without that variable a mongod of its own is started. Read it as ratios: figures move from machine to machine.
"""

import asyncio
import json
import os
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from omnifil_devstack.mongo_server import MongoServer
from omnifil_devstack.ports import free_ports
from omnifil_mongostore import BlobStore, ChangeTail, Mongo, ResumeToken, connect

DOCUMENTS = 10_000
BATCH_SIZES = (1, 10, 50, 500, 1000)
BODY = "x" * 500


@dataclass(frozen=True)
class Start:
    """Where a reader begins."""

    collection: str
    token: ResumeToken


def document(number: int) -> dict[str, object]:
    return {
        "_id": f"d{number // 5:08d}:{number:010d}",
        "dossier_id": f"d{number // 5}",
        "seq": number % 5,
        "body": BODY,
    }


async def batches_per_s(mongo: Mongo, size: int) -> float:
    """Documents/s of unordered inserts of `size`, majority and journaled, one batch after the other."""
    collection = mongo.database("bench")[f"writes_{size}"]
    await collection.create_index([("dossier_id", 1), ("seq", 1)], unique=True)
    count = min(DOCUMENTS, size * 300)
    began = time.perf_counter()
    for first in range(0, count, size):
        await collection.insert_many([document(number) for number in range(first, first + size)], ordered=False)
    return count / (time.perf_counter() - began)


async def changes_per_s(mongo: Mongo, read: Callable[[Mongo, Start], Awaitable[int]]) -> float:
    """Changes/s of reading what was written before: the reader is the limit, not the writer."""
    name = f"changes_{uuid.uuid4().hex[:6]}"
    tail = ChangeTail(mongo.database("bench"), name)
    first = await anext(tail.batches(None, asyncio.Event()))
    for start in range(0, DOCUMENTS, 1000):
        await mongo.database("bench")[name].insert_many([document(number) for number in range(start, start + 1000)])
    began = time.perf_counter()
    seen = await read(mongo, Start(name, first.resume_token))
    if seen != DOCUMENTS:
        raise SystemExit(f"{seen} changes were seen of {DOCUMENTS}")
    return seen / (time.perf_counter() - began)


async def by_batch(mongo: Mongo, start: Start) -> int:
    stop, seen = asyncio.Event(), 0
    async for batch in ChangeTail(mongo.database("bench"), start.collection).batches(start.token, stop):
        seen += len(batch.changes)
        if seen >= DOCUMENTS:
            stop.set()
    return seen


async def one_at_a_time(mongo: Mongo, start: Start) -> int:
    """The driver's own way."""
    seen = 0
    collection = mongo.database("bench")[start.collection]
    async with collection.watch(start_after=start.token, batch_size=1000) as stream:
        async for _ in stream:
            seen += 1
            if seen == DOCUMENTS:
                break
    return seen


async def blobs_mb_per_s(mongo: Mongo) -> dict[str, float]:
    """Putting and getting 5 MB of content, MB/s."""
    store, size = BlobStore(mongo), 5_000_000
    contents = [os.urandom(size) for _ in range(5)]
    began = time.perf_counter()
    put = [await store.put(content, "image/png") for content in contents]
    put_s = time.perf_counter() - began
    began = time.perf_counter()
    for blob in put:
        await store.get(blob.sha256)
    got_s = time.perf_counter() - began
    return {"put": round(5 * size / 1e6 / put_s, 1), "get": round(5 * size / 1e6 / got_s, 1)}


async def measure(uri: str) -> dict[str, object]:
    async with connect(uri, prefix=f"bench{uuid.uuid4().hex[:6]}") as mongo:
        try:
            inserts = {str(size): round(await batches_per_s(mongo, size)) for size in BATCH_SIZES}
            batch = round(await changes_per_s(mongo, by_batch))
            single = round(await changes_per_s(mongo, one_at_a_time))
            return {
                "inserts_per_s_by_batch_size": inserts,
                "changes_per_s": {"whole batches": batch, "one document at a time": single},
                "blobs_mb_per_s": await blobs_mb_per_s(mongo),
            }
        finally:
            await mongo.drop()


async def main() -> None:
    if given := os.environ.get("OMNIFIL_BENCH_MONGO"):
        result = await measure(given)
    else:
        with tempfile.TemporaryDirectory() as folder:
            server = await MongoServer.start(Path(folder), port=free_ports(1)[0])
            try:
                result = await measure(server.uri)
            finally:
                await server.kill()
    print(json.dumps(result))


if __name__ == "__main__":
    asyncio.run(main())
