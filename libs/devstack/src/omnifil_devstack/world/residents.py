"""Who lives in the world: the sample customers, and those whom a story or a test has moved in."""

import json
import re
import unicodedata
import zlib
from dataclasses import asdict
from pathlib import Path

from omnifil_devstack.demo_world import CUSTOMERS, MAIL_DOMAIN, Order, SampleCustomer
from omnifil_devstack.world.network.settings import Person


class Residents:
    """All customers by address; those who were added are kept in a file."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "residents.json"
        self._added: list[SampleCustomer] = []
        if self._file.exists():
            self._added = [_read(told) for told in json.loads(self._file.read_text())]

    def all(self) -> list[SampleCustomer]:
        """The samples first."""
        return [*CUSTOMERS, *self._added]

    def at(self, address: str) -> SampleCustomer | None:
        """Whose mailbox this is."""
        return next((each for each in self.all() if each.email == address), None)

    def with_account(self, account: str) -> SampleCustomer | None:
        """Whose account at the shop this is."""
        return next((each for each in self.all() if each.shop_account == account), None)

    def add(self, name: str, language: str = "en") -> SampleCustomer:
        """Somebody new with a mailbox and accounts at shop and network; the same name is the same person."""
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        local_part = re.sub(r"[^a-z0-9]+", ".", plain).strip(".")
        email = f"{local_part}@{MAIL_DOMAIN}"
        if known := self.at(email):
            return known
        first, _, last = name.partition(" ")
        number = zlib.crc32(email.encode())
        order = Order(str(10_000 + number % 90_000), "Linen coat, sand", "Sent on Monday", "€189.00")
        person = Person(f"62{number:014}", first, last)
        added = SampleCustomer(name, email, person, language, (order,))
        self._added.append(added)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        replacement = self._file.with_suffix(".new")
        replacement.write_text(json.dumps([asdict(each) for each in self._added], indent=1))
        replacement.replace(self._file)
        return added


def _read(told: dict[str, object]) -> SampleCustomer:
    person, orders = told.pop("person"), told.pop("orders")
    assert isinstance(person, dict)  # noqa: S101 - we wrote it
    assert isinstance(orders, list)  # noqa: S101
    return SampleCustomer(**told, person=Person(**person), orders=tuple(Order(**order) for order in orders))  # type: ignore[arg-type]
