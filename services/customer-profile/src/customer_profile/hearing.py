"""The use cases about what sources say: take a batch of updates in, and tell messages what external records say."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from omnifil_contracts.profile import ProfileUpdated, RelatedReferences
from omnifil_servicekit.errors import Transient

from customer_profile.domain import telling
from customer_profile.domain.facts import newest_related
from customer_profile.domain.identities import NO_ANCHORS, KnownIdentity
from customer_profile.ports import Anchoring, Change, ChangedElsewhere, Clock, Identities, no_anchors

_ATTEMPTS = 8
_AHEAD_AT_MOST = timedelta(days=1)
_ASKED_AGAIN_AFTER_S = 1.0


class TooFarAhead(Exception):
    """What is said of the future would stand against everything that is said until then."""

    def __init__(self, occurred_at: datetime) -> None:
        super().__init__(
            f"occurred_at is {occurred_at.isoformat()}, more than a day from now: the clock of the source is wrong."
        )


class Hearing:
    """Takes in what sources say. Trusted sources vouch for the handles that they name, and for whose they are."""

    def __init__(
        self,
        identities: Identities,
        trust: telling.Trust,
        clock: Clock,
        anchoring: Anchoring = no_anchors,
        phone_region: str | None = None,
    ) -> None:
        self._identities = identities
        self._trust = trust
        self._clock = clock
        self._anchoring = anchoring
        self._phone_region = phone_region

    def check(self, update: ProfileUpdated) -> None:
        """Raises `TooFarAhead`, `telling.NotVouchedFor` for what can never be taken in."""
        telling.compared(update)
        if update.occurred_at - self._clock() > _AHEAD_AT_MOST:
            raise TooFarAhead(update.occurred_at)

    async def hear(self, updates: Sequence[ProfileUpdated]) -> None:
        """Take them in, all of which `check` has passed. When this returns they are durable.

        The same again, whole or in part and in any order, changes nothing.
        """
        updates = [telling.compared(update, self._phone_region) for update in updates]
        keys = {key for update in updates for key in telling.named_in(update)}
        for _ in range(_ATTEMPTS):
            loaded = await self._loaded(keys, updates)
            known = dict(loaded)
            new = keys - loaded.keys()
            anchors = await self._anchoring(new) if new else NO_ANCHORS
            for update in updates:
                known |= telling.told(update, known, self._trust, anchors)
            added = [state for key, state in known.items() if key not in loaded]
            changed = [Change(before, known[key]) for key, before in loaded.items() if known[key] is not before]
            if not added and not changed:
                return
            try:
                await self._identities.write(added, changed)
            except ChangedElsewhere:
                continue
            return
        raise Transient(f"{len(updates)} profile updates were overtaken {_ATTEMPTS} times by others about the same.")

    async def _loaded(self, keys: Collection[str], updates: Sequence[ProfileUpdated]) -> dict[str, KnownIdentity]:
        """The handles that are named; and where some may be linked, all others of those customers."""
        named = await self._identities.with_facts(keys)
        if not any(update.also and update.source in self._trust.sources for update in updates):
            return named
        families = await self._identities.of_customers({state.customer_id for state in named.values()})
        # What was read first stays: both are whole, and the version tells whether it still holds.
        return {state.key: state for states in families.values() for state in states} | named


class RelatedRecords:
    """What customers' external records put together, for the messages that they write."""

    def __init__(self, identities: Identities, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._identities = identities
        self._monotonic = monotonic
        self._exist = False
        self._ask_at = 0.0

    async def of(self, customer_ids: Collection[str]) -> Mapping[str, tuple[RelatedReferences, ...]]:
        """By customer. Where no source has ever pushed such a record it costs a look now and then, not one a batch."""
        if not customer_ids or not await self._any():
            return {}
        found = await self._identities.related(customer_ids)
        return {customer_id: newest_related(groups) for customer_id, groups in found.items()}

    async def _any(self) -> bool:
        if not self._exist and self._monotonic() >= self._ask_at:
            self._exist = await self._identities.any_related()
            self._ask_at = self._monotonic() + _ASKED_AGAIN_AFTER_S
        return self._exist
