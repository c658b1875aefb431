"""One connection of one visitor: it says hello, resumes, and then talks both ways until one of the two leaves."""

import asyncio
import time
from contextlib import suppress
from datetime import timedelta

import structlog
from fastapi import WebSocket, WebSocketDisconnect
from omnifil_contracts.delivery import PresenceChanged
from omnifil_contracts.identity import Actor
from omnifil_servicekit.errors import Transient
from omnifil_servicekit.metrics import ACCEPT_SECONDS
from pydantic import ValidationError

from ingest_chat.adapters.tokens import TokenRefused
from ingest_chat.domain.account import ChatAccount
from ingest_chat.domain.entry import Entry
from ingest_chat.domain.message import MessageRefused, written
from ingest_chat.domain.visitor import CHANNEL, Visitor
from ingest_chat.entrypoints import protocol
from ingest_chat.entrypoints.hub import AgentRead, AgentTyping, News, Resync
from ingest_chat.entrypoints.lobby import Ended, Lobby, text_of
from ingest_chat.entrypoints.protocol import Frame
from ingest_chat.metrics import MESSAGES_REFUSED

log = structlog.get_logger(__name__)

_SEND_WITHIN_S = 20.0
_PAGE = 50
_ACCEPT_SECONDS = ACCEPT_SECONDS.labels(CHANNEL)
_OUTBOX_FRAMES = 256
_IN_HAND = 32
_FAULTS_FORGIVEN = 5
_TYPING_EVERY_S = 2.0
_TYPING_HOLDS = timedelta(seconds=8)


class VisitorSocket:
    """One connection of one visitor."""

    def __init__(
        self, lobby: Lobby, socket: WebSocket, visitor: Visitor, account: ChatAccount, hello: protocol.Hello
    ) -> None:
        self._lobby = lobby
        self._chat = lobby.chat
        self._socket = socket
        self._visitor = visitor
        self._account = account
        self._hello = hello
        self._outbox: asyncio.Queue[News | Frame] = asyncio.Queue(_OUTBOX_FRAMES)
        self._work: asyncio.Queue[protocol.ClientMessage] = asyncio.Queue(_IN_HAND)
        self._too_slow = asyncio.Event()
        self._sent_seq = 0
        self._faults = 0
        self._typed_at = float("-inf")

    async def run(self) -> None:
        """Until one side leaves. Raises `Ended` or WebSocketDisconnect."""
        with self._lobby.hub.listening(self._visitor.conversation_id, self._offer):
            tasks = [asyncio.create_task(each) for each in (self._read(), self._write(), self._do(), self._watch())]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            for task in done:
                task.result()

    def _offer(self, news: News | Frame) -> None:
        try:
            self._outbox.put_nowait(news)
        except asyncio.QueueFull:
            self._too_slow.set()

    async def _watch(self) -> None:
        stopping = asyncio.create_task(self._lobby.health.stopping.wait())
        slow = asyncio.create_task(self._too_slow.wait())
        try:
            await asyncio.wait((stopping, slow), return_when=asyncio.FIRST_COMPLETED)
            if slow.done():
                raise Ended(protocol.TOO_MUCH, "too-slow")
            raise Ended(protocol.RESTART, "restarting")
        finally:
            stopping.cancel()
            slow.cancel()

    async def _read(self) -> None:
        name = self._visitor.visitor_id
        while True:
            text = await text_of(self._socket)
            if self._lobby.frames.take(name, time.monotonic()):
                raise Ended(protocol.TOO_MUCH, "too-many-messages")
            try:
                message = protocol.CLIENT_MESSAGE.validate_json(text)
            except ValidationError as error:
                self._fault("; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:3]))
                continue
            match message:
                case protocol.Ping():
                    self._offer({"type": "pong"})
                case protocol.Typing():
                    await self._typing(message.active)
                case protocol.Send() if wait_s := self._lobby.messages.take(name, time.monotonic()):
                    self._refuse(message, "rate-limited", "Too many messages.", retry=True, retry_after_s=wait_s)
                case _:
                    await self._work.put(message)

    def _fault(self, detail: str) -> None:
        self._faults += 1
        if self._faults > _FAULTS_FORGIVEN:
            raise Ended(protocol.INVALID, "too-many-invalid-messages")
        self._offer(protocol.error("invalid-message", detail))

    def _refuse(
        self, message: protocol.Send, code: str, detail: str, *, retry: bool = False, retry_after_s: float | None = None
    ) -> None:
        MESSAGES_REFUSED.labels(CHANNEL, code).inc()
        self._offer(
            protocol.error(
                code, detail, client_message_id=message.client_message_id, retry=retry, retry_after_s=retry_after_s
            )
        )

    async def _do(self) -> None:
        """What the visitor asked for, one after the other: that is how a visitor's messages keep their order."""
        while True:
            message = await self._work.get()
            await self._lobby.in_hand.finish(self._done(message))

    async def _done(self, message: protocol.ClientMessage) -> None:
        try:
            match message:
                case protocol.Send():
                    await self._accept(message)
                case protocol.Delivered() | protocol.Read():
                    await self._chat.mark_seen(self._visitor, message.seq, read=isinstance(message, protocol.Read))
                case protocol.Earlier():
                    await self._show_earlier(message.before)
        except Transient as error:
            log.warning("not_done", what=message.type, error=str(error))
            if isinstance(message, protocol.Send):
                self._refuse(message, "unavailable", "It cannot be taken just now.", retry=True, retry_after_s=2)

    async def _accept(self, message: protocol.Send) -> None:
        try:
            attachments = tuple(self._lobby.files.uploaded(each, self._visitor) for each in message.attachments)
            said = written(message.client_message_id, message.text, attachments)
        except (MessageRefused, TokenRefused) as error:
            self._refuse(message, error.code, error.detail)
            return
        with _ACCEPT_SECONDS.time():
            entry = await self._chat.accept_message(said, self._visitor, self._account, self._hello.language)
        self._offer(protocol.accepted(entry, self._lobby.files))

    async def _show_earlier(self, before_seq: int) -> None:
        shown = await self._chat.transcript.newest(self._visitor.conversation_id, before_seq, _PAGE)
        self._offer(protocol.entries(shown, self._lobby.files, earlier=bool(shown) and shown[0].seq > 1))

    async def _typing(self, active: bool) -> None:
        """Presence is worth nothing a moment later: said at most every two seconds, and never waited for."""
        now_s = time.monotonic()
        if active and now_s - self._typed_at < _TYPING_EVERY_S:
            return
        if not active and self._typed_at == float("-inf"):
            return
        self._typed_at = now_s if active else float("-inf")
        now = self._chat.clock()
        presence = PresenceChanged(
            conversation_id=self._visitor.conversation_id,
            actor=Actor(kind="customer", id=self._visitor.identity.key, name=self._visitor.display_name),
            activity="typing" if active else "idle",
            at=now,
            expires_at=now + _TYPING_HOLDS,
        )
        self._lobby.in_hand.start(self._say(presence))

    async def _say(self, presence: PresenceChanged) -> None:
        with suppress(Transient):
            await self._chat.records.publish_presence(presence)

    async def _write(self) -> None:
        await self._catch_up()
        await self._put({"type": "live"})
        while True:
            match await self._outbox.get():
                case Entry() as entry:
                    await self._show(entry)
                case AgentTyping(name, active):
                    await self._put({"type": "typing", "active": active, "name": name})
                case AgentRead(seq):
                    await self._put({"type": "read", "seq": seq})
                case Resync():
                    await self._show_after(self._sent_seq)
                case frame if isinstance(frame, dict):
                    await self._put(frame)

    async def _catch_up(self) -> None:
        conversation_id, after = self._visitor.conversation_id, self._hello.after
        try:
            standing = await self._chat.transcript.standing(conversation_id)
            reset = after is not None and after > standing.last_seq
            await self._put(protocol.hello(conversation_id, standing, reset=reset))
            if after is not None and not reset:
                await self._show_after(after)
                return
            shown = await self._chat.transcript.newest(conversation_id, None, _PAGE)
        except Transient as error:
            raise Ended(protocol.RESTART, "unavailable") from error
        self._sent_seq = shown[-1].seq if shown else 0
        await self._put(protocol.entries(shown, self._lobby.files, earlier=bool(shown) and shown[0].seq > 1))

    async def _show(self, entry: Entry) -> None:
        """A new entry, or one that has changed. Should one before it be missing, they come first."""
        if entry.seq > self._sent_seq + 1:
            await self._show_after(self._sent_seq)
            return
        self._sent_seq = max(self._sent_seq, entry.seq)
        await self._put(protocol.entries([entry], self._lobby.files))

    async def _show_after(self, seq: int) -> None:
        self._sent_seq = seq
        while shown := await self._chat.transcript.after(self._visitor.conversation_id, self._sent_seq, _PAGE):
            self._sent_seq = shown[-1].seq
            await self._put(protocol.entries(shown, self._lobby.files))
            if len(shown) < _PAGE:
                return

    async def _put(self, frame: Frame) -> None:
        try:
            async with asyncio.timeout(_SEND_WITHIN_S):
                await self._socket.send_json(frame)
        except TimeoutError as error:
            raise Ended(protocol.TOO_MUCH, "too-slow") from error
        except RuntimeError as error:  # Starlette's word for a socket that was closed meanwhile
            raise WebSocketDisconnect(1006) from error
