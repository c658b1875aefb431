"""The ports in memory, for tests, trying things out and simulations. `Identities` is held to what MongoDB does by
`tests/integration/test_identities_port.py`."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.message import IdentifiedMessage

from customer_profile.domain import names
from customer_profile.domain.facts import related
from customer_profile.domain.identities import AGENT, KnownIdentity
from customer_profile.ports import Change, ChangedElsewhere, CommandReused, Related, Sighting


class InMemoryIdentities:
    """Implements `Identities`."""

    def __init__(self) -> None:
        self._states: dict[str, KnownIdentity] = {}
        # By what is looked for: a key stays where it once was, and the state itself has the last word.
        self._by_name: dict[str, dict[str, None]] = {}
        self._by_customer: dict[str, dict[str, None]] = {}
        self._by_link: dict[str, str] = {}
        self._by_command: dict[str, set[str]] = {}
        self._by_merge: dict[str, dict[str, None]] = {}

    async def by_keys(self, keys: Collection[str]) -> dict[str, KnownIdentity]:
        return {key: _without_facts(self._states[key]) for key in keys if key in self._states}

    async def with_facts(self, keys: Collection[str]) -> dict[str, KnownIdentity]:
        return {key: self._states[key] for key in keys if key in self._states}

    async def related(self, customer_ids: Collection[str]) -> dict[str, list[Related]]:
        found: dict[str, list[Related]] = {}
        for customer_id, states in (await self.of_customers(customer_ids)).items():
            theirs = [state.facts for state in states if state.customer_id == customer_id and state.facts is not None]
            if groups := [group for facts in theirs for group in related(facts)]:
                found[customer_id] = groups
        return found

    async def any_related(self) -> bool:
        return any(state.facts is not None and related(state.facts) for state in self._states.values())

    async def by_names(
        self, wanted: Collection[str], seen_after: datetime, at_most: int
    ) -> dict[str, list[KnownIdentity]]:
        found: dict[str, list[KnownIdentity]] = {}
        for name in wanted:
            bearers = [self._states[key] for key in self._by_name.get(name, ())]
            recent = [
                each for each in bearers if each.seen_at >= seen_after and names.folded(each.display_name) == name
            ]
            if recent:
                found[name] = sorted(recent, key=lambda state: state.seen_at, reverse=True)[:at_most]
        return found

    async def of_customers(self, customer_ids: Collection[str]) -> dict[str, list[KnownIdentity]]:
        return {
            each: [self._states[key] for key in self._by_customer[each]]
            for each in customer_ids
            if each in self._by_customer
        }

    async def naming(self, customer_ids: Collection[str]) -> dict[str, list[KnownIdentity]]:
        return await self.of_customers(customer_ids)

    async def by_link(self, link_id: str) -> KnownIdentity | None:
        return self._states[self._by_link[link_id]] if link_id in self._by_link else None

    async def by_command(self, command_id: str) -> KnownIdentity | None:
        return next((self._states[key] for key in self._by_command.get(command_id, ())), None)

    async def by_merge(self, merge_id: str) -> list[KnownIdentity]:
        return [self._states[key] for key in self._by_merge.get(merge_id, ())]

    async def write(self, added: Sequence[KnownIdentity], changed: Sequence[Change]) -> None:
        if any(state.key in self._states for state in added):
            raise ChangedElsewhere
        if any(self._states[change.before.key].version != change.before.version for change in changed):
            raise ChangedElsewhere
        for change in changed:
            if any(self._by_command.get(each, set()) - {change.after.key} for each in _commands(change.after)):
                raise CommandReused
        for state in added:
            self._put(state)
        for change in changed:
            there = self._states[change.after.key]
            facts = there.facts if change.after.facts is change.before.facts else change.after.facts
            self._put(replace(change.after, seen_at=there.seen_at, channel=there.channel, facts=facts))

    async def sight(self, sightings: Sequence[Sighting]) -> None:
        for each in sightings:
            state = self._states[each.key]
            if each.at > state.seen_at:
                self._states[each.key] = replace(state, seen_at=each.at, channel=each.channel)

    async def pages(self, size: int) -> AsyncIterator[list[KnownIdentity]]:
        states = sorted(self._states.values(), key=lambda state: state.key)
        for start in range(0, len(states), size):
            yield states[start : start + size]

    def _put(self, state: KnownIdentity) -> None:
        self._states[state.key] = state
        if (name := names.folded(state.display_name)) is not None:
            self._by_name.setdefault(name, {})[state.key] = None
        for link in state.links:
            self._by_customer.setdefault(link.customer_id, {})[state.key] = None
            self._by_link[link.link_id] = state.key
            if link.merge_id is not None:
                self._by_merge.setdefault(link.merge_id, {})[state.key] = None
        for command in _commands(state):
            self._by_command.setdefault(command, set()).add(state.key)


def _without_facts(state: KnownIdentity) -> KnownIdentity:
    return state if state.facts is None else replace(state, facts=None)


def _commands(state: KnownIdentity) -> set[str]:
    return {link.caused_by for link in state.links if link.actor.kind == AGENT}


@dataclass
class Announced:
    """What was told, in order. Implements `Announcements`."""

    messages: list[IdentifiedMessage] = field(default_factory=list)
    states: list[CustomerChanged] = field(default_factory=list)

    async def identified(self, messages: Sequence[IdentifiedMessage]) -> None:
        self.messages.extend(messages)

    async def customers(self, states: Sequence[CustomerChanged]) -> None:
        self.states.extend(states)
