"""The change stream of the identities → `customer.events.v1`: one relay at a time, others wait to take over."""

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog
from omnifil_messaging import Backoff
from omnifil_messaging.metrics import RETRIES
from omnifil_mongostore import Change, ChangeTail, Document, Lease, Mongo, Positions, ResumeTokenGone
from omnifil_servicekit.errors import Transient
from omnifil_servicekit.metrics import RelayFigures

from customer_profile.adapters.mongo_identities import COLLECTION, DATABASE
from customer_profile.handlers import Announcer

log = structlog.get_logger(__name__)

POSITION = "customer-events"
LEASE = "customer-relay"
_GATHERED_S = 0.1
"""Changes that come so soon after others are told of together: one by one each would cost as much as a hundred."""

_REAL_CHANGES: list[Document] = [
    # That somebody wrote again is kept on the same document, and is no change of a customer.
    {
        "$match": {
            "$or": [
                {"operationType": {"$ne": "update"}},
                {"updateDescription.updatedFields.version": {"$exists": True}},
            ]
        }
    },
    # Of what is new the stream itself says whose it is.
    {"$project": {"operationType": 1, "documentKey": 1, "wallTime": 1, "fullDocument.customers": 1}},
]


class Relay:
    """The role `relay`. The position is saved after the batch is published: a change is told at least once.

    A relay that slept through the loss of its lease may still tell an older state once: readers go by `version`.
    """

    def __init__(
        self,
        mongo: Mongo,
        announcer: Announcer,
        *,
        lease_s: float = 10,
        idle_save_s: float = 10,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        """While no customer changes the place is saved each `idle_save_s`, so that the oplog does not outrun it."""
        database = mongo.database(DATABASE)
        self._tail = ChangeTail(database, COLLECTION, pipeline=_REAL_CHANGES)
        self._positions = Positions(database)
        self._lease = Lease(database, LEASE, lease_s, waiting=beat)
        self._announcer = announcer
        self._idle_save_s = idle_save_s
        self._beat = beat
        self._figures = RelayFigures("customers")

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set. Raises what waiting does not mend."""
        await self._lease.run_held(stop, self._relay)

    async def _relay(self, halt: asyncio.Event) -> None:
        """While the lease is ours."""
        self._figures.begins()
        try:
            await self._tell(halt)
        finally:
            self._figures.ends()

    async def _tell(self, halt: asyncio.Event) -> None:
        backoff, attempt = Backoff(), 0
        while not halt.is_set():
            try:
                await self._follow(halt)
                attempt = 0
            except Transient as error:
                attempt += 1
                RETRIES.labels("customer-profile.relay", type(error).__name__).inc()
                pause_s = backoff.pause_s(min(attempt, 6))
                log.warning("relay_waits", error=str(error), retry_in_s=round(pause_s, 2))
                self._beat()
                await _wait(halt, pause_s)

    async def _follow(self, halt: asyncio.Event) -> None:
        stored = await self._positions.load(POSITION)
        token = stored.resume_token if stored else None
        everybody, saved_at = token is None, float("-inf")
        try:
            async for batch in self._tail.batches(token, halt):
                self._beat()
                if everybody:
                    # The stream is open: whatever changes while everybody is told of comes through it as well.
                    log.info("relay_tells_of_everybody")
                    await self._announcer.announce_all()
                    everybody = False
                elif not batch.changes and (
                    batch.resume_token == token or time.monotonic() - saved_at < self._idle_save_s
                ):
                    # Whatever else is written here (that somebody wrote again, for one) moves the stream on.
                    self._figures.carried()
                    continue
                await self._announcer.announce(*_concerned(batch.changes))
                token = batch.resume_token
                await self._positions.save(POSITION, token, fence=self._lease.token)
                saved_at = time.monotonic()
                self._figures.carried(batch.changes[-1].at if batch.changes else None)
                if batch.changes:
                    await _wait(halt, _GATHERED_S)
        except ResumeTokenGone as error:
            log.warning("relay_lost_its_place", error=str(error))
            await self._positions.save(POSITION, None, fence=self._lease.token)


def _concerned(changes: Sequence[Change]) -> tuple[set[str], set[str]]:
    """The keys of identities that have changed, and the customers of those that are new."""
    known = {change.document_key["_id"] for change in changes if change.document_key and change.document is None}
    new = {customer for change in changes if change.document is not None for customer in change.document["customers"]}
    return known, new


async def _wait(halt: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await halt.wait()
    except TimeoutError:
        return
