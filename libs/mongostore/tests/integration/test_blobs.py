import asyncio
import hashlib
import os
import signal
import sys
from collections.abc import AsyncIterator

import pytest
from omnifil_mongostore import Blob, BlobCorrupt, BlobMissing, BlobStore, BlobTooLarge, Mongo, connect
from omnifil_testkit.servers import Mongod

pytestmark = pytest.mark.integration

CHUNK = 255 * 1024


def content(size_bytes: int, seed: int = 1) -> bytes:
    return (hashlib.sha512(str(seed).encode()).digest() * (size_bytes // 64 + 1))[:size_bytes]


async def streamed(whole: bytes, part_bytes: int = 50_000) -> AsyncIterator[bytes]:
    for start in range(0, len(whole), part_bytes):
        yield whole[start : start + part_bytes]


@pytest.fixture
def blobs(mongo: Mongo) -> BlobStore:
    return BlobStore(mongo)


@pytest.mark.parametrize("size_bytes", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 20 * CHUNK + 7])
async def test_what_was_put_is_got(blobs: BlobStore, size_bytes: int) -> None:
    whole = content(size_bytes)
    blob = await blobs.put(whole, "image/png")
    assert blob == Blob(hashlib.sha256(whole).hexdigest(), "image/png", size_bytes)
    assert await blobs.get(blob.sha256) == whole


async def test_a_stream_goes_in_and_out_in_parts(blobs: BlobStore) -> None:
    whole = content(3_000_000)
    blob = await blobs.put(streamed(whole), "video/mp4")
    parts = [part async for part in blobs.open(blob.sha256)]
    assert b"".join(parts) == whole
    assert max(map(len, parts)) == CHUNK


async def test_the_same_content_is_stored_once_and_each_reference_keeps_its_own_media_type(
    blobs: BlobStore, mongo: Mongo
) -> None:
    whole = content(600_000)
    first = await blobs.put(whole, "image/png")
    second = await blobs.put(streamed(whole), "application/octet-stream")
    assert (first.sha256, first.media_type) == (second.sha256, "image/png")
    assert second.media_type == "application/octet-stream"
    database = mongo.database("blobs")
    assert await database["blobs.files"].count_documents({}) == 1
    assert await database["blobs.chunks"].count_documents({}) == 3


async def test_the_stat_tells_size_and_time(blobs: BlobStore) -> None:
    blob = await blobs.put(b"hello", "text/plain")
    stat = await blobs.stat(blob.sha256)
    assert (stat.sha256, stat.size_bytes) == (blob.sha256, 5)
    assert stat.stored_at.tzinfo is not None


async def test_what_is_not_there_is_missing(blobs: BlobStore) -> None:
    for reading in (blobs.get("0" * 64), blobs.stat("0" * 64), anext(aiter(blobs.open("0" * 64)))):
        with pytest.raises(BlobMissing):
            await reading


async def test_content_over_the_limit_leaves_nothing(blobs: BlobStore, mongo: Mongo) -> None:
    pulled = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal pulled
        while True:
            pulled += 1
            yield b"x" * 1000

    with pytest.raises(BlobTooLarge) as refused:
        await blobs.put(endless(), "text/plain", limit_bytes=10_000)
    with pytest.raises(BlobTooLarge):
        await blobs.put(b"x" * 10_001, "text/plain", limit_bytes=10_000)
    await blobs.put(b"x" * 10_000, "text/plain", limit_bytes=10_000)
    assert refused.value.limit_bytes == 10_000
    assert pulled == 11
    assert await mongo.database("blobs")["blobs.files"].count_documents({}) == 1
    assert await mongo.database("blobs")["blobs.chunks"].count_documents({}) == 1


async def test_a_stream_that_breaks_leaves_nothing(blobs: BlobStore, mongo: Mongo) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield content(2_000_000)
        raise ConnectionResetError("the sender hung up")

    with pytest.raises(ConnectionResetError):
        await blobs.put(broken(), "image/png")
    assert await mongo.database("blobs")["blobs.chunks"].count_documents({}) == 0


async def test_two_clients_that_put_the_same_at_once_leave_one_readable_content(mongo: Mongo, mongod: Mongod) -> None:
    other = connect(mongod.uri, prefix=mongo.prefix)
    stores = [BlobStore(client) for client in (mongo, other, mongo, other)]
    whole = content(9_000_000)
    put = await asyncio.gather(*(store.put(whole, "image/png") for store in stores))
    assert len(set(put)) == 1
    assert await BlobStore(other).get(put[0].sha256) == whole
    assert await mongo.database("blobs")["blobs.files"].count_documents({}) == 1
    assert await mongo.database("blobs")["blobs.chunks"].count_documents({}) == -(-len(whole) // CHUNK)
    await other.close()


PUT_AND_DIE = """
import asyncio, sys
from omnifil_mongostore import BlobStore, connect

async def main():
    content = sys.stdin.buffer.read()
    await BlobStore(connect(sys.argv[1], prefix=sys.argv[2])).put(content, "image/png")

asyncio.run(main())
"""


async def test_a_put_killed_in_the_middle_leaves_nothing_readable_and_the_next_one_completes_it(
    mongo: Mongo, mongod: Mongod, blobs: BlobStore
) -> None:
    whole = content(45_000_000)
    sha256 = hashlib.sha256(whole).hexdigest()
    chunks = mongo.database("blobs")["blobs.chunks"]
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PUT_AND_DIE, mongod.uri, mongo.prefix, stdin=asyncio.subprocess.PIPE
    )
    assert victim.stdin is not None
    victim.stdin.write(whole)
    victim.stdin.write_eof()
    while not await chunks.count_documents({"files_id": sha256}, limit=1):
        assert victim.returncode is None
    os.kill(victim.pid, signal.SIGKILL)
    await victim.wait()

    left = await chunks.count_documents({"files_id": sha256})
    assert 0 < left < -(-len(whole) // CHUNK)
    with pytest.raises(BlobMissing):
        await blobs.get(sha256)
    blob = await blobs.put(whole, "image/png")
    assert await blobs.get(blob.sha256) == whole


async def test_content_that_was_tampered_with_is_not_handed_out_as_sound(blobs: BlobStore, mongo: Mongo) -> None:
    blob = await blobs.put(content(600_000), "image/png")
    await mongo.database("blobs")["blobs.chunks"].update_one({"n": 1}, {"$set": {"data": b"x" * CHUNK}})
    with pytest.raises(BlobCorrupt):
        await blobs.get(blob.sha256)


async def test_any_gridfs_reader_reads_it(blobs: BlobStore, mongo: Mongo) -> None:
    from omnifil_mongostore.driver import AsyncIOMotorGridFSBucket

    whole = content(600_000)
    blob = await blobs.put(whole, "image/png")
    bucket = AsyncIOMotorGridFSBucket(mongo.database("blobs"), "blobs")
    stream = await bucket.open_download_stream(blob.sha256)
    assert await stream.read() == whole
