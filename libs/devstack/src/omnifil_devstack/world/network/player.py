"""The network itself: what happens when a person writes, looks, or is answered."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from omnifil_devstack.world.network.memory import Memory, Message, now_ms
from omnifil_devstack.world.network.settings import NetworkSettings, Person
from omnifil_devstack.world.network.webhooks import Webhooks


class NetworkPlayer:
    """People, one page and its app. `running()` keeps the webhooks going."""

    def __init__(self, settings: NetworkSettings) -> None:
        self.settings = settings
        self.memory = Memory(settings.database)
        self.webhooks = Webhooks(settings, self.memory)
        self.people = {person.psid: person for person in settings.people}
        self._watchers: set[asyncio.Queue[str]] = set()
        self._on_the_way: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["NetworkPlayer"]:
        """Deliver webhooks until the context ends."""
        delivering = asyncio.create_task(self.webhooks.run())
        try:
            yield self
        finally:
            for task in (delivering, *self._on_the_way):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            self.memory.close()

    def write(self, psid: str, text: str = "", pictures: Sequence[str] = (), at_ms: int | None = None) -> Message:
        """A person writes to the page."""
        message = Message(_new_mid(), psid, "person", at_ms or now_ms(), text, tuple(pictures))
        self._remember(message)
        self.webhooks.tell(self._event(psid, message.at_ms, from_page=False, message=self._told(message)))
        return message

    def reply(
        self, psid: str, text: str = "", pictures: Sequence[str] = (), metadata: str | None = None, *, by: str = "app"
    ) -> Message:
        """The page answers, `by` its app or by hand in its own inbox (`page`); the app hears an echo of both."""
        message = Message(_new_mid(), psid, by, now_ms(), text, tuple(pictures), metadata)
        self._remember(message)
        echo = self._told(message) | {"is_echo": True}
        if by == "app":
            echo["app_id"] = int(self.settings.app_id)
        self.webhooks.tell(self._event(psid, message.at_ms, from_page=True, message=echo))
        travel = asyncio.create_task(self._arrive(psid))
        self._on_the_way.add(travel)
        travel.add_done_callback(self._on_the_way.discard)
        return message

    def look(self, psid: str) -> None:
        """The person looks at the conversation: what the page wrote is read."""
        self._tell_delivered(psid)
        if self.memory.mark_read(psid):
            self.webhooks.tell(self._event(psid, now_ms(), from_page=False, read={"watermark": now_ms()}))
            self._changed(psid)

    def profile(self, person: Person) -> dict[str, str]:
        """The fields that the Graph API gives of a person."""
        drawn = f"{self.settings.public_url}/network/people/{person.psid}/picture"
        return {
            "id": person.psid,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "name": f"{person.first_name} {person.last_name}",
            "profile_pic": person.picture or drawn,
        }

    def keep_picture(self, media_type: str, content: bytes) -> str:
        """Keep a picture; its id is its unguessable address."""
        picture_id = str(10**15 + secrets.randbelow(9 * 10**15))
        self.memory.keep_picture(picture_id, media_type, content)
        return picture_id

    def picture_url(self, picture_id: str) -> str:
        """Where a picture is fetched."""
        return f"{self.settings.public_url}/network/cdn/{picture_id}"

    async def changes(self) -> AsyncIterator[str]:
        """The psid of each conversation in which something happens, from now on."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._watchers.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._watchers.discard(queue)

    async def _arrive(self, psid: str) -> None:
        await asyncio.sleep(self.settings.delivery_delay_s)
        self._tell_delivered(psid)

    def _tell_delivered(self, psid: str) -> None:
        if mids := self.memory.mark_delivered(psid):
            self.webhooks.tell(
                self._event(psid, now_ms(), from_page=False, delivery={"mids": mids, "watermark": now_ms()})
            )
            self._changed(psid)

    def _remember(self, message: Message) -> None:
        self.memory.add(message)
        self._changed(message.psid)

    def _changed(self, psid: str) -> None:
        for queue in self._watchers:
            queue.put_nowait(psid)

    def _event(self, psid: str, at_ms: int, *, from_page: bool, **what: Any) -> dict[str, Any]:
        person, page = {"id": psid}, {"id": self.settings.page_id}
        sender, recipient = (page, person) if from_page else (person, page)
        return {"sender": sender, "recipient": recipient, "timestamp": at_ms, **what}

    def _told(self, message: Message) -> dict[str, Any]:
        told: dict[str, Any] = {"mid": message.mid}
        if message.text:
            told["text"] = message.text
        if message.pictures:
            told["attachments"] = [
                {"type": "image", "payload": {"url": self.picture_url(picture)}} for picture in message.pictures
            ]
        if message.metadata:
            told["metadata"] = message.metadata
        return told


def _new_mid() -> str:
    return "m_" + base64.urlsafe_b64encode(secrets.token_bytes(48)).decode()
