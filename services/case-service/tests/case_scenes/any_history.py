"""Whatever customers, agents and redeliveries do in whatever order: the invariants hold."""

from collections import Counter
from collections.abc import Coroutine
from itertools import combinations
from typing import Any

from case_service.domain.dossier import evolve
from case_service.domain.errors import CommandRefused
from case_service.domain.standing import standing
from case_service.domain.view import project
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from omnifil_contracts.delivery import DeliveryReported
from omnifil_contracts.dossier import ReplyRequested
from omnifil_contracts.identity import Identity

CUSTOMERS = ("customer-a", "customer-b", "customer-c")
numbers = st.integers(min_value=0, max_value=10**6)


class AnyHistory(RuleBasedStateMachine):
    make_shop: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.shop = type(self).make_shop()
        self.written: list[Any] = []
        self.versions: Counter[str] = Counter()
        self.owner_of_c = "customer-c"
        self.parted: set[frozenset[str]] = set()
        """Conversations that an agent's command took apart, until another put them together again."""

    def run_now(self, work: Coroutine[Any, Any, Any]) -> Any:
        """In memory nobody waits: no event loop is needed, and thousands of them would take their time."""
        try:
            work.send(None)
        except StopIteration as done:
            return done.value
        raise AssertionError("something has waited")

    def any_dossier(self, number: int) -> Any:
        dossiers = sorted(self.run_now(self.shop.dossiers()).items())
        return dossiers[number % len(dossiers)][1]

    def command(self, dossier: Any, command: dict[str, object], **more: object) -> Any:
        before = self.pairs()
        try:
            result = self.run_now(self.shop.command(dossier, command, **more))
        except CommandRefused:
            return None
        after = self.pairs()
        self.parted = (self.parted | (before - after)) - after
        return result

    def by_rule(self, work: Coroutine[Any, Any, Any]) -> None:
        """What happens by itself puts nothing together that an agent took apart."""
        before = self.pairs()
        self.run_now(work)
        assert not (self.pairs() - before) & self.parted

    def pairs(self) -> set[frozenset[str]]:
        """The conversations that are in one dossier, two by two."""
        dossiers = self.run_now(self.shop.dossiers()).values()
        return {frozenset(each) for dossier in dossiers for each in combinations(dossier.memory.threads, 2)}

    @rule(customer=st.sampled_from(CUSTOMERS), thread=st.sampled_from("xyz"), assured=st.booleans(), echo=st.booleans())
    def somebody_writes(self, customer: str, thread: str, assured: bool, echo: bool) -> None:
        writer = self.owner_of_c if customer == "customer-c" else customer
        direction = "echo" if echo else "inbound"
        message = self.shop.message(
            writer, handle=f"{customer}@mail.example", conversation=thread, assured=assured, direction=direction
        )
        self.written.append(message)
        self.by_rule(self.shop.link(message))

    @precondition(lambda self: self.written)
    @rule(number=numbers)
    def a_message_comes_again(self, number: int) -> None:
        self.by_rule(self.shop.link(self.written[number % len(self.written)]))

    @rule(days=st.integers(min_value=1, max_value=30))
    def time_passes(self, days: int) -> None:
        self.shop.later(days=days)

    @precondition(lambda self: self.written)
    @rule(number=numbers)
    def an_agent_replies(self, number: int) -> None:
        dossier = self.any_dossier(number)
        conversations = [each.conversation.conversation_id for each in dossier.view.conversations if each.identity]
        if conversations:
            reply = {"type": "reply", "text": "r", "conversation_ids": conversations, "seen_seq": dossier.seq}
            self.command(dossier, reply)

    @precondition(lambda self: self.written)
    @rule(number=numbers, state=st.sampled_from(["sent", "delivered", "read", "failed"]))
    def a_reply_is_reported_on(self, number: int, state: str) -> None:
        for dossier_id in sorted(self.shop.ids):
            for entry in self.run_now(self.shop.events(dossier_id)):
                if isinstance(entry.event, ReplyRequested):
                    target = entry.event.targets[number % len(entry.event.targets)]
                    report = DeliveryReported(
                        outbound_id=target.outbound_id,
                        dossier_id=dossier_id,
                        conversation_id=target.conversation.conversation_id,
                        state=state,
                        at=self.shop.now,
                    )
                    self.run_now(self.shop.deliveries(report))

    @precondition(lambda self: self.written)
    @rule(number=numbers, status=st.sampled_from(["open", "waiting", "closed"]))
    def an_agent_sets_the_status(self, number: int, status: str) -> None:
        self.command(self.any_dossier(number), {"type": "change_status", "status": status})

    @precondition(lambda self: self.written)
    @rule(number=numbers, other=numbers, alone=st.booleans())
    def an_agent_moves_a_conversation(self, number: int, other: int, alone: bool) -> None:
        dossier = self.any_dossier(number)
        if dossier.view.conversations:
            held = dossier.view.conversations[other % len(dossier.view.conversations)]
            to = None if alone else self.any_dossier(other).id
            move = {"type": "move_conversation", "conversation_id": held.conversation.conversation_id}
            self.command(dossier, {**move, "to_dossier_id": to})

    @precondition(lambda self: self.written)
    @rule(number=numbers, other=numbers, alone=st.booleans())
    def an_agent_moves_a_message(self, number: int, other: int, alone: bool) -> None:
        dossier = self.any_dossier(number)
        messages = sorted(standing(self.run_now(self.shop.events(dossier))).messages)
        if messages:
            to = None if alone else self.any_dossier(other).id
            move = {"type": "move_message", "message_id": messages[other % len(messages)], "to_dossier_id": to}
            self.command(dossier, move)

    @precondition(lambda self: self.written)
    @rule(number=numbers, back=st.integers(min_value=0, max_value=5))
    def an_agent_undoes_something(self, number: int, back: int) -> None:
        dossier = self.any_dossier(number)
        self.command(dossier, {"type": "undo", "seq": max(dossier.seq - back, 1)})

    @precondition(lambda self: self.written)
    @rule()
    def a_move_that_is_undone_leaves_what_was(self) -> None:
        for dossier in self.run_now(self.shop.dossiers()).values():
            if len(dossier.view.conversations) < 2:
                continue
            before = self.standing_of(dossier.id)
            moved = dossier.view.conversations[0].conversation.conversation_id
            result = self.command(dossier, {"type": "move_conversation", "conversation_id": moved})
            assert result is not None
            entries = self.run_now(self.shop.events(result.to_dossier_id))
            linked = next(entry.seq for entry in entries if entry.event.type == "conversation_linked")
            assert self.command(result.to_dossier_id, {"type": "undo", "seq": linked}) is not None
            assert self.standing_of(dossier.id) == before
            return

    @rule(links=st.booleans())
    def an_identity_is_linked_or_unlinked(self, links: bool) -> None:
        identity = tuple(Identity(kind=kind, value="customer-c@mail.example") for kind in ("email", "email-unproven"))
        self.owner_of_c = "customer-a" if links else "customer-c"
        other = "customer-c" if links else "customer-a"
        self.versions.update([self.owner_of_c, other])
        self.by_rule(
            self.shop.customers(
                self.shop.changed(other, self.versions[other] + 1, released={self.owner_of_c: identity}),
                self.shop.changed(self.owner_of_c, self.versions[self.owner_of_c] + 1, has=identity),
            )
        )

    def standing_of(self, dossier_id: str) -> tuple[set[str], set[str]]:
        here = standing(self.run_now(self.shop.events(dossier_id)))
        outbound = {target.outbound_id for each in here.replies.values() for target in each.reply.targets}
        return set(here.messages), outbound

    @invariant()
    def every_timeline_is_gapless_and_folds(self) -> None:
        effects: Counter[str] = Counter()
        for dossier_id in self.shop.ids:
            entries = self.run_now(self.shop.events(dossier_id))
            assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
            assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
            effects.update(entry.effect_id for entry in entries)
            dossier = view = None
            for entry in entries:
                dossier = evolve(dossier_id, dossier, entry)
                view = project(dossier_id, view, entry)
            assert dossier is not None
            assert dossier.view == view
            assert dossier == self.run_now(self.shop.dossier(dossier_id))
            here = standing(entries)
            assert view is not None
            assert view.messages == len(here.messages) + len(here.replies)
            assert set(dossier.memory.threads) == {each.conversation.conversation_id for each in view.conversations}
        assert not [effect for effect, count in effects.items() if count > 1]

    @invariant()
    def every_message_and_reply_stands_in_exactly_one_dossier(self) -> None:
        messages: Counter[str] = Counter()
        outbound: Counter[str] = Counter()
        for dossier_id in self.shop.ids:
            here, sent = self.standing_of(dossier_id)
            messages.update(here)
            outbound.update(sent)
        assert messages == Counter({each.message.message_id for each in self.written})
        assert not [each for each, count in outbound.items() if count > 1]

    @invariant()
    def every_conversation_has_one_holder(self) -> None:
        held: Counter[str] = Counter()
        for dossier in self.run_now(self.shop.dossiers()).values():
            held.update(list(dossier.memory.threads))
        assert not [each for each, count in held.items() if count > 1]
