"""A shop, a till and a CRM, and what they say."""

from datetime import timedelta
from typing import Any

from customer_profile.domain.telling import Trust
from customer_profile.hearing import Hearing
from customer_profile.ports import Identities
from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.identity import Identity
from omnifil_contracts.profile import (
    AttributeUpdate,
    ConsentUpdate,
    ExternalRecord,
    ExternalReference,
    Profile,
    ProfileUpdated,
)
from omnifil_testkit.builders import NOON

from profile_scenes.scene import Scene

TRUSTED = frozenset({"shop", "till"})


def identity(key: str) -> Identity:
    kind, _, value = key.partition(":")
    return Identity(kind=kind, value=value)


def says(
    source: str,
    key: str,
    *,
    also: tuple[str, ...] = (),
    records: tuple[ExternalRecord, ...] = (),
    consents: tuple[ConsentUpdate, ...] = (),
    minutes: float = 0,
    update_id: str | None = None,
    **attributes: str | None,
) -> ProfileUpdated:
    """`minutes` after noon; attributes by name, `_` for `-`."""
    update_id = update_id or f"{source}/{key}/{minutes}/{sorted(attributes.items())}/{also}/{len(records)}"
    return ProfileUpdated(
        update_id=update_id[:200],
        source=source,
        identity=identity(key),
        also=tuple(map(identity, also)),
        attributes=tuple(
            AttributeUpdate(name=name.replace("_", "-"), value=value) for name, value in attributes.items()
        ),
        records=records,
        consents=consents,
        occurred_at=NOON + timedelta(minutes=minutes),
    )


def order(number: str = "4711", *numbers: tuple[str, str], minutes: float = 0, **rest: Any) -> ExternalRecord:
    """An order, and further numbers that it goes by."""
    return ExternalRecord(
        kind="order",
        record_id=number,
        title=f"Order {number}",
        at=NOON + timedelta(minutes=minutes),
        references=tuple(ExternalReference(kind=kind, number=each) for kind, each in numbers),
        **rest,
    )


def consent(channel: str, granted: bool, purpose: str = "marketing") -> ConsentUpdate:
    return ConsentUpdate(channel=channel, purpose=purpose, granted=granted)


class Market(Scene):
    """A scene in which sources speak."""

    def __init__(self, *, identities: Identities | None = None) -> None:
        super().__init__()
        self.hearing = Hearing(identities or self.identities, Trust(TRUSTED), lambda: self.now)

    async def told(self, *updates: ProfileUpdated) -> None:
        for update in updates:
            self.hearing.check(update)
        await self.hearing.hear(updates)

    async def customer_of(self, key: str) -> CustomerChanged:
        return await self.desk.customer(await self.owner(key))

    async def profile_of(self, key: str) -> Profile:
        profile = (await self.customer_of(key)).profile
        assert profile is not None
        return profile
