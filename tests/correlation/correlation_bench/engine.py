"""The suite's own decisions, without its servers: customer-profile's recogniser and case-service's handlers, with the
ports in memory and a clock that is told the time."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from case_service.adapters.in_memory import InMemoryTimeline
from case_service.domain.decisions import Group
from case_service.domain.dossier import Dossier
from case_service.domain.errors import CommandRefused
from case_service.domain.policy import Policy
from case_service.domain.tokens import Minting
from case_service.handlers import Commands, Customers, Deliveries, Messages
from case_service.ports import Lost
from customer_profile.adapters.in_memory import Announced, InMemoryIdentities
from customer_profile.desk import Desk
from customer_profile.domain.identities import KnownIdentity
from customer_profile.domain.telling import Trust
from customer_profile.handlers import Announcer, Recogniser, Rules
from customer_profile.hearing import Hearing
from customer_profile.ports import Change
from omnifil_contracts.commands import CommandRequest
from omnifil_contracts.customer import LinkIdentity
from omnifil_contracts.delivery import DeliveryReported
from omnifil_contracts.dossier import DeliveryState, MessageLinked, ReplyRequested, Status, Suggestion, SuggestionMade
from omnifil_contracts.identity import Actor, Because
from omnifil_contracts.message import IdentifiedMessage, InboundMessage
from omnifil_contracts.profile import ProfileUpdated
from omnifil_testkit.simulator import SHOP, SentReply

AGENT = Actor(kind="agent", id="amelie", name="Amélie Roux")


class RememberingTimeline(InMemoryTimeline):
    """Remembers each dossier as it left it, as the adapter of MongoDB does."""

    def __init__(self, policy: Policy) -> None:
        super().__init__(patterns=policy.patterns)
        self._newest: dict[str, Dossier] = {}

    async def load(self, dossier_ids: Sequence[str]) -> dict[str, Dossier]:
        return {each: self._newest[each] for each in dossier_ids if each in self._newest}

    def recall(self, conversation_id: str) -> Dossier | None:
        dossier = self._newest.get(self.log.claims.get(conversation_id, ""))
        return dossier if dossier is not None and dossier.has_conversation(conversation_id) else None

    async def append(self, groups: Sequence[Group]) -> dict[int, Lost]:
        lost = await super().append(groups)
        for index, group in enumerate(groups):
            if index not in lost:
                self._newest |= {each.dossier_id: each.dossier for each in group.appends if each.dossier is not None}
        return lost

    @property
    def dossiers(self) -> dict[str, Dossier]:
        return self._newest


class WatchedIdentities(InMemoryIdentities):
    """Tells whose state has changed, as the change stream does."""

    def __init__(self) -> None:
        super().__init__()
        self.changed: set[str] = set()

    async def write(self, added: Sequence[KnownIdentity], changed: Sequence[Change]) -> None:
        await super().write(added, changed)
        self.changed |= {state.key for state in added} | {change.after.key for change in changed}

    @property
    def states(self) -> list[KnownIdentity]:
        return list(self._states.values())

    async def take(self, state: KnownIdentity) -> None:
        """Have it so, whatever was known of it."""
        self._states[state.key] = state


@dataclass(frozen=True)
class Place:
    """Where a message was put, and why. `because` is that of the first link, whatever came after."""

    dossier_id: str
    conversation_id: str
    because: Because


@dataclass
class Engine:
    """One installation. `cpu_s` counts the decisions about messages, and nothing else."""

    policy: Policy
    places: dict[str, Place] = field(default_factory=dict)
    identified: dict[str, IdentifiedMessage] = field(default_factory=dict)
    suggestions: list[tuple[str, Suggestion]] = field(default_factory=list)
    """With the dossier that each was made in."""
    refused: list[str] = field(default_factory=list)
    """Agents' commands that could not be carried out, and why."""
    now: datetime | None = None
    cpu_s: dict[str, float] = field(default_factory=lambda: {"identify": 0.0, "correlate": 0.0})
    messages: int = 0

    def __post_init__(self) -> None:
        self.timeline = RememberingTimeline(self.policy)
        self.identities = WatchedIdentities()
        self._announced = Announced()
        self._recogniser = Recogniser(self.identities, self._announced, Rules())
        self._hearing = Hearing(self.identities, Trust(frozenset({SHOP})), self._clock)
        self._announcer = Announcer(self.identities, self._announced)
        minting = Minting((b"of the bench",))
        self._messages = Messages(self.timeline, self.policy, minting, self._clock)
        self._commands = Commands(self.timeline, self.policy, minting, self._clock)
        self._deliveries = Deliveries(self.timeline, self.policy, self._clock)
        self._customers = Customers(self.timeline, self.policy, self._clock)
        self._desk = Desk(self.identities, self._clock)
        self._read = 0
        self._number = 0

    async def hear(self, batch: Sequence[InboundMessage]) -> None:
        """Whose are they, and which dossiers?"""
        self.now = batch[-1].received_at
        self.messages += len(batch)
        begun = time.process_time()
        identified = await self._recogniser.recognise(batch)
        known = time.process_time()
        await self._messages.link(identified)
        self.cpu_s["identify"] += known - begun
        self.cpu_s["correlate"] += time.process_time() - known
        self.identified |= {each.message.message_id: each for each in identified}
        self._announced.messages.clear()
        await self._follow()
        self._note()

    async def told(self, update: ProfileUpdated) -> None:
        """A source publishes what it knows of a customer."""
        self.now = update.occurred_at
        await self._hearing.hear([update])
        await self._follow()
        self._note()

    async def reply(self, message_id: str, text: str, at: datetime, *, closes: bool) -> SentReply | None:
        """An agent answers in the conversation of this message; None: it was refused."""
        self.now = at
        dossier = self._holder(message_id)
        if dossier is None:
            return None
        command = {
            "type": "reply",
            "text": text,
            "conversation_ids": [self.places[message_id].conversation_id],
            "status_after": Status.CLOSED if closes else Status.WAITING,
            "seen_seq": dossier.seq,
        }
        if not await self._do(dossier.id, command):
            return None
        (sent,) = [
            each.event
            for each in await self.timeline.history(dossier.id)
            if isinstance(each.event, ReplyRequested) and each.effect_id == f"cmd:{self._command_id}:0"
        ]
        target = sent.targets[0]
        went = SentReply(target.reference, f"<{target.reference}@reply.shop.example>")
        await self._deliveries.note(
            [
                DeliveryReported(
                    outbound_id=target.outbound_id,
                    dossier_id=dossier.id,
                    conversation_id=target.conversation.conversation_id,
                    state=DeliveryState.SENT,
                    provider_message_id=went.provider_message_id,
                    at=at,
                )
            ]
        )
        return went

    async def close(self, message_id: str, at: datetime) -> None:
        self.now = at
        dossier = self._holder(message_id)
        if dossier is not None and dossier.is_live:
            await self._do(dossier.id, {"type": "change_status", "status": Status.CLOSED})

    async def accept(self, dossier_id: str, suggestion: Suggestion, at: datetime) -> None:
        """An agent accepts a suggestion: the identity is linked, or the conversation moved."""
        self.now = at
        if not await self._do(
            dossier_id, {"type": "resolve_suggestion", "suggestion_id": suggestion.suggestion_id, "accept": True}
        ):
            return
        if suggestion.kind == "same-customer" and suggestion.identity and suggestion.customer_id:
            asked = LinkIdentity(identity=suggestion.identity, because=suggestion.because)
            self._number += 1
            await self._desk.link(suggestion.customer_id, asked, f"link-{self._number:08d}", AGENT)
        await self._follow()
        self._note()

    def number_of(self, message_id: str) -> str | None:
        """The number of the dossier that has the message."""
        dossier = self._holder(message_id)
        return dossier.view.number if dossier else None

    def open_suggestions(self, message_id: str) -> list[tuple[str, Suggestion]]:
        dossier = self._holder(message_id)
        return [(dossier.id, each) for each in dossier.view.suggestions] if dossier else []

    async def _do(self, dossier_id: str, command: dict[str, object]) -> bool:
        self._number += 1
        request = CommandRequest.model_validate({"command_id": self._command_id, "command": command})
        try:
            await self._commands.execute(dossier_id, request, AGENT)
        except CommandRefused as refused:
            self.refused.append(type(refused).__name__)
            return False
        self._note()
        return True

    @property
    def _command_id(self) -> str:
        return f"command-{self._number:08d}"

    async def _follow(self) -> None:
        """Dossiers follow the identities."""
        if not self.identities.changed:
            return
        changed, self.identities.changed = self.identities.changed, set()
        await self._announcer.announce(sorted(changed))
        states, self._announced.states = self._announced.states, []
        await self._customers.follow(states)

    def _holder(self, message_id: str) -> Dossier | None:
        """The dossier in which an answer to this message is written: where its conversation is now."""
        place = self.places.get(message_id)
        if place is None:
            return None
        dossier = self.timeline.dossiers[place.dossier_id]
        while not dossier.has_conversation(place.conversation_id):
            there = dossier.memory.moved_to.get(place.conversation_id)
            if there is None:
                return None
            dossier = self.timeline.dossiers[there]
        return dossier

    def _note(self) -> None:
        """What the timeline says since the last time."""
        appended = self.timeline.appended
        for append in appended[self._read :]:
            for entry in append.entries:
                event = entry.event
                if isinstance(event, MessageLinked):
                    message_id = event.message.message_id
                    first = self.places.get(message_id)
                    because = first.because if first else event.because
                    self.places[message_id] = Place(append.dossier_id, event.conversation_id, because)
                elif isinstance(event, SuggestionMade):
                    self.suggestions.append((append.dossier_id, event.suggestion))
        self._read = len(appended)

    def _clock(self) -> datetime:
        assert self.now is not None
        return self.now
