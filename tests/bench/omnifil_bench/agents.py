"""Agents with an open stream, in a process of their own: the first one notes when it is shown what, the others idle."""

import asyncio
import re
import time

from omnifil_bench.companion import Answer, serve
from omnifil_bench.sockets import AgentSocket

_MESSAGE = re.compile(rb'"provider_message_id":"([^"]+)"')
_AT_ONCE = 50
_PATIENCE_S = 60


class Agents:
    """The commands that the harness gives."""

    def __init__(self) -> None:
        self._sockets: list[AgentSocket] = []
        self._shown_at: dict[str, float] = {}
        self._url = self._token = ""

    async def connect(self, url: str, token: str, count: int) -> Answer:
        """As many more that there are `count`; returns when all are live."""
        self._url, self._token = url, token
        while (missing := count - len(self._sockets)) > 0:
            await self._more(min(missing, _AT_ONCE))
        return {"agents": len(self._sockets)}

    async def shown(self) -> Answer:
        """When each message was shown first (seconds since 1970), by its provider's id; forgotten afterwards."""
        shown, self._shown_at = self._shown_at, {}
        return {"at": shown}

    async def counted(self) -> Answer:
        """How many messages were shown since `shown`."""
        return {"messages": len(self._shown_at)}

    async def cut(self) -> Answer:
        """All lose their connection at the same moment and come back at once; how long until all are live again."""
        count = len(self._sockets)
        for socket in self._sockets:
            socket.abort()
        self._sockets = []
        began = time.perf_counter()
        await self._more(count)
        return {"seconds": time.perf_counter() - began, "agents": count}

    async def _more(self, count: int) -> None:
        async with asyncio.timeout(_PATIENCE_S):
            watch = None if self._sockets else self._note
            waiting = [
                AgentSocket.connect(self._url, self._token, None if number else watch) for number in range(count)
            ]
            sockets = await asyncio.gather(*waiting)
            await asyncio.gather(*(socket.live for socket in sockets))
        self._sockets += sockets

    def _note(self, payload: bytes) -> None:
        now = time.time()
        for found in _MESSAGE.finditer(payload):
            self._shown_at.setdefault(found[1].decode(), now)


if __name__ == "__main__":
    agents = Agents()
    serve({"connect": agents.connect, "shown": agents.shown, "counted": agents.counted, "cut": agents.cut})
