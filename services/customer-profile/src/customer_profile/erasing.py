"""Erasing a person: what is theirs here, and the steps of which customer-profile is in charge."""

import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.erasure import EraseCustomer, Erasure
from omnifil_contracts.identity import Actor
from omnifil_mongostore.erasures import Erasures, NotYet, Order, Work

from customer_profile.domain.linking import CustomerNotFound
from customer_profile.ports import Announcements, Clock

_OWN_GROUPS = ("customer-profile.", "case-service.", "ingest-")
_ERASED_VERSION = 2**53 - 1
"""Newer than any state that was told before: nothing about this id comes after it. JavaScript's largest integer."""

Ends = Sequence[tuple[str, int, int]]
"""Of each topic and partition, the offset behind the last record that is meant."""


class CustomerMerged(Exception):
    """All handles of this customer are another's now: that one may be erased, with this one."""

    def __init__(self, customer_id: str) -> None:
        super().__init__(f"All handles of this customer are those of {customer_id} now: erase that customer.")
        self.customer_id = customer_id


class ErasureNotFound(Exception):
    """There is no such erasure."""


@dataclass(frozen=True)
class Held:
    """What a customer has. `customer_ids`: with those who were merged into them; `now_with`: who has taken over
    handles of theirs."""

    identities: tuple[str, ...]
    customer_ids: tuple[str, ...]
    now_with: tuple[str, ...]
    as_written: tuple[str, ...] = ()
    """The keys that these handles would have in the other spellings that they came in."""


@dataclass(frozen=True)
class Erased:
    customer_id: str
    at: datetime


class Ledger(Protocol):
    """Who was erased, and the erasing of identities. Every method raises `Transient`."""

    async def held_by(self, customer_id: str) -> Held: ...

    async def note(
        self, customer_ids: Collection[str], identities: Collection[str], erasure: str, at: datetime
    ) -> None:
        """These ids are given up; who writes from one of these handles again is a new customer."""
        ...

    async def forget(self, customer_ids: Collection[str], identities: Collection[str]) -> None:
        """These identities are gone, with all that was kept with them; others keep nothing that names them. Reads all
        there is."""
        ...

    async def erased(self, customer_ids: Collection[str] | None = None) -> list[Erased]: ...


class Topics(Protocol):
    """All topics of the suite. Every method raises `Transient`."""

    async def ends(self, families: Collection[str] | None = None) -> Ends:
        """Where they end now: those of these families (`inbound`), or all of them."""
        ...

    async def behind(self, ends: Ends) -> list[str]:
        """The consumer groups that have not passed these."""
        ...

    async def sort_out_dead_letters(self, ends: Ends, needles: Collection[bytes]) -> tuple[int, list[str]]:
        """Take out dead letters that name one of these; how many, and the hashes of blobs that they were."""
        ...

    async def trim(self, ends: Ends) -> int:
        """Nobody can read what is before these; how many offsets went. Dead letters are left."""
        ...


class ErasingDesk:
    """What is asked of erasures."""

    def __init__(self, erasures: Erasures, ledger: Ledger, clock: Clock) -> None:
        self._erasures = erasures
        self._ledger = ledger
        self._clock = clock

    async def person(self, customer_id: str) -> Held:
        """Raises `CustomerNotFound`, `CustomerMerged`."""
        held = await self._ledger.held_by(customer_id)
        if not held.identities:
            if len(held.now_with) == 1:
                raise CustomerMerged(held.now_with[0])
            if not await self._ledger.erased([customer_id]) and not held.now_with:
                raise CustomerNotFound(customer_id)
        return held

    async def erase(self, customer_id: str, asked: EraseCustomer, agent: Actor) -> Erasure:
        """Begin it; the same command again is the same erasure. Raises `CustomerNotFound`, `CustomerMerged`."""
        if (begun := await self._erasures.get(asked.command_id)) is not None:
            return shown(begun)
        return await self._place(customer_id, await self.person(customer_id), asked, agent)

    async def erase_whoever(self, customer_id: str, asked: EraseCustomer, by: Actor) -> Erasure:
        """Like `erase`, also where nobody knows this customer here (any more): dossiers may."""
        return await self._place(customer_id, await self._ledger.held_by(customer_id), asked, by)

    async def _place(self, customer_id: str, held: Held, asked: EraseCustomer, agent: Actor) -> Erasure:
        order = Order(
            erasure_id=asked.command_id,
            customer_id=customer_id,
            customer_ids=held.customer_ids,
            step="identities",
            reason=asked.reason,
            requested_by=agent.model_dump(mode="json"),
            requested_at=self._clock(),
        )
        return shown(await self._erasures.place(order))

    async def states(self, customer_ids: Collection[str]) -> list[CustomerChanged]:
        """Of those of these who were erased."""
        return [state_of(each) for each in await self._ledger.erased(customer_ids)]

    async def erasure(self, erasure_id: str) -> Erasure:
        """Raises `ErasureNotFound`."""
        if (found := await self._erasures.get(erasure_id)) is None:
            raise ErasureNotFound(erasure_id)
        return shown(found)


class ErasingSteps:
    """The steps `identities`, `drain` and `topics`."""

    def __init__(
        self,
        erasures: Erasures,
        ledger: Ledger,
        topics: Topics,
        announcements: Announcements,
        announce_all: Callable[[], Awaitable[None]],
        *,
        patience: timedelta,
        clock: Clock,
    ) -> None:
        self._erasures = erasures
        self._ledger = ledger
        self._topics = topics
        self._announcements = announcements
        self._announce_all = announce_all
        self._patience = patience
        self._clock = clock

    def steps(self) -> Mapping[str, Work]:
        return {"identities": self.identities, "drain": self.drain, "topics": self.topics}

    async def identities(self, order: Order) -> Mapping[str, int]:
        """Forget who they are. What they are known by goes into the order first: the other steps need it."""
        gone = 0
        # A message that was in hand meanwhile may bring a handle back, once.
        while True:
            held = [await self._ledger.held_by(customer_id) for customer_id in order.customer_ids]
            identities = [key for each in held for key in each.identities]
            if not identities:
                break
            as_written = [key for each in held for key in each.as_written]
            await self._erasures.learn(order, identities=identities, as_written=as_written)
            await self._ledger.note(order.customer_ids, identities, order.erasure_id, self._clock())
            await self._ledger.forget(order.customer_ids, identities)
            gone += len(identities)
        if order.person.identities:
            # Handles of others may have come in their company while messages were in hand.
            await self._ledger.forget(order.customer_ids, order.person.identities)
        await self._ledger.note(order.customer_ids, order.person.identities, order.erasure_id, self._clock())
        await self._tell_erased(order.customer_ids)
        return {"identities": order.counts.get("identities", 0) + gone}

    async def drain(self, order: Order) -> Mapping[str, int]:
        """Wait until all that was recognised as theirs is in the timelines: what comes later comes as somebody new."""
        if not order.ends:
            await self._enter(order, await self._topics.ends(["inbound", "profile"]), "recognising")
        await self._passed(order, own=True)
        if not any(topic.startswith("identified.") for topic, _, _ in order.ends):
            await self._enter(order, await self._topics.ends(["inbound", "profile", "identified"]), "linking")
        return await self.identities(order)

    async def topics(self, order: Order) -> Mapping[str, int]:
        """Take out of every topic what was there when all else was done, once all who read it have passed it."""
        if not order.ends:
            await self._enter(order, await self._topics.ends(), "readers")
        await self._passed(order, own=self._clock() - (order.entered_at or self._clock()) > self._patience)
        letters, blobs = await self._topics.sort_out_dead_letters(order.ends, needles(order))
        await self._erasures.learn(order, blobs=blobs)
        # Of customers the newest state is kept for ever: it is told anew, behind the end.
        await self._announce_all()
        await self._tell_erased(None)
        trimmed = await self._topics.trim(order.ends)
        return {
            "dead_letters": order.counts.get("dead_letters", 0) + letters,
            "records_trimmed": order.counts.get("records_trimmed", 0) + trimmed,
        }

    async def _enter(self, order: Order, ends: Ends, waits_for: str) -> None:
        """Note the ends, which a repetition goes by; wait for them from now on."""
        await self._erasures.note(order, {"ends": [list(each) for each in ends]})
        raise NotYet(waits_for)

    async def _passed(self, order: Order, *, own: bool) -> None:
        """Raises `NotYet` while a group is behind. `own`: only our own groups count, whose readers we promise to."""
        behind = await self._topics.behind(order.ends)
        if own:
            behind = [each for each in behind if each.startswith(_OWN_GROUPS)]
        if behind:
            raise NotYet(*behind)

    async def _tell_erased(self, customer_ids: Collection[str] | None) -> None:
        """Also what was told before: the topic is where a restored database finds out whom it must erase again."""
        await self._announcements.customers([state_of(each) for each in await self._ledger.erased(customer_ids)])


def state_of(erased: Erased) -> CustomerChanged:
    """What is left to say of a customer who was erased."""
    return CustomerChanged(
        customer_id=erased.customer_id,
        version=_ERASED_VERSION,
        first_seen_at=erased.at,
        changed_at=erased.at,
        erased_at=erased.at,
    )


def needles(order: Order) -> list[bytes]:
    """What tells, in the bytes of whatever record, that it is about the person; lower case."""
    person = order.person
    said = {*order.customer_ids, *person.conversations, *person.outbound, *person.messages}
    for key in person.handles:
        value = key.partition(":")[2]
        # A short handle would be found by chance in any record, as a JSON string it is not.
        said |= {value, json.dumps(value)[1:-1]} if len(value) >= 6 else {json.dumps(value)}
    return sorted(each.lower().encode() for each in said if each)


def shown(order: Order) -> Erasure:
    return Erasure(
        erasure_id=order.erasure_id,
        customer_id=order.customer_id,
        customer_ids=order.customer_ids,
        state="done" if order.finished_at is not None else "running",
        step=order.step,
        waits_for=order.waits_for,
        reason=order.reason,
        requested_by=Actor.model_validate(order.requested_by),
        requested_at=order.requested_at,
        finished_at=order.finished_at,
        counts=dict(order.counts),
    )
