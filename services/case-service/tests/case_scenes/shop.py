"""A shop whose customers write, on a timeline in memory."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from case_service.adapters.in_memory import InMemoryTimeline
from case_service.domain.dossier import Dossier
from case_service.domain.lookups import Lookup
from case_service.domain.policy import Policy
from case_service.domain.standing import standing
from case_service.domain.tokens import Minting
from case_service.handlers import Commands, Customers, Deliveries, Messages
from omnifil_contracts.commands import CommandRequest, CommandResult
from omnifil_contracts.customer import CustomerChanged, LinkedIdentity, ReleasedIdentity
from omnifil_contracts.delivery import DeliveryReported
from omnifil_contracts.dossier import DossierView, TimelineEntry
from omnifil_contracts.identity import Actor, Assurance, AssuredIdentity, Because, Identity
from omnifil_contracts.message import CustomerSuggestion, IdentifiedMessage, InboundMessage, Sender
from omnifil_testkit.builders import NOON

AMELIE = Actor(kind="agent", id="amelie", name="Amélie Roux")
TOM = Actor(kind="agent", id="tom", name="Tom Berger")
CLARA, STRANGER = "customer-clara", "customer-stranger"


@dataclass
class Shop:
    """Writes in customers' and agents' names; time passes only when told."""

    timeline: InMemoryTimeline = field(default_factory=InMemoryTimeline)
    policy: Policy = field(default_factory=Policy)
    minting: Minting = field(default_factory=lambda: Minting((b"first key",)))
    now: datetime = NOON
    ids: set[str] = field(default_factory=set)

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def message(
        self,
        customer: str = CLARA,
        *,
        channel: str = "email",
        handle: str | None = None,
        assured: bool = True,
        conversation: str | None = None,
        name: str = "Clara Martin",
        suggestions: tuple[CustomerSuggestion, ...] = (),
        others: tuple[AssuredIdentity, ...] = (),
        **fields: object,
    ) -> IdentifiedMessage:
        """A message received now, in a conversation of its own unless one is named."""
        self.later(seconds=1)
        handle = handle or f"{customer}@mail.example"
        provider_id = str(fields.pop("provider_message_id", f"<{uuid.uuid4().hex}@mail.example>"))
        kind = {"email": "email" if assured else "email-unproven", "chat": "visitor"}.get(channel, "messenger")
        assurance = Assurance.VERIFIED if assured else Assurance.CLAIMED
        sender = Sender(
            primary=AssuredIdentity(identity=Identity(kind=kind, value=handle), assurance=assurance),
            others=others,
            display_name=name,
        )
        message = InboundMessage.make(
            channel=channel,
            account=str(fields.pop("account", "support")),
            conversation_key=conversation or provider_id,
            provider_message_id=provider_id,
            **{"sender": sender, "text": "Hello", "received_at": self.now, **fields},
        )
        return IdentifiedMessage(
            message=message,
            customer_id=customer,
            customer_name=name,
            assured=assured,
            because=Because(rule="identity"),
            suggestions=suggestions,
        )

    async def link(self, *batch: IdentifiedMessage) -> Dossier:
        """Link these, and give the dossier that has the last of them."""
        await Messages(self.timeline, self.policy, self.minting, lambda: self.now).link(batch)
        self.ids |= await self._known(batch)
        return await self.dossier_with(batch[-1].message.message_id)

    async def writes(self, customer: str = CLARA, **fields: object) -> Dossier:
        return await self.link(self.message(customer, **fields))  # type: ignore[arg-type]

    async def _known(self, batch: tuple[IdentifiedMessage, ...]) -> set[str]:
        customers = {each.customer_id for each in batch}
        return set((await self.timeline.look_up(Lookup(customers=frozenset(customers)), newest=None)).dossiers)

    async def dossiers(self) -> dict[str, Dossier]:
        return await self.timeline.load(sorted(self.ids))

    async def dossier(self, dossier_id: str) -> Dossier:
        return (await self.timeline.load([dossier_id]))[dossier_id]

    async def view(self, dossier_id: str) -> DossierView:
        return (await self.dossier(dossier_id)).view

    async def dossier_with(self, message_id: str) -> Dossier:
        for dossier_id, dossier in (await self.dossiers()).items():
            if message_id in standing(await self.timeline.history(dossier_id)).messages:
                return dossier
        raise AssertionError(f"message {message_id} is in no dossier")

    async def events(self, dossier: Dossier | str) -> list[TimelineEntry]:
        return await self.timeline.history(dossier if isinstance(dossier, str) else dossier.id)

    async def types(self, dossier: Dossier | str) -> list[str]:
        return [entry.event.type for entry in await self.events(dossier)]

    async def command(
        self,
        dossier: Dossier | str,
        command: Mapping[str, object],
        *,
        agent: Actor = AMELIE,
        command_id: str | None = None,
        seen_seq: int | None = None,
    ) -> CommandResult:
        self.later(seconds=1)
        request = CommandRequest.model_validate(
            {"command_id": command_id or uuid.uuid4().hex, "command": command, "seen_seq": seen_seq}
        )
        commands = Commands(self.timeline, self.policy, self.minting, lambda: self.now)
        dossier_id = dossier if isinstance(dossier, str) else dossier.id
        result = await commands.execute(dossier_id, request, agent)
        self.ids |= {each for each in (result.dossier_id, result.to_dossier_id) if each}
        return result

    async def reply(self, dossier: Dossier, *conversations: str, **fields: object) -> CommandResult:
        current = await self.dossier(dossier.id)
        everywhere = [each.conversation.conversation_id for each in current.view.conversations]
        agent = fields.pop("agent", AMELIE)
        command_id = fields.pop("command_id", None)
        command = {
            "type": "reply",
            "text": "It is on its way.",
            "conversation_ids": list(conversations) or everywhere,
            "seen_seq": current.seq,
            **fields,
        }
        return await self.command(dossier, command, agent=agent, command_id=command_id)  # type: ignore[arg-type]

    async def deliveries(self, *reports: DeliveryReported) -> None:
        await Deliveries(self.timeline, self.policy, lambda: self.now).note(reports)

    async def customers(self, *changed: CustomerChanged) -> None:
        self.later(seconds=1)
        await Customers(self.timeline, self.policy, lambda: self.now).follow(changed)
        self.ids |= {append.dossier_id async for append in self.timeline.all_appends()}

    def changed(
        self,
        customer: str,
        version: int,
        *,
        has: tuple[Identity, ...] = (),
        released: Mapping[str, tuple[Identity, ...]] | None = None,
        link_id: str = "link-1",
    ) -> CustomerChanged:
        agent_said = Because(rule="agent")
        gone = tuple(
            ReleasedIdentity(
                identity=each, to_customer_id=to, link_id=link_id, at=self.now, because=agent_said, actor=AMELIE
            )
            for to, identities in (released or {}).items()
            for each in identities
        )
        return CustomerChanged(
            customer_id=customer,
            version=version,
            display_name=customer.removeprefix("customer-").title(),
            identities=tuple(
                LinkedIdentity(
                    identity=each,
                    assurance=Assurance.VERIFIED,
                    link_id=link_id,
                    since=self.now,
                    because=agent_said,
                    actor=AMELIE,
                )
                for each in has
            ),
            released=gone,
            first_seen_at=self.now,
            changed_at=self.now,
        )
