"""The use cases on fakes."""

from datetime import timedelta

from customer_profile.adapters.in_memory import Announced, InMemoryIdentities
from customer_profile.desk import Desk
from customer_profile.domain.identities import KnownIdentity
from customer_profile.handlers import Announcer, Recogniser, Rules
from omnifil_contracts.customer import CustomerChanged, LinkIdentity, MarkShared, MergeCustomers, SplitCustomer
from omnifil_contracts.identity import Identity
from omnifil_contracts.message import IdentifiedMessage, InboundMessage
from omnifil_testkit.builders import NOON

from profile_scenes.people import AMELIE


class Scene:
    """One installation on fakes."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.identities = InMemoryIdentities()
        self.announced = Announced()
        self.recogniser = Recogniser(self.identities, self.announced, rules or Rules())
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

    async def known(self, key: str) -> KnownIdentity:
        return (await self.identities.by_keys([key]))[key]

    async def links(self, key: str, customer_id: str, command_id: str = "command-1") -> CustomerChanged:
        """An agent confirms whose the handle is."""
        asked = LinkIdentity(identity=_identity(key))
        return await self.desk.link(customer_id, asked, command_id, AMELIE)

    async def merges(self, customer_id: str, other_id: str, command_id: str = "command-merge") -> CustomerChanged:
        asked = MergeCustomers(command_id=command_id, other_customer_id=other_id)
        return await self.desk.merge(customer_id, asked, AMELIE)

    async def undoes(self, merge_id: str, command_id: str = "command-undo") -> CustomerChanged:
        return await self.desk.undo_merge(merge_id, command_id, AMELIE)

    async def splits(self, customer_id: str, *keys: str, command_id: str = "command-split") -> CustomerChanged:
        asked = SplitCustomer(command_id=command_id, identities=tuple(map(_identity, keys)))
        return await self.desk.split(customer_id, asked, AMELIE)

    async def marks(self, key: str, shared: bool, command_id: str = "command-mark") -> CustomerChanged:
        return await self.desk.mark_shared(
            MarkShared(command_id=command_id, identity=_identity(key), shared=shared), AMELIE
        )


def _identity(key: str) -> Identity:
    kind, _, value = key.partition(":")
    return Identity(kind=kind, value=value)
