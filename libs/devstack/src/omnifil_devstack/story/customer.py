"""A customer, acting through what a customer has: a mail program, the shop's chat, a social network."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from omnifil_devstack.errors import StackError
from omnifil_devstack.stack_file import Stack

_ACCEPTED_WITHIN_S = 20


@dataclass(frozen=True)
class Customer:
    """Somebody of the played world."""

    name: str
    email: str
    account: str
    psid: str


class World:
    """The played world, by its routes."""

    def __init__(self, stack: Stack, http: httpx.AsyncClient) -> None:
        self._stack = stack
        self._http = http

    async def move_in(self, name: str) -> Customer:
        """Somebody with a mailbox, an account at the shop and one on the network; the same name is the same person."""
        answer = await self._http.post(f"{self._stack.world}/residents", json={"name": name})
        answer.raise_for_status()
        return Customer(name=name, **answer.json())

    async def write_mail(self, customer: Customer, subject: str, text: str, *, forged: bool = False) -> str:
        """Send a mail to the shop; its Message-ID."""
        form = {"subject": subject, "text": text, "forged": str(forged).lower()}
        answer = await self._http.post(f"{self._stack.world}/mailbox/{customer.email}/mails", data=form)
        answer.raise_for_status()
        return str(answer.json()["message_id"])

    async def mails(self, customer: Customer) -> list[dict[str, Any]]:
        """What lies in the mailbox, newest first; also what was sent."""
        answer = await self._http.get(f"{self._stack.world}/mailbox/{customer.email}/mails")
        answer.raise_for_status()
        return list(answer.json())

    async def write_on_network(self, customer: Customer, text: str) -> None:
        """Write to the shop's page."""
        answer = await self._http.post(
            f"{self._stack.world}/network/people/{customer.psid}/messages", data={"text": text}
        )
        answer.raise_for_status()

    async def seen_on_network(self, customer: Customer) -> list[dict[str, Any]]:
        """The conversation with the page, oldest first."""
        answer = await self._http.get(f"{self._stack.world}/network/people/{customer.psid}/messages")
        answer.raise_for_status()
        return list(answer.json())

    async def signature(self, customer: Customer) -> str:
        """The shop's proof, for its widget, that this customer is signed in."""
        answer = await self._http.get(f"{self._stack.world}/shop/identity/{customer.account}")
        answer.raise_for_status()
        return str(answer.json()["token"])


class Chat:
    """An open chat window: sends, and remembers every entry it was shown."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._news = asyncio.Condition()
        self.entries: dict[int, dict[str, Any]] = {}
        self._accepted: dict[str, int] = {}
        self._refused: dict[str, str] = {}

    @classmethod
    @asynccontextmanager
    async def opened(
        cls,
        stack: Stack,
        http: httpx.AsyncClient,
        *,
        identity: str | None = None,
        claimed: dict[str, str] | None = None,
    ) -> AsyncIterator["Chat"]:
        """Open the widget's chat, signed by the shop (`identity`) or with what somebody typed (`claimed`)."""
        asked: dict[str, Any] = {"account": stack.accounts.chat}
        asked |= {"identity_token": identity} if identity else {}
        asked |= {"claimed": claimed} if claimed else {}
        answer = await http.post(f"{stack.chat.url}/api/sessions", json=asked, headers={"origin": stack.world})
        if answer.is_error:
            raise StackError(f"The chat does not open: {answer.text}")
        async with connect(stack.chat.ws, origin=stack.world) as socket:  # type: ignore[arg-type]
            await socket.send(json.dumps({"type": "hello", "session": answer.json()["session_token"]}))
            chat = cls(socket)
            listening = asyncio.create_task(chat._listen())
            try:
                yield chat
            finally:
                listening.cancel()

    async def say(self, text: str) -> None:
        """Send a message; returns when the service has taken it for good."""
        message_id = str(uuid.uuid4())
        await self._socket.send(json.dumps({"type": "send", "client_message_id": message_id, "text": text}))
        await self._until(lambda: message_id in self._accepted or message_id in self._refused)
        if message_id in self._refused:
            raise StackError(f"The chat refused a message: {self._refused[message_id]}")

    async def shown(self, text: str, timeout_s: float) -> None:
        """Wait until a reply with this text is there. Raises TimeoutError."""
        await self._until(lambda: any(text in entry["text"] for entry in self.replies()), timeout_s)

    def replies(self) -> list[dict[str, Any]]:
        """What the company wrote, in order."""
        return [entry for _, entry in sorted(self.entries.items()) if entry["author"] != "visitor"]

    async def _until(self, condition: Callable[[], bool], timeout_s: float = _ACCEPTED_WITHIN_S) -> None:
        async with asyncio.timeout(timeout_s), self._news:
            await self._news.wait_for(condition)

    async def _listen(self) -> None:
        async for raw in self._socket:
            frame = json.loads(raw)
            async with self._news:
                match frame["type"]:
                    case "entries":
                        self.entries |= {entry["seq"]: entry for entry in frame["entries"]}
                    case "accepted":
                        self._accepted[frame["client_message_id"]] = frame["entry"]["seq"]
                        self.entries[frame["entry"]["seq"]] = frame["entry"]
                    case "error" if "client_message_id" in frame:
                        self._refused[frame["client_message_id"]] = frame["detail"]
                self._news.notify_all()
