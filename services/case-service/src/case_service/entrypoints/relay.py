"""The relay: follows the change stream of the timeline, and marks how far everything is carried out.

The watermark (resume token and topic offsets, written together) says: all up to here is published and projected. After
a crash the relay goes on from it and repeats a little; nothing is left out, for it is written last. It is written
beside the next batch, so that nobody waits for it.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import structlog
from omnifil_messaging import Backoff
from omnifil_messaging.context import TRACEPARENT, processing, traced
from omnifil_messaging.metrics import RETRIES
from omnifil_mongostore import (
    ChangeBatch,
    ChangeTail,
    Lease,
    Mongo,
    Positions,
    ResumeToken,
    ResumeTokenGone,
    StoredPosition,
)
from omnifil_servicekit.errors import Transient
from omnifil_servicekit.metrics import RelayFigures

from case_service.adapters.documents import DATABASE, TIMELINE, WATERMARK, append_of
from case_service.domain.decisions import Append
from case_service.entrypoints.marking import Marking
from case_service.handlers.relaying import Relaying
from case_service.ports import Publications

log = structlog.get_logger(__name__)

LEASE = "case-service.relay"

_IDLE_MARK_S = 10.0
"""While nothing happens the resume token is marked this often, so that the oplog does not outrun it."""
_CLOCKS_DIFFER = timedelta(hours=1)
"""How much of what the projection has already is published again when the stream was lost: more than a relay lags."""


async def _nothing(halt: asyncio.Event) -> None:
    return


class Relay:
    """One of several may run; the lease says which. `alongside` is for what is done while the lease is held."""

    def __init__(
        self,
        mongo: Mongo,
        relaying: Relaying,
        publications: Publications,
        *,
        lease_s: float = 10,
        mark_pause_s: float = 0.05,
        beat: Callable[[], None] = lambda: None,
        alongside: Callable[[asyncio.Event], Coroutine[Any, Any, None]] = _nothing,
    ) -> None:
        database = mongo.database(DATABASE)
        self._tail = ChangeTail(
            database, TIMELINE, pipeline=[{"$match": {"operationType": "insert"}}], max_await_ms=500
        )
        self._positions = Positions(database)
        # A relay that stands by for another is as well as one that works.
        self._lease = Lease(database, LEASE, lease_s, waiting=beat)
        self._relaying = relaying
        self._publications = publications
        self._mark_pause_s = mark_pause_s
        self._beat = beat
        self._alongside = alongside
        self._figures = RelayFigures("dossiers")
        self._marked_at = -_IDLE_MARK_S

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. Waits for a broker or a database that is away."""
        await self._lease.run_held(stop, self._hold)

    async def _hold(self, halt: asyncio.Event) -> None:
        """While the lease is ours."""
        self._figures.begins()
        watching = asyncio.create_task(self._alongside(halt))
        try:
            await self._carry_on(halt)
        finally:
            watching.cancel()
            await asyncio.wait([watching])
            self._figures.ends()
            if not watching.cancelled() and (error := watching.exception()) is not None:
                raise error

    async def _carry_on(self, halt: asyncio.Event) -> None:
        backoff, attempt = Backoff(ceiling_s=5.0), 0
        while not halt.is_set():
            self._relaying.forget()
            self._marked_at = -_IDLE_MARK_S  # the first batch of a tenure marks, whatever is in it
            self._beat()
            try:
                await self._follow(halt)
            except Transient as error:
                attempt += 1
                RETRIES.labels(LEASE, type(error).__name__).inc()
                pause_s = backoff.pause_s(min(attempt, 6))
                log.warning("relay_waits", error=str(error), again_in_s=round(pause_s, 2))
                await _wait(halt, pause_s)

    async def _follow(self, halt: asyncio.Event) -> None:
        fence = self._lease.token
        assert fence is not None  # noqa: S101 it follows only while it holds the lease
        # Claimed before anything is published: a predecessor that only slept must not move the watermark from now on.
        # Its offsets would lie behind what is published here and not yet projected, and a snapshot would miss that
        # (docs/model/Relay.tla, "watermark-not-claimed").
        position = await self._positions.claim(WATERMARK, fence)
        async with Marking(self._positions, fence, self._mark_pause_s) as marking:
            self._marking = marking
            await self._follow_from(position, halt)

    async def _follow_from(self, position: StoredPosition | None, halt: asyncio.Event) -> None:
        ends = await self._publications.ends()
        # Never beyond the end of the topic: one that was made anew begins at zero, and readers would wait for ever.
        known = position.offsets if position else ends
        offsets = {partition: min(known.get(partition, end), end) for partition, end in ends.items()}
        token = position.resume_token if position else None
        try:
            await self._carry_all(token, position, offsets, halt)
        except ResumeTokenGone as error:
            log.error(
                "resume_token_gone",
                error=str(error),
                meaning="The oplog no longer reaches back to the watermark: the timeline is read again.",
                watermark=position.saved_at.isoformat() if position else None,
            )
            await self._carry_all(None, position, offsets, halt)

    async def _carry_all(
        self,
        token: ResumeToken | None,
        position: StoredPosition | None,
        offsets: dict[int, int],
        halt: asyncio.Event,
    ) -> None:
        """From the token on; without one, everything that the watermark (None: there is none) cannot vouch for."""
        scanned = token is not None
        async with aclosing(self._tail.batches(token, halt)) as batches:
            async for batch in batches:
                # Only now that the stream is open is the timeline read: nothing slips through between the two.
                if not scanned:
                    await self._scan(position, offsets, halt)
                    scanned = True
                if halt.is_set() and not batch.changes:
                    return
                await self._carry(batch, offsets)
                self._beat()

    async def _carry(self, batch: ChangeBatch, offsets: dict[int, int]) -> None:
        appends = [append_of(change.document) for change in batch.changes if change.document is not None]
        if appends:
            offsets |= await self._carried(appends)
        else:
            self._figures.carried()
            if time.monotonic() - self._marked_at < _IDLE_MARK_S:
                return
        self._marking.due(batch.resume_token, offsets, batch.changes[-1].at if batch.changes else None)
        self._marked_at = time.monotonic()
        if batch.changes:
            self._figures.carried(batch.changes[-1].at)

    async def _carried(self, appends: Sequence[Append]) -> Mapping[int, int]:
        things = traced(
            ((append.dossier_id, seq), {TRACEPARENT: context})
            for append in appends
            for seq, context in append.traces.items()
        )
        with processing(things, TIMELINE, operation="relay", system="mongodb", batch_size=len(appends)):
            return await self._relaying.carry(appends)

    async def _scan(self, position: StoredPosition | None, offsets: dict[int, int], halt: asyncio.Event) -> None:
        since = position.saved_at - _CLOCKS_DIFFER if position else None
        carried = 0
        async for appends in self._relaying.suspects(since):
            if halt.is_set():
                raise Transient("The relay was stopped while it read the timeline: it begins again.")
            offsets |= await self._relaying.carry(appends)
            carried += sum(len(append.entries) for append in appends)
            self._beat()
        log.info("timeline_scanned", since=since.isoformat() if since else "the beginning", entries=carried)


async def _wait(stop: asyncio.Event, pause_s: float) -> None:
    try:
        async with asyncio.timeout(pause_s):
            await stop.wait()
    except TimeoutError:
        return
