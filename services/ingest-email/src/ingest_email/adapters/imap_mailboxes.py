"""The port `Mailboxes` on IMAP: each open folder has a thread of its own, so that none waits for another."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

from ingest_email.adapters.imap_connection import ImapConnection
from ingest_email.ports import Pending
from ingest_email.settings import ImapServer

T = TypeVar("T")


class ImapFolder:
    """The port `Folder`."""

    def __init__(self, connection: ImapConnection, thread: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._thread = thread

    @property
    def uidvalidity(self) -> int:
        return self._connection.uidvalidity

    @property
    def last_uid(self) -> int:
        return self._connection.last_uid

    async def pending(self, after: int) -> list[Pending]:
        return await self._do(lambda: self._connection.search(after=after))

    async def unseen(self) -> list[Pending]:
        return await self._do(lambda: self._connection.search(after=None))

    async def fetch(self, uids: Sequence[int]) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        for uid in uids:
            content = await self._do(partial(self._connection.fetch, uid))
            if content is not None:
                found[uid] = content
        return found

    async def stream(self, mail: Pending) -> AsyncIterator[bytes]:
        offset = 0
        while piece := await self._do(partial(self._connection.piece, mail.uid, offset)):
            yield piece
            offset += len(piece)

    async def mark_seen(self, uids: Sequence[int]) -> None:
        if uids:
            await self._do(lambda: self._connection.mark_seen(uids))

    async def wait(self, limit_s: float) -> None:
        await self._do(lambda: self._connection.wait(limit_s))

    def wake(self) -> None:
        self._connection.wake()

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


class ImapMailboxes:
    """The port `Mailboxes`."""

    def __init__(
        self, servers: Mapping[str, ImapServer], *, timeout_s: float, renewal_s: float, poll_interval_s: float
    ) -> None:
        self._servers = servers
        self._timeout_s = timeout_s
        self._renewal_s = renewal_s
        self._poll_interval_s = poll_interval_s

    @asynccontextmanager
    async def open(self, account: str) -> AsyncIterator[ImapFolder]:
        connection = ImapConnection(
            self._servers[account],
            timeout_s=self._timeout_s,
            renewal_s=self._renewal_s,
            poll_interval_s=self._poll_interval_s,
        )
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"imap {account}")
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(thread, connection.open)
            yield ImapFolder(connection, thread)
        except asyncio.CancelledError:
            connection.cut()  # the thread may hang on a server that has gone silent; nobody waits for it
            raise
        finally:
            thread.submit(connection.close)
            thread.shutdown(wait=False)
