"""The use cases: recognise a batch of messages, tell of changed customers, do what an agent asks of identities."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar, cast

from omnifil_contracts.customer import CustomerChanged, LinkIdentity
from omnifil_contracts.identity import Actor, Assurance, Identity
from omnifil_contracts.message import IdentifiedMessage, InboundMessage
from omnifil_servicekit.errors import Transient

from customer_profile.domain import handles, linking, profiles, suggestions
from customer_profile.domain.identities import KnownIdentity, Named
from customer_profile.domain.presented import Presented
from customer_profile.domain.recognition import Recognition, recognise
from customer_profile.hearing import RelatedRecords
from customer_profile.ports import Announcements, Change, ChangedElsewhere, Clock, Identities, Sighting

_ATTEMPTS = 8
_NAMESAKES_LOADED = 8
_PAGE = 500
_A = TypeVar("_A")
_B = TypeVar("_B")


@dataclass(frozen=True)
class Rules:
    """What an installation may set."""

    namesake_window: timedelta = timedelta(days=90)
    """For how long after they wrote a customer may be suggested for their name."""
    sighting_interval: timedelta = timedelta(minutes=1)
    """How exactly we remember when somebody last wrote."""


class Recogniser:
    """Who is it? Batch by batch, each of one partition after the other."""

    def __init__(self, identities: Identities, announcements: Announcements, rules: Rules) -> None:
        self._identities = identities
        self._announcements = announcements
        self._rules = rules
        self._related = RelatedRecords(identities)

    async def recognise(self, messages: Sequence[InboundMessage]) -> list[IdentifiedMessage]:
        """Link every sender, then publish in the order given. When this returns, both are durable.

        The same batch again, whole or in part, gives the same customers and the same records.
        """
        presented = [Presented.by(message) for message in messages]
        known, recognitions = await self._link(presented)
        identified = await self._explained(presented, recognitions, known)
        await _both(
            self._announcements.identified(identified),
            self._identities.sight(list(self._sightings(presented, recognitions))),
        )
        return identified

    async def _link(self, batch: Sequence[Presented]) -> tuple[dict[str, KnownIdentity], list[Recognition]]:
        """Decide in memory, in order, and write once. Who is overtaken by another replica decides again."""
        keys = {key for presented in batch for key in presented.sought()}
        for _ in range(_ATTEMPTS):
            loaded = await self._identities.by_keys(keys)
            known = dict(loaded)
            recognitions = [_decided(presented, known) for presented in batch]
            added = [state for key, state in known.items() if key not in loaded]
            changed = [Change(before, known[key]) for key, before in loaded.items() if known[key] is not before]
            if not added and not changed:
                return known, recognitions
            try:
                await self._identities.write(added, changed)
            except ChangedElsewhere:
                continue
            return known, recognitions
        raise Transient(f"{len(batch)} messages were overtaken {_ATTEMPTS} times by others about the same people.")

    async def _explained(
        self, batch: Sequence[Presented], recognitions: Sequence[Recognition], known: dict[str, KnownIdentity]
    ) -> list[IdentifiedMessage]:
        """The records, with who else each sender may be."""
        wanted = [suggestions.name_to_look_for(*each) for each in zip(batch, recognitions, strict=True)]
        # The namesakes after the write: of two who become known on two channels at once, one sees the other.
        (namesakes, customer_names), (related, said_same) = await _both(
            _both(
                self._namesakes(batch, {name for name in wanted if name}),
                self._names({each.customer_id for each in recognitions if not _names_its_customer(each.via)}),
            ),
            _both(
                self._related.of({each.customer_id for each in recognitions if each.assured}),
                self._said_same(recognitions, known),
            ),
        )
        known = {**known, **said_same} if said_same else known
        firsts = [
            suggestions.suggest(presented, recognition, known, namesakes.get(name or "", ()))
            for presented, recognition, name in zip(batch, recognitions, wanted, strict=True)
        ]
        customer_names |= await self._names({each.customer_id for found in firsts for each in found})
        return [
            IdentifiedMessage(
                message=presented.message,
                customer_id=recognition.customer_id,
                customer_name=_name(recognition, customer_names),
                assured=recognition.assured,
                because=recognition.because,
                related=related.get(recognition.customer_id, ()) if recognition.assured else (),
                suggestions=tuple(
                    each.model_copy(update={"display_name": customer_names.get(each.customer_id) or each.display_name})
                    for each in found
                ),
            )
            for presented, recognition, found in zip(batch, recognitions, firsts, strict=True)
        ]

    async def _namesakes(self, batch: Sequence[Presented], wanted: Collection[str]) -> Mapping[str, Sequence[Named]]:
        if not wanted:
            return {}
        seen_after = min(presented.message.received_at for presented in batch) - self._rules.namesake_window
        return await self._identities.by_names(wanted, seen_after, _NAMESAKES_LOADED)

    async def _said_same(
        self, recognitions: Sequence[Recognition], known: Mapping[str, KnownIdentity]
    ) -> Mapping[str, KnownIdentity]:
        """Handles that a source says are the senders' as well."""
        said = {identity.key for each in recognitions for state in each.present for _, identity in state.same}
        return await self._identities.by_keys(said - known.keys())

    async def _names(self, customer_ids: Collection[str]) -> dict[str, str | None]:
        """Names by customer, for whom the handle at hand may not be the one that names them best."""
        if not customer_ids:
            return {}
        states = await self._identities.naming(customer_ids)
        return {customer_id: profiles.name_of(customer_id, states.get(customer_id, ())) for customer_id in customer_ids}

    def _sightings(self, batch: Sequence[Presented], recognitions: Sequence[Recognition]) -> Iterator[Sighting]:
        """One for each handle that was not seen for a while: not a write for every message."""
        latest: dict[str, Sighting] = {}
        for presented, recognition in zip(batch, recognitions, strict=True):
            if presented.is_echo:
                continue
            message, state = presented.message, recognition.of_the_channel(presented)
            stale = message.received_at - state.seen_at >= self._rules.sighting_interval
            moved = state.channel != message.channel and message.received_at > state.seen_at
            seen = latest.get(state.key)
            if (stale or moved) and (seen is None or seen.at < message.received_at):
                latest[state.key] = Sighting(state.key, message.channel, message.received_at)
        yield from latest.values()


async def _both(one: Awaitable[_A], other: Awaitable[_B]) -> tuple[_A, _B]:
    """Side by side. Both come to an end before the batch may be tried again, whatever either raises."""
    done = await asyncio.gather(one, other, return_exceptions=True)
    for failure in done:
        if isinstance(failure, BaseException):
            raise failure
    return cast(tuple[_A, _B], tuple(done))


def _decided(presented: Presented, known: dict[str, KnownIdentity]) -> Recognition:
    """Decide one message; what it makes known is known to the next."""
    recognition = recognise(presented, known)
    known.update((state.key, state) for state in (*recognition.added, *recognition.changed))
    return recognition


def _names_its_customer(state: KnownIdentity) -> bool:
    """No other handle of the customer is surer than this one, and it has a name."""
    return state.assurance is Assurance.VERIFIED and state.display_name is not None


def _name(recognition: Recognition, customer_names: Mapping[str, str | None]) -> str | None:
    """The customer's name: by the handle at hand where that is the surest, so that a redelivery says the same."""
    own = recognition.via.display_name
    return own if _names_its_customer(recognition.via) else customer_names.get(recognition.customer_id) or own


class Announcer:
    """Tells everybody the whole state of a customer whenever one of their identities has changed."""

    def __init__(self, identities: Identities, announcements: Announcements) -> None:
        self._identities = identities
        self._announcements = announcements

    async def announce(self, changed_keys: Collection[str], customer_ids: Collection[str] = ()) -> None:
        """These customers, and for these identities everybody whose they are or were."""
        states = await self._identities.by_keys(changed_keys)
        await self._announce({*customer_ids, *(customer for state in states.values() for customer in state.customers)})

    async def announce_all(self) -> None:
        """Everybody, for when nobody knows what has changed."""
        async for page in self._identities.pages(_PAGE):
            await self._announce({customer for state in page for customer in state.customers})

    async def _announce(self, customer_ids: Collection[str]) -> None:
        if not customer_ids:
            return
        states = await self._identities.of_customers(customer_ids)
        await self._announcements.customers(
            [profiles.compose(customer_id, states[customer_id]) for customer_id in sorted(states)]
        )


class Desk:
    """What agents ask: look up customers, confirm whose a handle is, take that back."""

    def __init__(self, identities: Identities, clock: Clock) -> None:
        self._identities = identities
        self._clock = clock

    async def customer(self, customer_id: str) -> CustomerChanged:
        """Raises `CustomerNotFound`."""
        if found := await self.customers([customer_id]):
            return found[0]
        raise linking.CustomerNotFound(customer_id)

    async def customers(self, customer_ids: Collection[str]) -> list[CustomerChanged]:
        """Those that exist, in the order given."""
        states = await self._identities.of_customers(customer_ids)
        return [profiles.compose(each, states[each]) for each in dict.fromkeys(customer_ids) if each in states]

    async def identity(self, identity: Identity) -> KnownIdentity:
        """Raises `IdentityNotFound`."""
        key = handles.normalised(identity).key
        if (state := (await self._identities.by_keys([key])).get(key)) is None:
            raise linking.IdentityNotFound(identity.kind)
        return state

    async def link(self, customer_id: str, asked: LinkIdentity, command_id: str, agent: Actor) -> CustomerChanged:
        """The handle is this customer's; its state afterwards. Errors: `domain.linking`, `CommandReused`."""
        command = linking.AgentCommand(command_id, agent, self._clock())
        key = handles.normalised(asked.identity).key

        async def load() -> KnownIdentity:
            return await self.identity(asked.identity)

        target = await self._still_standing(customer_id, key)
        state = await self._carry_out(load, lambda state: linking.link(state, target, asked.because, command), command)
        return await self.customer(state.customer_id)

    async def undo(self, link_id: str, command_id: str, agent: Actor) -> CustomerChanged:
        """The handle returns; the state of the customer who has it then. Errors: `domain.linking`, `CommandReused`."""
        command = linking.AgentCommand(command_id, agent, self._clock())

        async def load() -> KnownIdentity:
            if (state := await self._identities.by_link(link_id)) is None:
                raise linking.NothingToUndo(f"There is no link {link_id}.")
            return state

        state = await self._carry_out(load, lambda state: linking.undo(state, link_id, command), command)
        return await self.customer(state.customer_id)

    async def _carry_out(
        self,
        load: Callable[[], Awaitable[KnownIdentity]],
        decide: Callable[[KnownIdentity], KnownIdentity],
        command: linking.AgentCommand,
    ) -> KnownIdentity:
        """Write what is decided. Who is overtaken by a message decides again; who is overtaken by an agent does not."""
        state = first = await load()
        for _ in range(_ATTEMPTS):
            after = decide(state)
            if after is state:
                return state
            try:
                await self._identities.write([], [Change(state, after)])
            except ChangedElsewhere:
                state = await load()
                if state.link != first.link and decide(state) is not state:
                    raise linking.MovedMeanwhile(state.customer_id) from None
            else:
                return after
        raise Transient(f"Command {command.command_id} was overtaken {_ATTEMPTS} times.")

    async def _still_standing(self, customer_id: str, key: str) -> str:
        """The customer, or who has taken over all identities of that one. What was this customer's own is not sent on:
        then the agent wants to part the two."""
        seen: set[str] = set()
        while customer_id not in seen:
            seen.add(customer_id)
            customer = await self.customer(customer_id)
            if customer.merged_into is None or key in {each.identity.key for each in customer.released}:
                return customer_id
            customer_id = customer.merged_into
        return customer_id
