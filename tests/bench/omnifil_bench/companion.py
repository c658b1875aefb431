"""A process of ours beside the harness, asked by lines of JSON: a client that must not share its core or its loop.

The harness side is `Companion`; the module that runs in the process ends with `serve({...})`.
"""

import asyncio
import ctypes
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import uvloop

from omnifil_bench.processes import own_environment

Answer = dict[str, Any]
Commands = Mapping[str, Callable[..., Awaitable[Answer]]]

_LINE_BYTES = 256 * 1024 * 1024
_PR_SET_PDEATHSIG = 1  # prctl(2)


class CompanionDied(Exception):
    """It ended instead of answering; what it said is on standard error."""


class Companion:
    """Ask one thing at a time."""

    def __init__(self, module: str, process: asyncio.subprocess.Process) -> None:
        self._module = module
        self._process = process

    @classmethod
    @asynccontextmanager
    async def started(cls, module: str) -> AsyncIterator["Companion"]:
        """Loaded and ready; ended afterwards."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=own_environment({}),
            limit=_LINE_BYTES,
        )
        companion = cls(module, process)
        try:
            await companion.ask("ready")
            yield companion
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ask(self, command: str, **arguments: object) -> Answer:
        """Its answer. Raises `CompanionDied`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"command": command, **arguments}).encode() + b"\n")
        if not (line := await self._process.stdout.readline()):
            raise CompanionDied(f"{self._module} ended while it was asked to {command}.")
        answer: Answer = json.loads(line)
        return answer


def serve(commands: Commands) -> None:
    """Answer until the harness is gone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    uvloop.run(_serve(commands))


async def _serve(commands: Commands) -> None:
    reader = asyncio.StreamReader(limit=_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        asked = json.loads(line)
        command = asked.pop("command")
        answer = {} if command == "ready" else await commands[command](**asked)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    os._exit(0)  # clients are still connected, and nobody waits for their goodbyes
