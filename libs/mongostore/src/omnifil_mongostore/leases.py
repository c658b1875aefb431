"""At most one process does a thing: a lease that its holder renews and that another takes over when it lapses."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import structlog
from omnifil_servicekit.errors import Transient
from pymongo.errors import DuplicateKeyError, PyMongoError

from .driver import Database, Document, ReturnDocument
from .failures import translate
from .positions import Fenced

log = structlog.get_logger(__name__)


class Lease:
    """A named lease in the collection `leases`. Expiry goes by the server's clock, giving up by our own monotonic one.

    `token` grows with every change of hands: give it to `Positions.save(fence=…)`, and a holder that was only asleep
    cannot overwrite its successor. `lost` is set as soon as the lease can no longer be relied on.
    """

    def __init__(
        self, database: Database, name: str, ttl_s: float = 10, *, waiting: Callable[[], None] = lambda: None
    ) -> None:
        """`waiting` is called at least every second while another holds the lease: a standby that is well beats."""
        self._leases = database["leases"]
        self._name = name
        self._ttl_s = ttl_s
        self._waiting = waiting
        self._holder = uuid4().hex
        self.lost = asyncio.Event()
        self.token: int | None = None

    @asynccontextmanager
    async def held(self, stop: asyncio.Event) -> AsyncIterator[int | None]:
        """Wait for the lease, hold it for the body, give it back. Yields the fencing token.

        When `stop` comes before the lease does, the body is entered without it: None, and `lost` is set.
        """
        self.lost = asyncio.Event()
        self.token = None
        valid_until = await self._acquire(stop)
        if self.token is None:
            self.lost.set()
            yield None
            return
        log.info("lease_taken", lease=self._name, fencing_token=self.token)
        renewal = asyncio.create_task(self._renew(self.token, valid_until), name=f"lease {self._name}")
        try:
            yield self.token
        finally:
            renewal.cancel()
            with suppress(asyncio.CancelledError):
                await renewal
            if not self.lost.is_set():
                await self._release(self.token)
            self.lost.set()

    async def run_held(self, stop: asyncio.Event, work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
        """Keep `work(halt)` running whenever the lease is held; `halt` is set when `stop` is, or when it is lost.

        After a loss, after `Fenced`, and when `work` returns by itself, the lease is waited for and `work` begins
        again, until `stop`.
        """
        while not stop.is_set():
            async with self.held(stop) as token:
                if token is None:
                    return
                halt = asyncio.Event()
                watch = asyncio.create_task(self._halt_on_either(stop, halt))
                try:
                    await work(halt)
                except Fenced as error:
                    log.warning("lease_fenced", lease=self._name, error=str(error))
                finally:
                    watch.cancel()
            await self._pause(stop)

    async def _halt_on_either(self, stop: asyncio.Event, halt: asyncio.Event) -> None:
        waits = [asyncio.create_task(event.wait()) for event in (stop, self.lost)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            halt.set()
        finally:
            for wait in waits:
                wait.cancel()

    async def _acquire(self, stop: asyncio.Event) -> float:
        """Sets `self.token` unless `stop` came first; returns until when (monotonic) the lease is ours."""
        while not stop.is_set():
            asked_at = time.monotonic()
            try:
                found = await self._claim()
            except Transient as error:
                log.warning("lease_unreachable", lease=self._name, error=str(error))
            else:
                if found is not None and found["holder"] == self._holder:
                    self.token = int(found["token"])
                    return asked_at + self._ttl_s
            self._waiting()
            await self._pause(stop)
        return 0

    async def _pause(self, stop: asyncio.Event) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), min(self._ttl_s / 3, 1))

    async def _claim(self) -> Document | None:
        """Take the lease if it is free. One atomic update; whoever it leaves as holder has it."""
        free = {"$lte": [{"$ifNull": ["$expires_at", "$$NOW"]}, "$$NOW"]}
        claimed = {
            "holder": {"$cond": [free, self._holder, "$holder"]},
            "token": {"$cond": [free, {"$add": [{"$ifNull": ["$token", 0]}, 1]}, "$token"]},
            "expires_at": {"$cond": [free, self._from_now(), "$expires_at"]},
        }
        try:
            with translate():
                return await self._leases.find_one_and_update(
                    {"_id": self._name}, [{"$set": claimed}], upsert=True, return_document=ReturnDocument.AFTER
                )
        except DuplicateKeyError:
            return None  # two first claims at once: the other's was first

    async def _renew(self, token: int, valid_until: float) -> None:
        while True:
            await asyncio.sleep(self._ttl_s / 3)
            asked_at = time.monotonic()
            try:
                # Waiting for an answer longer than the lease lasts is losing it.
                async with asyncio.timeout(max(valid_until - asked_at, 0)):
                    with translate():
                        answer = await self._leases.update_one(
                            {"_id": self._name, "holder": self._holder, "token": token},
                            [{"$set": {"expires_at": self._from_now()}}],
                        )
            except (Transient, TimeoutError, PyMongoError) as error:
                log.warning("lease_not_renewed", lease=self._name, error=type(error).__name__)
                if time.monotonic() + self._ttl_s / 3 >= valid_until:
                    break
                continue
            if not answer.matched_count:
                break
            valid_until = asked_at + self._ttl_s
        log.warning("lease_lost", lease=self._name, fencing_token=token)
        self.lost.set()

    async def _release(self, token: int) -> None:
        with suppress(Transient), translate():  # if this fails it lapses by itself
            await self._leases.update_one(
                {"_id": self._name, "holder": self._holder, "token": token}, [{"$set": {"expires_at": "$$NOW"}}]
            )

    def _from_now(self) -> Document:
        return {"$add": ["$$NOW", int(self._ttl_s * 1000)]}
