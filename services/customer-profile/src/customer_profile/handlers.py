"""The use cases of messages: recognise a batch of them, tell of changed customers."""

import asyncio
from collections.abc import Awaitable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar, cast

from omnifil_contracts.identity import Assurance
from omnifil_contracts.message import IdentifiedMessage, InboundMessage
from omnifil_servicekit.errors import Transient

from customer_profile.domain import profiles, suggestions
from customer_profile.domain.identities import NO_ANCHORS, Anchors, KnownIdentity, Named
from customer_profile.domain.presented import Presented
from customer_profile.domain.recognition import Recognition, recognise
from customer_profile.domain.sharing import SharingRules
from customer_profile.hearing import RelatedRecords
from customer_profile.ports import (
    Anchoring,
    Announcements,
    Change,
    ChangedElsewhere,
    Identities,
    Sighting,
    no_anchors,
)

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
    phone_region: str | None = None
    """Where phone numbers without `+` are dialled (ISO 3166)."""
    sharing: SharingRules = field(default_factory=SharingRules)


class Recogniser:
    """Who is it? Batch by batch, each of one partition after the other."""

    def __init__(
        self,
        identities: Identities,
        announcements: Announcements,
        rules: Rules,
        anchoring: Anchoring = no_anchors,
    ) -> None:
        self._identities = identities
        self._announcements = announcements
        self._rules = rules
        self._anchoring = anchoring
        self._related = RelatedRecords(identities)

    async def recognise(self, messages: Sequence[InboundMessage]) -> list[IdentifiedMessage]:
        """Link every sender, then publish in the order given. When this returns, both are durable.

        The same batch again, whole or in part, gives the same customers and the same records.
        """
        sorted_out = [Presented.by(message, self._rules.phone_region) for message in messages]
        presented, known, recognitions = await self._link(sorted_out)
        identified = await self._explained(presented, recognitions, known)
        await _both(
            self._announcements.identified(identified),
            self._identities.sight(list(self._sightings(presented, recognitions))),
        )
        return identified

    async def _link(
        self, batch: Sequence[Presented]
    ) -> tuple[Sequence[Presented], dict[str, KnownIdentity], list[Recognition]]:
        """Decide in memory, in order, and write once. Who is overtaken by another replica decides again."""
        keys = {key for presented in batch for key in presented.sought()}
        for _ in range(_ATTEMPTS):
            loaded = await self._identities.by_keys(keys)
            known = dict(loaded)
            new = keys - loaded.keys()
            anchors = await self._anchoring(new) if new else NO_ANCHORS
            stored = [presented.as_stored(loaded) for presented in batch]
            recognitions = [self._decided(presented, known, anchors) for presented in stored]
            added = [state for key, state in known.items() if key not in loaded]
            changed = [Change(before, known[key]) for key, before in loaded.items() if known[key] is not before]
            if not added and not changed:
                return stored, known, recognitions
            try:
                await self._identities.write(added, changed)
            except ChangedElsewhere:
                continue
            return stored, known, recognitions
        raise Transient(f"{len(batch)} messages were overtaken {_ATTEMPTS} times by others about the same people.")

    def _decided(self, presented: Presented, known: dict[str, KnownIdentity], anchors: Anchors) -> Recognition:
        """Decide one message; what it makes known is known to the next."""
        recognition = recognise(presented, known, self._rules.sharing, anchors)
        known.update((state.key, state) for state in (*recognition.added, *recognition.changed))
        return recognition

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
