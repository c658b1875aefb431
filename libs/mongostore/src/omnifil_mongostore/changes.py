"""A change stream, read in whole batches.

Motor hands every document of its own change streams to a thread. Here one `getMore` brings a batch, so the cost is one
hop for a thousand documents (figures in this library's README).
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime

import structlog
from pymongo.errors import OperationFailure, PyMongoError

from .driver import Database, Document, ResumeToken, Session
from .failures import is_transient

log = structlog.get_logger(__name__)

# MongoDB's error_codes.yml.
_CURSOR_LOST = frozenset({43, 206, 237})  # CursorNotFound, NoSuchSession, CursorKilled
_HISTORY_GONE = frozenset({260, 280, 286})  # InvalidResumeToken, ChangeStreamFatalError, ChangeStreamHistoryLost


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

    async def batches(self, resume_token: ResumeToken | None, stop: asyncio.Event) -> AsyncGenerator[ChangeBatch]:
        """Batches from after `resume_token` (None: from now) until `stop` is set.

        The first batch comes at once, mostly empty: from its token on nothing is missed, so whoever starts from a
        snapshot reads the snapshot after it. Later an empty batch comes after each `max_await_ms` without changes.
        Fail-over and restarts are resumed from the last token that was yielded, with growing pauses, for as long as it
        takes. Raises `ResumeTokenGone`, and the driver's error for what waiting does not mend.
        """
        pause_s = 0.1
        while not stop.is_set():
            try:
                async with (
                    await self._database.client.start_session() as session,
                    aclosing(self._one_cursor(session, resume_token, stop)) as batches,
                ):
                    async for batch in batches:
                        resume_token, pause_s = batch.resume_token, 0.1
                        yield batch
            except PyMongoError as error:
                await self._raise_unless_resumable(error, resume_token)
                log.warning(
                    "change_stream_interrupted",
                    collection=self._collection,
                    error=type(error).__name__,
                    again_in_s=pause_s,
                )
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), pause_s)
                pause_s = min(pause_s * 2, 5)

    async def _raise_unless_resumable(self, error: PyMongoError, resume_token: ResumeToken | None) -> None:
        code = error.code if isinstance(error, OperationFailure) else None
        if code in _HISTORY_GONE or (_is_fatal(error) and resume_token is not None and await self._opens_without()):
            raise ResumeTokenGone(
                f"{self._database.name}.{self._collection} cannot be tailed from the stored token: {error}"
            ) from error
        if _is_fatal(error):
            raise error

    async def _opens_without(self) -> bool:
        """Whether the token alone is at fault: a broken one fails under codes that differ by kind and version."""
        try:
            async with await self._database.client.start_session() as session:
                await anext(self._one_cursor(session, None, asyncio.Event()))
        except PyMongoError:
            return False
        return True

    async def _one_cursor(
        self, session: Session, resume_token: ResumeToken | None, stop: asyncio.Event
    ) -> AsyncGenerator[ChangeBatch]:
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
        answering = True
        try:
            yield _batch(cursor, "firstBatch")
            while cursor["id"] and not stop.is_set():
                answering = False
                reply = await self._database.command(
                    {
                        "getMore": cursor["id"],
                        "collection": self._collection,
                        "batchSize": self._batch_size,
                        "maxTimeMS": self._max_await_ms,
                    },
                    session=session,
                )
                cursor, answering = reply["cursor"], True
                yield _batch(cursor, "nextBatch")
        finally:
            if cursor["id"] and answering:
                with suppress(PyMongoError):  # it expires by itself; this only tidies up
                    await self._database.command(
                        {"killCursors": self._collection, "cursors": [cursor["id"]]}, session=session
                    )


def _batch(cursor: Document, part: str) -> ChangeBatch:
    changes = [
        Change(event["operationType"], event.get("documentKey", {}), event.get("fullDocument"), event.get("wallTime"))
        for event in cursor[part]
    ]
    return ChangeBatch(changes, dict(cursor["postBatchResumeToken"]))


def _is_fatal(error: PyMongoError) -> bool:
    """Whether waiting does not mend it."""
    code = error.code if isinstance(error, OperationFailure) else None
    return not (is_transient(error) or code in _CURSOR_LOST or error.has_error_label("ResumableChangeStreamError"))
