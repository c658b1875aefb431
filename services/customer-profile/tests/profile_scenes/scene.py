"""The use cases on fakes."""

from datetime import timedelta

from customer_profile.adapters.in_memory import Announced, InMemoryIdentities
from customer_profile.desk import Desk
from customer_profile.handlers import Announcer, Recogniser, Rules
from omnifil_contracts.customer import CustomerChanged, LinkIdentity
from omnifil_contracts.identity import Identity
from omnifil_contracts.message import IdentifiedMessage, InboundMessage
from omnifil_testkit.builders import NOON

from profile_scenes.people import AMELIE


class Scene:
    """One installation on fakes."""

    def __init__(self) -> None:
        self.identities = InMemoryIdentities()
        self.announced = Announced()
        self.recogniser = Recogniser(self.identities, self.announced, Rules())
        self.announcer = Announcer(self.identities, self.announced)
        self.now = NOON + timedelta(hours=1)
        self.desk = Desk(self.identities, lambda: self.now)

    async def hears(self, *messages: InboundMessage) -> list[IdentifiedMessage]:
        return await self.recogniser.recognise(messages)

    async def hear(self, message: InboundMessage) -> IdentifiedMessage:
        (identified,) = await self.hears(message)
        return identified

    async def owner(self, key: str) -> str:
        return (await self.identities.by_keys([key]))[key].customer_id

    async def links(self, key: str, customer_id: str, command_id: str = "command-1") -> CustomerChanged:
        """An agent confirms whose the handle is."""
        kind, _, value = key.partition(":")
        asked = LinkIdentity(identity=Identity(kind=kind, value=value))
        return await self.desk.link(customer_id, asked, command_id, AMELIE)
