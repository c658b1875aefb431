"""Reads mail in processes of its own, which are ended when one mail takes too long or brings one down."""

import asyncio
import pickle
import sys
from types import TracebackType
from typing import Any, Self

import structlog
from omnifil_contracts.identity import AssuredIdentity
from omnifil_servicekit.errors import Transient

from ingest_email.adapters.reading_process import LENGTH
from ingest_email.domain.authenticity import Answers
from ingest_email.domain.limits import BrokenMail, Limits
from ingest_email.domain.mailbox import OurMailbox
from ingest_email.domain.normalise import Draft

log = structlog.get_logger(__name__)

_START_LIMIT_S = 60


class _Died(Exception):
    """The process ended in the middle of its work."""


class _Process:
    def __init__(
        self, process: asyncio.subprocess.Process, questions: asyncio.StreamWriter, answers: asyncio.StreamReader
    ) -> None:
        self._process = process
        self._questions = questions
        self._answers = answers

    @classmethod
    async def start(cls) -> Self:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "ingest_email.adapters.reading_process"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the service, which lets it finish
        )
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a process was started without its pipes")
        started = cls(process, process.stdin, process.stdout)
        try:
            async with asyncio.timeout(_START_LIMIT_S):
                await started._answer()
        except (TimeoutError, _Died) as error:
            await started.end()
            raise Transient("The process that reads mail does not start.") from error
        return started

    async def ask(self, work: str, arguments: tuple[Any, ...]) -> Any:
        """Raises `BrokenMail`, `_Died`."""
        content = pickle.dumps((work, arguments), protocol=pickle.HIGHEST_PROTOCOL)
        try:
            self._questions.write(LENGTH.pack(len(content)) + content)
            await self._questions.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise _Died from error
        kind, value = await self._answer()
        if kind == "broken":
            raise value
        return value

    async def _answer(self) -> tuple[str, Any]:
        try:
            (length,) = LENGTH.unpack(await self._answers.readexactly(LENGTH.size))
            answer: tuple[str, Any] = pickle.loads(await self._answers.readexactly(length))  # noqa: S301 - our own
            return answer
        except asyncio.IncompleteReadError as error:
            raise _Died from error

    async def end(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


class ProcessReader:
    """The port `Reader` on a number of processes. `async with` starts the first; the others start when needed."""

    def __init__(self, limits: Limits, *, processes: int, limit_s: float) -> None:
        self._limits = limits
        self._limit_s = limit_s
        self._places: asyncio.Queue[_Process | None] = asyncio.Queue()
        for _ in range(processes):
            self._places.put_nowait(None)
        self._running: set[_Process] = set()
        self._warming: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._warming = asyncio.create_task(self._warm())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._warming is not None:
            await self._warming
        await asyncio.gather(*(process.end() for process in self._running))
        self._running.clear()

    async def _warm(self) -> None:
        """The first mail need not wait for a process to start."""
        process = await self._places.get()
        try:
            process = process or await self._started()
        except Transient as error:
            log.warning("reading_process_does_not_start", error=str(error))
        finally:
            self._places.put_nowait(process)

    async def _started(self) -> _Process:
        process = await _Process.start()
        self._running.add(process)
        return process

    async def draft(self, raw: bytes, us: OurMailbox) -> Draft:
        """What the mail says. Raises `BrokenMail`."""
        told: Draft = await self._ask("draft", raw, us, self._limits)
        return told

    async def prove(self, raw: bytes, us: OurMailbox, answers: Answers) -> AssuredIdentity:
        """Who wrote it. Raises `BrokenMail`."""
        proven: AssuredIdentity = await self._ask("prove", raw, us, answers)
        return proven

    async def _ask(self, work: str, *arguments: Any) -> Any:
        """A process may also die of what is no fault of the mail: so a second one is given the mail, and no third."""
        try:
            return await self._once(work, arguments)
        except _Died:
            log.warning("reading_process_died", work=work)
        try:
            return await self._once(work, arguments)
        except _Died:
            raise BrokenMail("unparsable", "The process that read it died of it, twice.") from None

    async def _once(self, work: str, arguments: tuple[Any, ...]) -> Any:
        process = await self._places.get()
        try:
            if process is None:
                process = await self._started()
            async with asyncio.timeout(self._limit_s):
                return await process.ask(work, arguments)
        except BrokenMail:
            raise
        except BaseException as error:
            if process is not None:
                self._running.discard(process)
                ended, process = process, None
                await asyncio.shield(ended.end())
            if isinstance(error, TimeoutError):
                raise BrokenMail("too-slow", f"Reading it took longer than {self._limit_s:g} s.") from None
            raise
        finally:
            self._places.put_nowait(process)
