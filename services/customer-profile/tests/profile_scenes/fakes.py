"""The ports in memory; `tests/integration/test_identities_port.py` holds them to what MongoDB does."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from customer_profile.domain import names
from customer_profile.domain.identities import AGENT, KnownIdentity
from customer_profile.ports import Change, ChangedElsewhere, CommandReused, Sighting
from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.message import IdentifiedMessage


class InMemoryIdentities:
    def __init__(self) -> None:
        self._states: dict[str, KnownIdentity] = {}

    async def by_keys(self, keys: Collection[str]) -> dict[str, KnownIdentity]:
        return {key: self._states[key] for key in keys if key in self._states}

    async def by_names(
        self, wanted: Collection[str], seen_after: datetime, at_most: int
    ) -> dict[str, list[KnownIdentity]]:
        latest = sorted(self._states.values(), key=lambda state: state.seen_at, reverse=True)
        recent = [state for state in latest if state.seen_at >= seen_after]
        found = {name: [state for state in recent if names.folded(state.display_name) == name] for name in wanted}
        return {name: states[:at_most] for name, states in found.items() if states}

    async def of_customers(self, customer_ids: Collection[str]) -> dict[str, list[KnownIdentity]]:
        found = {each: [state for state in self._states.values() if each in state.customers] for each in customer_ids}
        return {each: states for each, states in found.items() if states}

    async def naming(self, customer_ids: Collection[str]) -> dict[str, list[KnownIdentity]]:
        return await self.of_customers(customer_ids)

    async def by_link(self, link_id: str) -> KnownIdentity | None:
        return next(
            (state for state in self._states.values() if link_id in {link.link_id for link in state.links}), None
        )

    async def write(self, added: Sequence[KnownIdentity], changed: Sequence[Change]) -> None:
        if any(state.key in self._states for state in added):
            raise ChangedElsewhere
        if any(self._states[change.before.key].version != change.before.version for change in changed):
            raise ChangedElsewhere
        for change in changed:
            if _commands(change.after) & self._commands_of_others(change.after.key):
                raise CommandReused
        for state in added:
            self._states[state.key] = state
        for change in changed:
            seen = self._states[change.after.key]
            self._states[change.after.key] = replace(change.after, seen_at=seen.seen_at, channel=seen.channel)

    async def sight(self, sightings: Sequence[Sighting]) -> None:
        for each in sightings:
            state = self._states[each.key]
            if each.at > state.seen_at:
                self._states[each.key] = replace(state, seen_at=each.at, channel=each.channel)

    async def pages(self, size: int) -> AsyncIterator[list[KnownIdentity]]:
        states = sorted(self._states.values(), key=lambda state: state.key)
        for start in range(0, len(states), size):
            yield states[start : start + size]

    def _commands_of_others(self, key: str) -> set[str]:
        return {command for state in self._states.values() if state.key != key for command in _commands(state)}


def _commands(state: KnownIdentity) -> set[str]:
    return {link.caused_by for link in state.links if link.actor.kind == AGENT}


@dataclass
class Announced:
    """What was told, in order."""

    messages: list[IdentifiedMessage] = field(default_factory=list)
    states: list[CustomerChanged] = field(default_factory=list)

    async def identified(self, messages: Sequence[IdentifiedMessage]) -> None:
        self.messages.extend(messages)

    async def customers(self, states: Sequence[CustomerChanged]) -> None:
        self.states.extend(states)
