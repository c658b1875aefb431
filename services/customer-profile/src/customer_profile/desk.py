"""What agents ask of customers and identities: confirm, merge, part, mark, and take all of it back."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

from omnifil_contracts.customer import (
    CustomerChanged,
    LinkIdentity,
    MarkShared,
    MergeCustomers,
    MergePreview,
    SplitCustomer,
)
from omnifil_contracts.identity import Actor, Identity
from omnifil_servicekit.errors import Transient

from customer_profile.domain import conflicts, handles, linking, merging, profiles
from customer_profile.domain.identities import KnownIdentity, Link
from customer_profile.domain.linking import AgentCommand, CustomerConflict
from customer_profile.ports import (
    Anchoring,
    Change,
    ChangedElsewhere,
    Clock,
    CommandReused,
    Identities,
    no_anchors,
)

_ATTEMPTS = 8
_PAUSE_S = 0.01
"""Before the second look, then twice as long each time: a store that is busy shows what it refuses us for only when the
other's transaction is through."""
Loading = Callable[[], Awaitable[list[KnownIdentity]]]
Deciding = Callable[[list[KnownIdentity]], list[KnownIdentity]]
"""From the states of identities to those that are new."""


class Desk:
    """Each command takes effect once, however often it is sent: its id stands on the link that it makes."""

    def __init__(
        self,
        identities: Identities,
        clock: Clock,
        *,
        phone_region: str | None = None,
        erased: Callable[[Collection[str]], Awaitable[list[CustomerChanged]]] | None = None,
        anchoring: Anchoring = no_anchors,
    ) -> None:
        """`erased` gives the state of those of some customers who were erased."""
        self._anchoring = anchoring
        self._erased = erased
        self._identities = identities
        self._clock = clock
        self._phone_region = phone_region

    async def customer(self, customer_id: str) -> CustomerChanged:
        """Raises `CustomerNotFound`."""
        if found := await self.customers([customer_id]):
            return found[0]
        raise linking.CustomerNotFound(customer_id)

    async def customers(self, customer_ids: Collection[str]) -> list[CustomerChanged]:
        """Those that exist, in the order given."""
        states = await self._identities.of_customers(customer_ids)
        found = {each: profiles.compose(each, states[each]) for each in customer_ids if each in states}
        missing = [each for each in customer_ids if each not in found]
        if missing and self._erased is not None:
            found |= {state.customer_id: state for state in await self._erased(missing)}
        return [found[each] for each in dict.fromkeys(customer_ids) if each in found]

    async def identity(self, identity: Identity) -> KnownIdentity:
        """Raises `IdentityNotFound`."""
        compared, former = handles.normalised(identity, self._phone_region), handles.former(identity)
        states = await self._identities.by_keys({compared.key, former.key})
        state = states.get(compared.key) or states.get(former.key)
        if state is None:
            raise linking.IdentityNotFound(identity.kind)
        return state

    async def link(self, customer_id: str, asked: LinkIdentity, command_id: str, agent: Actor) -> CustomerChanged:
        """The handle is this customer's; its state afterwards. Errors: `domain.linking`, `CommandReused`."""
        command = AgentCommand(command_id, agent, self._clock())
        first = await self.identity(asked.identity)
        if first.made_by(command_id) is None:
            customer_id = await self._still_standing(customer_id, first.key)

        async def load() -> list[KnownIdentity]:
            return [await self.identity(asked.identity), *await self._of_customers(customer_id)]

        def decide(states: list[KnownIdentity]) -> list[KnownIdentity]:
            state = states[0]
            after = linking.link(state, customer_id, asked.because, command)
            if after is state:
                return []
            if state.link != first.link:
                raise linking.MovedMeanwhile(state.customer_id)
            # Whoever types an unproven address would enter the dossiers of the handle that is linked to it.
            held = [each for each in states[1:] if each.customer_id == customer_id]
            if unproven := [each for each in held if handles.is_unproven(each.identity.kind)]:
                raise linking.IdentityNotLinkable(unproven[0].identity.kind)
            return [after, *_relied_on(customer_id, states[1:], after.key)]

        await self._carry_out(load, decide, command)
        return await self.customer((await self.identity(asked.identity)).customer_id)

    async def undo(self, link_id: str, command_id: str, agent: Actor) -> CustomerChanged:
        """The handle returns; the state of the customer who has it then. Errors: `domain.linking`, `CommandReused`."""
        command = AgentCommand(command_id, agent, self._clock())
        first = await self._by_link(link_id)
        anchors = await self._anchoring([first.key])

        async def load() -> list[KnownIdentity]:
            return [await self._by_link(link_id)]

        def decide(states: list[KnownIdentity]) -> list[KnownIdentity]:
            if states[0].link != first.link and states[0].made_by(command_id) is None:
                raise linking.MovedMeanwhile(states[0].customer_id)
            after = linking.undo(states[0], link_id, command, anchors)
            return [] if after is states[0] else [after]

        await self._carry_out(load, decide, command)
        return await self.customer((await self._by_link(link_id)).customer_id)

    async def mark_shared(self, asked: MarkShared, agent: Actor) -> CustomerChanged:
        """Whose the handle is then. Errors: `domain.linking`, `CommandReused`."""
        command = AgentCommand(asked.command_id, agent, self._clock())

        async def load() -> list[KnownIdentity]:
            return [await self.identity(asked.identity)]

        def decide(states: list[KnownIdentity]) -> list[KnownIdentity]:
            after = linking.mark_shared(states[0], asked.shared, command)
            return [] if after is states[0] else [after]

        await self._carry_out(load, decide, command)
        return await self.customer((await self.identity(asked.identity)).customer_id)

    async def merge(self, customer_id: str, asked: MergeCustomers, agent: Actor) -> CustomerChanged:
        """All handles of the other are this customer's. Errors: `domain.merging`, `CommandReused`."""
        command = AgentCommand(asked.command_id, agent, self._clock())
        merge_id = merging.merge_id(asked.command_id)
        if await self._done(asked.command_id, lambda link: link.merge_id == merge_id) is None:
            other = asked.other_customer_id
            await self._regroup(
                lambda: self._of_customers(customer_id, other),
                lambda states: merging.merge(customer_id, other, states, asked.because, command),
                command,
                (customer_id, other),
            )
        return await self.customer(customer_id)

    async def merge_preview(self, customer_id: str, other_id: str) -> MergePreview:
        """What a merge would put together. Raises `CustomerNotFound`."""
        one, other = await self.customer(customer_id), await self.customer(other_id)
        return MergePreview(customer=one, other=other, conflicts=conflicts.between(one, other))

    async def split(self, customer_id: str, asked: SplitCustomer, agent: Actor) -> CustomerChanged:
        """Who has these handles then. Errors: `domain.merging`, `CommandReused`."""
        command = AgentCommand(asked.command_id, agent, self._clock())
        if (link := await self._done(asked.command_id, _is_split)) is None:
            chosen = [(await self.identity(each)).identity for each in asked.identities]

            async def load() -> list[KnownIdentity]:
                named = await self._identities.by_keys([each.key for each in chosen])
                theirs = await self._of_customers(customer_id)
                return list({**{state.key: state for state in theirs}, **named}.values())

            after = await self._regroup(
                load,
                lambda states: merging.split(customer_id, chosen, states, command),
                command,
                (customer_id,),
            )
            return await self.customer(after[0].customer_id)
        return await self.customer(link.customer_id)

    async def undo_merge(self, merge_id: str, command_id: str, agent: Actor) -> CustomerChanged:
        """The handles return; the customer whose they are again. Errors: `domain.merging`, `CommandReused`."""
        command = AgentCommand(command_id, agent, self._clock())
        is_undo = lambda link: link.merge_id == merge_id and link.undoes is not None  # noqa: E731
        if (link := await self._done(command_id, is_undo)) is None:
            after = await self._regroup(
                lambda: self._of_merge(merge_id),
                lambda states: merging.undo_merge(merge_id, states, command),
                command,
                (),
            )
            return await self.customer(after[0].customer_id)
        return await self.customer(link.customer_id)

    async def _done(self, command_id: str, is_this: Callable[[Link], bool]) -> Link | None:
        """The first link that the command has made already. Raises `CommandReused` when it was another command."""
        state = await self._identities.by_command(command_id)
        link = state.made_by(command_id) if state is not None else None
        if link is not None and not is_this(link):
            raise CommandReused
        return link

    async def _regroup(
        self, load: Loading, decide: Deciding, command: AgentCommand, customers: Collection[str]
    ) -> list[KnownIdentity]:
        """Carry out; but who decided about customers that somebody else has regrouped meanwhile is told."""
        seen: list[set[str]] = []

        def unless_regrouped(states: list[KnownIdentity]) -> list[KnownIdentity]:
            mine = [state for state in states if any(link.caused_by == command.command_id for link in state.links)]
            if mine:  # the same command, sent twice at once
                return []
            seen.append({state.key for state in states if not customers or state.customer_id in customers})
            if lost := seen[0] - seen[-1]:
                raise CustomerConflict(next(state.customer_id for state in states if state.key in lost))
            return decide(states)

        return await self._carry_out(load, unless_regrouped, command)

    async def _carry_out(self, load: Loading, decide: Deciding, command: AgentCommand) -> list[KnownIdentity]:
        """Write what is decided, all of it or nothing. Who is overtaken looks and decides again.

        What is new; of a command that somebody has carried out at the same time, what it made.
        """
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(_PAUSE_S * 2**attempt)
            states = await load()
            after = decide(states)
            if not after:
                return [state for state in states if state.made_by(command.command_id) is not None]
            before = {state.key: state for state in states}
            try:
                await self._identities.write([], [Change(before[state.key], state) for state in after])
            except ChangedElsewhere:
                continue
            return after
        raise Transient(f"Command {command.command_id} was overtaken {_ATTEMPTS} times.")

    async def _by_link(self, link_id: str) -> KnownIdentity:
        if (state := await self._identities.by_link(link_id)) is None:
            raise linking.NothingToUndo(f"There is no link {link_id}.")
        return state

    async def _of_customers(self, *customer_ids: str) -> list[KnownIdentity]:
        """All that these customers have or had, each once."""
        found = await self._identities.of_customers(customer_ids)
        return list({state.key: state for states in found.values() for state in states}.values())

    async def _of_merge(self, merge_id: str) -> list[KnownIdentity]:
        """What the merge moved, and everything that is with who has that now."""
        moved = await self._identities.by_merge(merge_id)
        if not moved:
            raise merging.MergeNotFound(merge_id)
        around = await self._of_customers(*{state.customer_id for state in moved})
        return list({state.key: state for state in (*moved, *around)}.values())

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


def _is_split(link: Link) -> bool:
    return any(each.code == "customer-split" for each in link.because.evidence)


def _relied_on(customer_id: str, states: Sequence[KnownIdentity], but: str) -> list[KnownIdentity]:
    """One handle that the customer keeps, so that who merges the customer away at the same time is noticed."""
    held = sorted((state for state in states if state.customer_id == customer_id), key=lambda state: state.key)
    return [state.relied_on() for state in held if state.key != but][:1]
