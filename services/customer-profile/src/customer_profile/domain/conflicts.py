"""What two customers do not agree on: shown before a merge, so that nothing wins silently."""

from collections.abc import Iterator

from omnifil_contracts.customer import Conflict, CustomerChanged
from omnifil_contracts.profile import SourcedValue

from customer_profile.domain import names

OWN_WORD = "messages"
"""The source of what a customer is called and of the numbers that they came with."""

ONE_EACH = frozenset({"loyalty-number", "customer-number"})
"""Kinds of handles that are attributes as well: what is said of them and what they are is compared."""

MANY = frozenset({"preferred-channel", "language"})
"""What a person may well have told one thing here and another there."""


def between(one: CustomerChanged, other: CustomerChanged) -> tuple[Conflict, ...]:
    """By attribute, every value of either where the two have different ones; of each value its newest word."""
    found: dict[str, list[SourcedValue]] = {}
    sides: dict[str, list[set[str]]] = {}
    for side, customer in enumerate((one, other)):
        for value in _values(customer):
            found.setdefault(value.name, []).append(value)
            sides.setdefault(value.name, [set(), set()])[side].add(_compared(value))
    return tuple(
        Conflict(attribute=name, values=_newest_of_each(values))
        for name, values in sorted(found.items())
        if all(sides[name]) and not _agree(name, *sides[name])
    )


def _values(customer: CustomerChanged) -> Iterator[SourcedValue]:
    for each in customer.profile.attributes if customer.profile else ():
        if each.name not in MANY:
            yield each
    for linked in customer.identities:
        if linked.identity.kind in ONE_EACH:
            yield SourcedValue(name=linked.identity.kind, value=linked.identity.value, source=OWN_WORD, at=linked.since)
    if customer.display_name:
        yield SourcedValue(name="name", value=customer.display_name, source=OWN_WORD, at=customer.first_seen_at)


def _agree(name: str, one: set[str], other: set[str]) -> bool:
    if name == "name":
        return all(names.may_be_one(mine, theirs) for mine in one for theirs in other)
    return one == other


def _compared(value: SourcedValue) -> str:
    if value.name in ONE_EACH:
        return "".join(value.value.split())
    return " ".join(value.value.casefold().split())


def _newest_of_each(values: list[SourcedValue]) -> tuple[SourcedValue, ...]:
    newest: dict[tuple[str, str], SourcedValue] = {}
    for value in sorted(values, key=lambda each: each.at, reverse=True):
        newest.setdefault((_compared(value), value.source), value)
    return tuple(newest.values())
