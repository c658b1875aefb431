"""An agent, as the desktop is one: signs in, follows the live stream, applies each entry once, gives commands."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import httpx
from omnifil_contracts.commands import Command, CommandRequest, CommandResult
from omnifil_contracts.dossier import DossierEvent, DossierView, TimelineEntry
from omnifil_contracts.message import Attachment
from omnifil_contracts.views import CustomerCard, DossierSnapshot, Inbox, Journey, Timeline
from pydantic import BaseModel
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from omnifil_devstack.errors import StackError
from omnifil_devstack.stack_file import Stack

_T = TypeVar("_T")
_View = TypeVar("_View", bound=BaseModel)
_PAUSE_S = 0.1


class Agent:
    """What an agent's client knows: the entries that came over the stream, by dossier and `seq`."""

    def __init__(self, stack: Stack, http: httpx.AsyncClient, token: str) -> None:
        self._stack = stack
        self._http = http
        self._token = token
        self._cursor: str | None = None
        self._news = asyncio.Condition()
        self._connected = asyncio.Event()
        self._wanted = asyncio.Event()
        self._wanted.set()
        self._cut = asyncio.Event()
        self.timelines: dict[str, dict[int, TimelineEntry]] = {}
        self.conflicts = 0
        """Entries that came again under the same `seq` with other content: never right."""

    @classmethod
    @asynccontextmanager
    async def signed_in(cls, stack: Stack, http: httpx.AsyncClient) -> AsyncIterator["Agent"]:
        """Sign in as the first agent, take a snapshot's cursor, and follow from there."""
        login = stack.issuer.agents[0]
        form = {"grant_type": "password", "username": login.username, "password": login.password}
        answer = await http.post(stack.issuer.token_endpoint, data=form)
        answer.raise_for_status()
        agent = cls(stack, http, answer.json()["access_token"])
        agent._cursor = (await agent._get(Inbox, "dossiers", limit="1")).cursor
        following = asyncio.create_task(agent._follow())
        try:
            await agent._connected.wait()
            yield agent
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following

    @asynccontextmanager
    async def cut_off(self) -> AsyncIterator[None]:
        """Without the stream; afterwards it continues at its cursor."""
        self._wanted.clear()
        self._cut.set()
        async with self._news:
            await self._news.wait_for(lambda: not self._connected.is_set())
        try:
            yield
        finally:
            self._cut.clear()
            self._wanted.set()
            await self._connected.wait()

    async def until(self, find: Callable[[], _T | None], what: str, timeout_s: float) -> _T:
        """Wait for something in the timelines; raises `StackError` with `what` when it does not come."""
        try:
            async with asyncio.timeout(timeout_s), self._news:
                while (found := find()) is None:
                    await self._news.wait()
                return found
        except TimeoutError:
            raise StackError(f"After {timeout_s:.0f} s the agent still does not see {what}.") from None

    def entries(self) -> Iterable[tuple[str, TimelineEntry]]:
        """Everything that was seen, dossier by dossier, in order."""
        for dossier_id, timeline in self.timelines.items():
            for _, entry in sorted(timeline.items()):
                yield dossier_id, entry

    async def dossier(self, dossier_id: str) -> DossierView:
        """A fresh snapshot, at least as new as what the stream has shown."""
        newest = max(self.timelines.get(dossier_id, {0: None}))
        while True:
            dossier = (await self._get(DossierSnapshot, f"dossiers/{dossier_id}")).dossier
            if dossier.seq >= newest:
                return dossier
            await asyncio.sleep(_PAUSE_S)

    async def card(self, customer_id: str) -> CustomerCard:
        """The customer's card as it is now."""
        return await self._get(CustomerCard, f"customers/{customer_id}")

    async def journey(self, customer_id: str) -> Journey:
        """The newest contacts of a customer."""
        return await self._get(Journey, f"customers/{customer_id}/journey")

    async def whole_timeline(self, dossier_id: str) -> list[TimelineEntry]:
        """The timeline as the API gives it, page by page, oldest first."""
        entries: list[TimelineEntry] = []
        while True:
            query = {"before_seq": str(entries[0].seq)} if entries else {}
            page = await self._get(Timeline, f"dossiers/{dossier_id}/timeline", limit="100", **query)
            entries = [*page.entries, *entries]
            if not page.has_earlier:
                return entries

    async def command(self, dossier_id: str, command: Command) -> CommandResult:
        """Give a command; raises `StackError` with the gateway's words when it is refused."""
        request = CommandRequest(command_id=uuid.uuid4().hex, command=command)
        answer = await self._http.post(
            f"{self._api}/dossiers/{dossier_id}/commands",
            content=request.model_dump_json(),
            headers=self.headers | {"content-type": "application/json"},
        )
        if answer.is_error:
            raise StackError(f"The command {command.type} was refused: {answer.text}")
        return CommandResult.model_validate_json(answer.content)

    async def upload(self, filename: str, media_type: str, content: bytes) -> Attachment:
        """Put a file where replies can name it."""
        answer = await self._http.post(
            f"{self._api}/blobs", files={"file": (filename, content, media_type)}, headers=self.headers
        )
        answer.raise_for_status()
        return Attachment.model_validate_json(answer.content)

    @property
    def _api(self) -> str:
        return f"{self._stack.agent_gateway.url}/api/v1"

    @property
    def headers(self) -> dict[str, str]:
        """By which the gateway knows the agent."""
        return {"authorization": f"Bearer {self._token}"}

    async def _get(self, view: type[_View], path: str, **query: str) -> _View:
        answer = await self._http.get(f"{self._api}/{path}", params=query, headers=self.headers)
        if answer.is_error:
            raise StackError(f"The gateway refused {path}: {answer.text}")
        return view.model_validate_json(answer.content)

    async def _follow(self) -> None:
        while True:
            await self._wanted.wait()
            with suppress(ConnectionClosed, InvalidHandshake, OSError):  # also of a gateway that dies or starts
                await self._listen()
            async with self._news:
                self._connected.clear()
                self._news.notify_all()
            await asyncio.sleep(_PAUSE_S)

    async def _listen(self) -> None:
        async with connect(self._stack.agent_gateway.ws, max_size=None) as socket:
            await socket.send(json.dumps({"token": self._token, "cursor": self._cursor}))
            cutting = asyncio.create_task(self._close_when_cut(socket.transport.abort))
            try:
                async for raw in socket:
                    await self._take(json.loads(raw), socket.send)
            finally:
                cutting.cancel()

    async def _close_when_cut(self, abort: Callable[[], None]) -> None:
        await self._cut.wait()
        abort()  # as when a cable is pulled: no goodbye

    async def _take(self, message: dict[str, Any], send: Callable[[str], Any]) -> None:
        match message["type"]:
            case "events":
                async with self._news:
                    for event in message["events"]:
                        self._apply(DossierEvent.model_validate(event))
                    self._cursor = message["cursor"]
                    self._news.notify_all()
            case "ping":
                await send('{"type": "pong"}')
            case "reset":
                raise StackError(f"The stream could not be continued: {message['reason']}")
        self._connected.set()

    def _apply(self, event: DossierEvent) -> None:
        timeline = self.timelines.setdefault(event.dossier_id, {})
        known = timeline.setdefault(event.entry.seq, event.entry)
        self.conflicts += known != event.entry
