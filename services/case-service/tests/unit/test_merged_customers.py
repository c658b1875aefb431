"""Customers are merged and parted again: every dossier, message and handle is where it would be without."""

import asyncio
from collections.abc import Mapping

from case_scenes.shop import Shop
from case_service.domain.standing import standing
from case_service.handlers import Messages
from hypothesis import given, settings
from hypothesis import strategies as st
from omnifil_contracts.customer import CustomerChanged, CustomerMerge
from omnifil_contracts.dossier import Status
from omnifil_contracts.identity import Because, Identity
from omnifil_testkit.builders import NOON

BEGAN = {"a1": "customer-a", "a2": "customer-a", "b1": "customer-b", "b2": "customer-b", "c1": "customer-c"}
CUSTOMERS = ("customer-a", "customer-b", "customer-c")


class Register:
    """Whose each handle is, as customer-profile tells it; merges that hold, oldest first."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.owner = dict(BEGAN)
        self._ever: dict[str, set[str]] = {handle: {owner} for handle, owner in BEGAN.items()}
        self.merges: list[tuple[str, str, frozenset[str]]] = []
        self._version = 1

    def merge(self, other: str, into: str) -> None:
        moved = frozenset(handle for handle, owner in self.owner.items() if owner == other)
        if other == into or not moved or into not in self.owner.values():
            return
        self.merges.append((other, into, moved))
        self._move(dict.fromkeys(moved, into))

    def undo(self) -> None:
        """The newest merge."""
        if self.merges:
            other, _, moved = self.merges.pop()
            self._move(dict.fromkeys(moved, other))

    def _move(self, moved: Mapping[str, str]) -> None:
        self.owner |= moved
        for handle, owner in moved.items():
            self._ever[handle].add(owner)

    def told(self) -> list[CustomerChanged]:
        """Everybody's state."""
        self._version += 1
        states = []
        for customer in CUSTOMERS:
            gone: dict[str, tuple[Identity, ...]] = {}
            for handle, owners in self._ever.items():
                if customer in owners and self.owner[handle] != customer:
                    gone[self.owner[handle]] = (*gone.get(self.owner[handle], ()), identity(handle))
            has = tuple(identity(handle) for handle, owner in self.owner.items() if owner == customer)
            changed = self._shop.changed(customer, self._version, has=has, released=gone)
            merges = tuple(
                CustomerMerge(
                    merge_id=f"merge-{number}",
                    other_customer_id=other,
                    at=NOON,
                    because=Because(rule="agent"),
                    actor=changed.identities[0].actor if changed.identities else changed.released[0].actor,
                )
                for number, (other, into, _) in enumerate(self.merges)
                if into == customer
            )
            states.append(changed.model_copy(update={"merges": merges}))
        return states


def identity(handle: str) -> Identity:
    return Identity(kind="messenger", value=handle)


async def where(shop: Shop) -> dict[str, str]:
    """Each message's text, and whose dossier it stands in. Every message stands in one only."""
    found: dict[str, str] = {}
    for dossier_id, dossier in (await shop.dossiers()).items():
        for each in standing(await shop.timeline.history(dossier_id)).messages.values():
            assert found.setdefault(each.event.message.text, dossier.customer_id) == dossier.customer_id
            found[each.event.message.text] = dossier.customer_id
    return found


async def writes(shop: Shop, register: Register, handle: str, text: str, as_customer: str | None = None) -> None:
    """In the one conversation that the handle has; `as_customer`: as it was identified on its way."""
    customer = as_customer or register.owner[handle]
    await shop.writes(customer, channel="social", handle=handle, conversation=handle, text=text, name="Clara Martin")


async def test_a_merge_and_its_undoing_bring_everything_back_with_what_was_written_since(shop: Shop) -> None:
    register = Register(shop)
    for handle in ("a1", "b1", "b2"):
        await writes(shop, register, handle, f"{handle} before")
    register.merge("customer-b", "customer-a")
    await shop.customers(*register.told())
    assert set((await where(shop)).values()) == {"customer-a"}
    assert sum(each.view.status is not Status.CLOSED for each in (await shop.dossiers()).values()) == 1
    for handle in ("a1", "b1", "b2"):
        await writes(shop, register, handle, f"{handle} since")
    register.undo()
    await shop.customers(*register.told())
    assert await where(shop) == {
        f"{handle} {when}": BEGAN[handle] for handle in ("a1", "b1", "b2") for when in ("before", "since")
    }


async def test_what_was_on_its_way_when_the_customer_was_merged_is_the_merged_customers(shop: Shop) -> None:
    register = Register(shop)
    await writes(shop, register, "a1", "of a")
    await writes(shop, register, "b1", "of b")
    register.merge("customer-b", "customer-a")
    await shop.customers(*register.told())
    late = shop.message("customer-b", channel="social", handle="b1", conversation="b1-new", text="on its way")
    dossier = await shop.link(late)
    assert dossier.customer_id == "customer-a"
    assert dossier.view.messages == 3
    register.undo()
    await shop.customers(*register.told())
    assert await where(shop) == {"of a": "customer-a", "of b": "customer-b", "on its way": "customer-b"}


async def test_another_handle_of_the_customer_who_lost_one_stays_theirs(shop: Shop) -> None:
    register = Register(shop)
    await writes(shop, register, "a1", "of a")
    await writes(shop, register, "b1", "of b")
    register.owner["b1"] = "customer-a"
    register._ever["b1"].add("customer-a")
    await shop.customers(*register.told())
    await writes(shop, register, "b2", "by the other handle")
    assert (await where(shop))["by the other handle"] == "customer-b"


async def test_what_opened_a_dossier_behind_the_merge_follows_with_the_next_state(shop: Shop) -> None:
    """The customer had no dossier yet that could have told."""
    register = Register(shop)
    register.merge("customer-b", "customer-a")
    await shop.customers(*register.told())
    await writes(shop, register, "b1", "the first of all", as_customer="customer-b")
    assert await where(shop) == {"the first of all": "customer-b"}
    into = next(each for each in register.told() if each.customer_id == "customer-a")
    await shop.customers(into)
    assert await where(shop) == {"the first of all": "customer-a"}


async def test_a_handle_in_another_spelling_follows_too(shop: Shop) -> None:
    theirs = await shop.writes("customer-b", channel="social", handle="B One")
    spelled = ("B One",)
    changed = shop.changed("customer-b", 2, released={"customer-a": (identity("b1"),)})
    released = tuple(each.model_copy(update={"as_written": spelled}) for each in changed.released)
    await shop.customers(changed.model_copy(update={"released": released}))
    assert (await shop.view(theirs.id)).customer_id == "customer-a"


steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from(sorted(BEGAN)), st.booleans()),
        st.tuples(st.just("merge"), st.sampled_from(CUSTOMERS), st.sampled_from(CUSTOMERS)),
        st.tuples(st.just("undo"), st.just(""), st.just("")),
        st.tuples(st.just("tell"), st.integers(0, 2), st.just("")),
    ),
    max_size=14,
)


@settings(max_examples=120, deadline=None)
@given(steps)
def test_after_any_history_each_message_is_with_whom_its_handle_is(several: list[tuple[str, object, object]]) -> None:
    """However late each customer's state is heard, and though messages on their way say whose they were before."""

    async def play() -> None:
        shop = Shop()
        register = Register(shop)
        earlier = dict(register.owner)
        written: dict[str, str] = {}
        for number, (what, first, second) in enumerate(several):
            if what == "write":
                written[f"message {number}"] = str(first)
                was = earlier[str(first)] if second else None
                await writes(shop, register, str(first), f"message {number}", as_customer=was)
            elif what == "tell":
                await shop.customers(register.told()[int(str(first))])
            else:
                earlier = dict(register.owner)
                if what == "merge":
                    register.merge(str(first), str(second))
                else:
                    register.undo()
        for _ in range(2):  # whose state is heard last makes no difference
            await shop.customers(*register.told())
        assert await where(shop) == {text: register.owner[handle] for text, handle in written.items()}
        while register.merges:
            register.undo()
        await shop.customers(*register.told())
        assert await where(shop) == {text: BEGAN[handle] for text, handle in written.items()}
        seqs = {each.id: each.seq for each in (await shop.dossiers()).values()}
        await shop.customers(*register.told())
        assert {each.id: each.seq for each in (await shop.dossiers()).values()} == seqs

    asyncio.run(play())


async def test_two_who_chose_one_message_id_are_both_kept_though_their_customers_have_changed(shop: Shop) -> None:
    for name in ("a", "b"):
        had, has = f"customer-{name}", f"customer-new-{name}"
        await shop.writes(had, channel="social", handle=name, text=f"first of {name}")
        handle = (identity(name),)
        await shop.customers(shop.changed(has, 2, has=handle), shop.changed(had, 2, released={has: handle}))
    chosen = "<chosen@mail.example>"
    first = shop.message("customer-a", handle="a", text="of a", channel="social", provider_message_id=chosen)
    second = shop.message("customer-b", handle="b", text="of b", channel="social", provider_message_id=chosen)
    await Messages(shop.timeline, shop.policy, shop.minting, lambda: shop.now).link([first, second])
    shop.ids |= {append.dossier_id async for append in shop.timeline.all_appends()}
    found = await where(shop)
    assert (found["of a"], found["of b"]) == ("customer-new-a", "customer-new-b")
