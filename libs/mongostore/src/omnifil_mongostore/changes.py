"""A change stream, read in whole batches.

Motor hands every document of its own change streams to a thread. Here one `getMore` brings a batch, so the cost is one
hop for a thousand documents (figures in this library's README).
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from pymongo.errors import OperationFailure, PyMongoError

from .driver import Database, Document, ResumeToken, Session
from .failures import is_transient

log = structlog.get_logger(__name__)

_CURSOR_LOST = frozenset({43, 237, 238, 262, 206})  # CursorNotFound, CursorKilled, CursorInUse…, a session that expired
_HISTORY_GONE = frozenset({260, 280, 286})  # InvalidResumeToken, ChangeStreamFatalError, ChangeStreamHistoryLost
# A token that is none at all is refused while the pipeline is parsed, under codes of the parser.
_NOT_A_TOKEN = frozenset({2, 9, 14, 40647, 40648, 40649, 50811, 8000, 40415})


class ResumeTokenGone(Exception):
    """The stream cannot go on from this token: the oplog has moved past it, or it is of another collection.

    What was in between is lost to the stream; read the collection again, then start without a token.
    """


@dataclass(frozen=True, slots=True)
class Change:
    """`operation` as MongoDB names it (insert, update, replace, delete, drop, invalidate, …).

    `document_key` is `{"_id": …}`, empty for operations on the collection. `document` is there for inserts and
    replaces, and for updates when the tail was made with `full_document` (as it is then, which may be later than the
    change). `at` is the server's clock, UTC.
    """

    operation: str
    document_key: Document
    document: Document | None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChangeBatch:
    """Changes in their order, and the token after the last of them. Without changes, only the token moved on."""

    changes: list[Change]
    resume_token: ResumeToken


class ChangeTail:
    """Tails one collection. `pipeline` holds further stages ($match, $project that keeps `_id`)."""

    def __init__(
        self,
        database: Database,
        collection: str,
        *,
        pipeline: Sequence[Document] = (),
        batch_size: int = 1000,
        full_document: bool = False,
        max_await_ms: int = 500,
    ) -> None:
        self._database = database
        self._collection = collection
        self._pipeline = list(pipeline)
        self._batch_size = batch_size
        self._full_document = full_document
        self._max_await_ms = max_await_ms

    async def batches(self, resume_token: ResumeToken | None, stop: asyncio.Event) -> AsyncIterator[ChangeBatch]:
        """Batches from after `resume_token` (None: from now) until `stop` is set.

        The first batch comes at once, mostly empty: from its token on nothing is missed, so whoever starts from a
        snapshot reads the snapshot after it. Later an empty batch comes after each `max_await_ms` without changes.
        Fail-over and restarts are resumed from the last token that was yielded, with growing pauses, for as long as it
        takes. Raises `ResumeTokenGone`, and the driver's error for what waiting does not mend.
        """
        pause_s = 0.1
        while not stop.is_set():
            try:
                async with await self._database.client.start_session() as session:
                    async for batch in self._one_cursor(session, resume_token, stop):
                        resume_token, pause_s = batch.resume_token, 0.1
                        yield batch
            except OperationFailure as error:
                if _is_gone(error, resume_token):
                    raise ResumeTokenGone(
                        f"{self._database.name}.{self._collection} cannot be tailed from the stored token: {error}"
                    ) from error
                if not _is_resumable(error):
                    raise
                await self._wait(error, pause_s, stop)
                pause_s = min(pause_s * 2, 5)
            except PyMongoError as error:
                if not is_transient(error):
                    raise
                await self._wait(error, pause_s, stop)
                pause_s = min(pause_s * 2, 5)

    async def _one_cursor(
        self, session: Session, resume_token: ResumeToken | None, stop: asyncio.Event
    ) -> AsyncIterator[ChangeBatch]:
        stage: Document = {}
        if resume_token is not None:
            stage["startAfter"] = resume_token  # unlike resumeAfter it also goes on after a drop of the collection
        if self._full_document:
            stage["fullDocument"] = "updateLookup"
        reply = await self._database.command(
            {
                "aggregate": self._collection,
                "pipeline": [{"$changeStream": stage}, *self._pipeline],
                "cursor": {"batchSize": self._batch_size},
                "readConcern": {"level": "majority"},
            },
            session=session,
        )
        cursor = reply["cursor"]
        try:
            yield _batch(cursor, "firstBatch")
            while cursor["id"] and not stop.is_set():
                reply = await self._database.command(
                    {
                        "getMore": cursor["id"],
                        "collection": self._collection,
                        "batchSize": self._batch_size,
                        "maxTimeMS": self._max_await_ms,
                    },
                    session=session,
                )
                cursor = reply["cursor"]
                yield _batch(cursor, "nextBatch")
        finally:
            if cursor["id"]:
                with suppress(PyMongoError):  # it expires by itself; this only tidies up
                    await self._database.command(
                        {"killCursors": self._collection, "cursors": [cursor["id"]]}, session=session
                    )

    async def _wait(self, error: PyMongoError, pause_s: float, stop: asyncio.Event) -> None:
        log.warning(
            "change_stream_interrupted", collection=self._collection, error=type(error).__name__, again_in_s=pause_s
        )
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause_s)


def _batch(cursor: Document, part: str) -> ChangeBatch:
    changes = [
        Change(event["operationType"], event.get("documentKey", {}), event.get("fullDocument"), event.get("wallTime"))
        for event in cursor[part]
    ]
    return ChangeBatch(changes, dict(cursor["postBatchResumeToken"]))


def _is_gone(error: OperationFailure, resume_token: ResumeToken | None) -> bool:
    return error.code in _HISTORY_GONE or (resume_token is not None and error.code in _NOT_A_TOKEN)


def _is_resumable(error: OperationFailure) -> bool:
    return is_transient(error) or error.code in _CURSOR_LOST or error.has_error_label("ResumableChangeStreamError")


__all__: list[Any] = ["Change", "ChangeBatch", "ChangeTail", "ResumeTokenGone"]
