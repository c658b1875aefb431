"""Two replicas decide on one store, each overtaken by the other in the middle of what it does: one dossier, gapless,
each message once. And whatever else happens, nobody gets in."""

from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import pytest
from case_scenes.shop import Shop
from case_service.adapters.in_memory import InMemoryTimeline, Log
from case_service.domain.decisions import Group
from case_service.domain.dossier import Dossier, evolve
from case_service.domain.standing import standing
from case_service.handlers import Messages
from case_service.ports import Lost
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from omnifil_contracts.dossier import ReplyRequested
from omnifil_contracts.identity import Identity
from omnifil_contracts.message import IdentifiedMessage, InboundMessage

CROOK = "customer-crook"
CHANNELS = ("email", "chat", "social")


class Overtaken(InMemoryTimeline):
    """One replica's view of the store. Between what it has read and what it appends, `meanwhile` happens."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def append(self, groups: Sequence[Group]) -> dict[int, Lost]:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return await super().append(groups)


class Replicas(Shop):
    """The shop on two replicas of one store."""

    def __init__(self) -> None:
        self.store = Log()
        super().__init__(timeline=Overtaken(log=self.store))
        self.other = Overtaken(log=self.store)

    def handler(self, timeline: InMemoryTimeline) -> Messages:
        return Messages(timeline, self.policy, self.minting, lambda: self.now)

    async def race(
        self, batch: Sequence[IdentifiedMessage], meanwhile: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """`batch` is decided by the one replica; before it is appended, `meanwhile` happens."""
        assert isinstance(self.timeline, Overtaken)
        self.timeline.meanwhile = meanwhile
        await self.handler(self.timeline).link(list(batch))
        if self.timeline.meanwhile is not None:  # there was nothing to append
            meanwhile, self.timeline.meanwhile = self.timeline.meanwhile, None
            await meanwhile()
        self.ids |= set(self.store.appends)

    async def elsewhere(self, batch: Sequence[IdentifiedMessage]) -> None:
        await self.handler(self.other).link(list(batch))


@pytest.mark.parametrize("first", range(3))
async def test_three_channels_in_one_second_on_two_replicas_are_one_dossier(first: int) -> None:
    shop = Replicas()
    three = [shop.message(channel=channel, text="my lamp of order 4711 is broken") for channel in CHANNELS]
    one, *others = three[first:] + three[:first]
    await shop.race([one], lambda: shop.elsewhere(others))
    [dossier] = (await shop.dossiers()).values()
    assert dossier.view.messages == 3
    assert {each.conversation.channel for each in dossier.view.conversations} == set(CHANNELS)


async def test_what_has_nothing_to_do_with_an_opening_is_written_with_it() -> None:
    """And what it might rest on is written before it: the same customer's other dossier waits."""
    written: list[list[int]] = []

    class Noting(InMemoryTimeline):
        async def append(self, groups: Sequence[Group]) -> dict[int, Lost]:
            written.append([number for group in groups for number in group.decisions])
            return await super().append(groups)

    shop = Shop(timeline=Noting())
    await shop.writes("customer-a", conversation="<a@mail.example>")
    await shop.writes("customer-b", conversation="<b@mail.example>")
    written.clear()
    await shop.link(
        shop.message("customer-a", conversation="<a@mail.example>"),
        shop.message("customer-b", conversation="<b@mail.example>"),
        shop.message("customer-b", conversation="<other@mail.example>", assured=False),
        shop.message("customer-c", conversation="<c@mail.example>"),
    )
    assert [sorted(each) for each in written] == [[0, 2, 3], [1]]


async def test_a_batch_of_which_the_customer_turns_out_to_be_another_goes_where_it_belongs() -> None:
    """The link is told while the batch is under way: the message was identified before, and follows."""
    shop = Replicas()
    cookie = Identity(kind="visitor", value="v-1")
    hers = await shop.writes("customer-a", text="my lamp of order 4711 is broken")
    late = shop.message("customer-v", channel="chat", handle="v-1", conversation="v-1", text="order 4711 again")
    linked = shop.changed("customer-a", 3, has=(cookie,))
    left = shop.changed("customer-v", 3, released={"customer-a": (cookie,)})
    await shop.race([late], lambda: shop.customers(left, linked))
    await shop.customers(left, linked)
    [dossier] = [each for each in (await shop.dossiers()).values() if each.is_live]
    assert dossier.id == hers.id
    assert dossier.view.messages == 2


class AnyRace(RuleBasedStateMachine):
    """Customers a and b, whose matters differ, a crook who knows all of their ids, and two replicas."""

    def __init__(self) -> None:
        super().__init__()
        self.shop = Replicas()
        self.sent: list[IdentifiedMessage] = []
        self.versions: Counter[str] = Counter()
        self.owner_of_phone = "customer-p"

    def run_now(self, work: Coroutine[Any, Any, Any]) -> Any:
        """In memory nobody waits: no event loop is needed."""
        try:
            work.send(None)
        except StopIteration as done:
            return done.value
        raise AssertionError("something has waited")

    def from_person(self, person: str, channel: str, thread: str, early: int) -> IdentifiedMessage:
        """`early`: it was received so many minutes ago, and comes only now."""
        message = self.shop.message(
            self.owner_of_phone if person == "p" else f"customer-{person}",
            channel=channel,
            handle="phone-p" if person == "p" else None,
            conversation=f"{person}-{channel}-{thread}",
            text={"a": "the lamp is broken", "b": "an invoice is wrong", "p": "where is my parcel"}[person],
        )
        at = message.message.received_at.replace(minute=59 - early % 60)
        return message.model_copy(update={"message": message.message.model_copy(update={"received_at": at})})

    def from_crook(self, target: IdentifiedMessage, way: str) -> IdentifiedMessage:
        known = target.message
        ways: dict[str, dict[str, Any]] = {
            "thread": {"conversation": known.conversation.key, "ancestors": (known.provider_message_id,)},
            "forged": {
                "handle": known.sender.primary.identity.value,
                "conversation": known.conversation.key,
                "ancestors": (known.provider_message_id,),
            },
            "id": {"provider_message_id": known.provider_message_id},
            "token": {"references": tuple(self.tokens())},
            "quote": {"subject": f"about {' '.join(self.numbers())}", "text": known.text},
        }
        assured = way in ("thread", "token", "quote")
        return self.shop.message(CROOK, channel=known.channel, assured=assured, **ways[way])

    def tokens(self) -> list[str]:
        entries = [entry for each in sorted(self.shop.ids) for entry in self.run_now(self.shop.events(each))]
        replies = [entry.event for entry in entries if isinstance(entry.event, ReplyRequested)]
        return [target.reference for reply in replies for target in reply.targets][:5]

    def numbers(self) -> list[str]:
        return [each.view.number for each in self.dossiers()]

    def dossiers(self) -> list[Dossier]:
        return [each for _, each in sorted(self.run_now(self.shop.dossiers()).items())]

    @rule(
        people=st.lists(
            st.tuples(st.sampled_from("abp"), st.sampled_from(CHANNELS), st.sampled_from("xy")), max_size=5
        ),
        elsewhere=st.lists(st.tuples(st.sampled_from("abp"), st.sampled_from(CHANNELS), st.sampled_from("xy"))),
        early=st.integers(0, 50),
        again=st.integers(0, 10**6),
    )
    def messages_race(
        self, people: list[tuple[str, str, str]], elsewhere: list[tuple[str, str, str]], early: int, again: int
    ) -> None:
        here = [self.from_person(*each, early) for each in people]
        there = [self.from_person(*each, early // 2) for each in elsewhere[:4]]
        fresh = [*here, *there]
        if self.sent:
            here.append(self.sent[again % len(self.sent)])
            there += [self.sent[again % 7 % len(self.sent)], *here[:1]]
        self.sent += fresh
        self.run_now(self.shop.race(here, lambda: self.shop.elsewhere(there)))

    @precondition(lambda self: self.sent)
    @rule(
        number=st.integers(0, 10**6),
        way=st.sampled_from(["thread", "forged", "id", "token", "quote"]),
        first=st.booleans(),
    )
    def the_crook_tries(self, number: int, way: str, first: bool) -> None:
        """`first`: before the message that he is after has come."""
        target = self.sent[number % len(self.sent)]
        if first:
            target = self.from_person("a", "email", f"new-{number}", 0)
            self.sent.append(target)
        crooked = self.from_crook(target, way)
        self.sent.append(crooked)
        self.run_now(self.shop.race([crooked], lambda: self.shop.elsewhere([target])))
        self.run_now(self.shop.race([crooked, target]))

    @rule(belongs=st.booleans())
    def a_phone_turns_out_to_be_somebodys(self, belongs: bool) -> None:
        """Told while a message of it is under way."""
        phone = tuple(Identity(kind=kind, value="phone-p") for kind in ("email", "visitor", "messenger"))
        before, self.owner_of_phone = self.owner_of_phone, "customer-a" if belongs else "customer-p"
        under_way = self.from_person("p", "chat", "x", 0).model_copy(update={"customer_id": before})
        self.sent.append(under_way)
        other = "customer-p" if belongs else "customer-a"
        self.versions.update([self.owner_of_phone, other])
        changed = (
            self.shop.changed(other, self.versions[other] + 1, released={self.owner_of_phone: phone}),
            self.shop.changed(self.owner_of_phone, self.versions[self.owner_of_phone] + 1, has=phone),
        )
        self.run_now(self.shop.race([under_way], lambda: self.shop.customers(*changed)))
        self.run_now(self.shop.customers(*changed))

    @precondition(lambda self: self.sent)
    @rule(number=st.integers(0, 10**6), status=st.sampled_from(["closed", "waiting"]), days=st.integers(0, 20))
    def an_agent_answers_and_time_passes(self, number: int, status: str, days: int) -> None:
        dossiers = self.dossiers()
        dossier = dossiers[number % len(dossiers)]
        if any(each.identity for each in dossier.view.conversations):
            conversations = [each.conversation.conversation_id for each in dossier.view.conversations if each.identity]
            self.run_now(self.shop.reply(dossier, *conversations, status_after=status))
        self.shop.later(days=days)

    @invariant()
    def every_timeline_is_gapless_and_folds(self) -> None:
        effects: Counter[str] = Counter()
        for dossier_id in self.shop.ids:
            entries = self.run_now(self.shop.events(dossier_id))
            assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
            effects.update(entry.effect_id for entry in entries)
            folded = None
            for entry in entries:
                folded = evolve(dossier_id, folded, entry)
            assert folded == self.run_now(self.shop.dossier(dossier_id))
        assert not [effect for effect, count in effects.items() if count > 1]

    @invariant()
    def every_message_is_in_one_dossier_and_the_crook_in_none_of_theirs(self) -> None:
        found: Counter[tuple[str, str]] = Counter()
        for dossier in self.dossiers():
            here = standing(self.run_now(self.shop.events(dossier.id)))
            writers = {each.event.customer_id for each in here.messages.values()}
            assert CROOK not in writers or writers == {CROOK}
            if writers:
                assert (dossier.customer_id == CROOK) == (writers == {CROOK})
            found.update(_named(each.event.message) for each in here.messages.values())
        assert found == Counter({_named(each.message) for each in self.sent})

    @invariant()
    def no_answer_goes_to_the_crook(self) -> None:
        for dossier in self.dossiers():
            identities = [each.identity.value for each in dossier.view.conversations if each.identity]
            if dossier.customer_id != CROOK:
                assert f"{CROOK}@mail.example" not in identities

    @invariant()
    def every_conversation_has_one_holder(self) -> None:
        held = Counter(each for dossier in self.dossiers() for each in dossier.memory.threads)
        assert not [each for each, count in held.items() if count > 1]


def _named(message: InboundMessage) -> tuple[str, str]:
    """What distinguishes a message, also where two have one provider's id."""
    return (message.provider_message_id, message.sender.primary.identity.key)


def test_any_race() -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        AnyRace,
        settings=settings(
            phases=(Phase.explicit, Phase.generate),
            max_examples=10,
            stateful_step_count=8,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
