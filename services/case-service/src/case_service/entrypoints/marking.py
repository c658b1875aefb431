"""Writing the watermark beside the work: the newest that is due, one write after the other."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import Self

from omnifil_mongostore import Positions, ResumeToken

from case_service.adapters.documents import WATERMARK


class Marking:
    """While it is entered, what is `due` gets written, at most once in `pause_s`: that much more is repeated after a
    crash. Leaving it in good order writes the last one.

    A write that fails (`Transient`, `Fenced`) fails the next `due`, or the leaving.
    """

    def __init__(self, positions: Positions, fence: int, pause_s: float) -> None:
        self._positions = positions
        self._fence = fence
        self._pause_s = pause_s
        self._due: tuple[ResumeToken | None, dict[int, int], datetime | None] | None = None
        self._bell = asyncio.Event()
        self._end = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None

    def due(self, token: ResumeToken | None, offsets: Mapping[int, int], reached_at: datetime | None = None) -> None:
        """Everything up to here is published and projected; the newest of it was appended at `reached_at`."""
        assert self._writing is not None  # noqa: S101 it is entered
        if self._writing.done():
            self._writing.result()
        self._due = token, dict(offsets), reached_at
        self._bell.set()

    async def _write(self) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            if self._due is not None:
                (token, offsets, reached_at), self._due = self._due, None
                await self._positions.save(WATERMARK, token, offsets, fence=self._fence, reached_at=reached_at)
                await self._pause()
            elif self._end.is_set():
                return
            if self._due is not None or self._end.is_set():
                self._bell.set()

    async def _pause(self) -> None:
        if self._pause_s and not self._end.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._end.wait(), self._pause_s)

    async def __aenter__(self) -> Self:
        self._writing = asyncio.create_task(self._write())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._writing is not None  # noqa: S101 it is entered
        if error is not None:
            self._writing.cancel()
            await asyncio.wait([self._writing])
            return
        self._end.set()
        self._bell.set()
        await self._writing
