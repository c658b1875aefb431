"""All proxies of a field, in a process of their own so that a busy play does not slow the links.

`Doors` is the play's side. The other side is `python -m chaos_field.doors`: a line of JSON in, a line of JSON out;
it ends when its input does.
"""

import asyncio
import json
import os
import random
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from omnifil_devstack.topology import Door

from chaos_field.disturbance import ANYBODY, CALM, Disturbance
from chaos_field.proxy import Proxy
from chaos_field.who_is import Suite

_PACKAGES = Path(__file__).resolve().parents[1]
_LINE_BYTES = 1024 * 1024


class Doors:
    """Disturbs and mends links, named by door and client."""

    def __init__(self, doors: Sequence[Door], commands: asyncio.StreamWriter, answers: asyncio.StreamReader) -> None:
        self.doors = {door.name: door for door in doors}
        self._commands = commands
        self._answers = answers
        self._turn = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def opened(cls, doors: Sequence[Door], record: Path, log: Path, seed: int) -> AsyncIterator["Doors"]:
        """They listen inside. `record`: where the supervisor writes down its processes."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "chaos_field.doors"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env=os.environ | {"PYTHONPATH": str(_PACKAGES)},
                start_new_session=True,
                limit=_LINE_BYTES,
            )
        assert process.stdin is not None
        assert process.stdout is not None
        own = cls(doors, process.stdin, process.stdout)
        try:
            await own._ask(doors=[asdict(door) for door in doors], record=str(record), seed=seed)
            yield own
        finally:
            process.stdin.close()
            await process.wait()

    async def disturb(self, door: str, client: str, how: Disturbance) -> None:
        """From now on, until `calm`."""
        await self._ask("disturb", door, client, how=asdict(how))

    async def calm(self, door: str, client: str) -> None:
        """All is well again on this link."""
        await self._ask("disturb", door, client, how=asdict(CALM))

    async def reset(self, door: str, client: str) -> int:
        """Reset the present connections; how many."""
        return int((await self._ask("reset", door, client))["told"])

    async def forget(self, door: str, client: str) -> int:
        """Make the present connections half-open; how many."""
        return int((await self._ask("forget", door, client))["told"])

    async def end_forgotten(self, door: str, client: str) -> int:
        """Reset those that are half-open; how many."""
        return int((await self._ask("end_forgotten", door, client))["told"])

    async def clients(self, door: str) -> dict[str, int]:
        """How many connections each client has at this door."""
        told: dict[str, int] = (await self._ask("clients", door, ANYBODY))["told"]
        return told

    async def _ask(self, what: str = "open", door: str = "", client: str = "", **more: Any) -> dict[str, Any]:
        async with self._turn:
            self._commands.write(json.dumps({"what": what, "door": door, "client": client, **more}).encode() + b"\n")
            await self._commands.drain()
            answer = await self._answers.readline()
        assert answer, "The proxies have ended; see doors.log."
        told: dict[str, Any] = json.loads(answer)
        return told


async def _serve() -> None:
    lines = asyncio.StreamReader(limit=_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    order = json.loads(await lines.readline())
    suite, drawn = Suite(Path(order["record"])), random.Random(order["seed"])
    proxies = {door["name"]: Proxy(Door(**door), suite.holder_of, drawn) for door in order["doors"]}
    for proxy in proxies.values():
        await proxy.open()
    print(json.dumps({"told": sorted(proxies)}), flush=True)
    while line := await lines.readline():
        print(json.dumps({"told": _obey(proxies, json.loads(line))}), flush=True)
    for proxy in proxies.values():
        await proxy.close()


def _obey(proxies: dict[str, Proxy], order: dict[str, Any]) -> object:
    proxy, client = proxies[order["door"]], order["client"]
    match order["what"]:
        case "disturb":
            return proxy.disturb(client, Disturbance(**order["how"]))
        case "reset":
            return proxy.reset(client)
        case "forget":
            return proxy.forget(client)
        case "end_forgotten":
            return proxy.end_forgotten(client)
        case "clients":
            return proxy.clients()
    raise ValueError(order["what"])


if __name__ == "__main__":
    asyncio.run(_serve())
