"""The people: their handles, whom they live or work with, how they write."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from omnifil_testkit.simulator.calendar import BEGIN, MONTH, around, between
from omnifil_testkit.simulator.settings import Rates

_FIRST = (
    "Claire", "Julien", "Nadia", "Thomas", "Inès", "Paul", "Sophie", "Karim", "Léa", "Marc", "Emma", "Hugo",
    "Jane", "Tom", "Priya", "Owen", "Mary", "Ali", "Fiona", "George", "Aisha", "Ben", "Dylan", "Zoé", "Yves", "Rosa",
)  # fmt: skip
_LAST = (
    "Martin", "Bernard", "Dubois", "Moreau", "Lefèvre", "Garnier", "Faure", "Benali", "Roux", "Fontaine", "Chevalier",
    "Smith", "Jones", "Taylor", "Patel", "Evans", "Walker", "Khan", "Murphy", "Clarke", "Hughes", "Nguyen", "Silva",
    "Kowalski", "Rossi", "Keller", "Mbaye", "Haddad", "Lindqvist",
)  # fmt: skip
_MAIL_HOSTS = ("mail.example", "post.example", "courrier.test", "inbox.example", "laposte.test", "free-mail.example")


@dataclass(frozen=True)
class Mailbox:
    """`proven`: mail from it passes DMARC. `until`: given up then."""

    address: str
    proven: bool
    until: datetime | None = None


@dataclass
class Person:
    """Somebody, with every handle that is theirs. `circle` names those who have to do with each other: a household, the
    colleagues of an office, an impostor and their victim; nobody else's messages depend on theirs."""

    id: str
    circle: str
    name: str
    language: str
    mailboxes: tuple[Mailbox, ...]
    phone: str
    psid: str
    cookie: str
    account: str | None
    registered: str
    """The address that the account was opened with."""
    address_checked: bool
    """The shop has seen that the address of the account is theirs."""
    told_by_shop: bool
    phone_on_file: bool
    mix: Mapping[str, float]
    gap_days: float
    typos: float
    cookies: int = 0
    """How many browsers there were so far, the shared one apart."""
    shown_as: str | None = None
    """What a role address is called instead of the person."""

    def mailbox(self, draw: random.Random, rates: Rates, at: datetime) -> Mailbox:
        """Which one they write from now."""
        usable = [each for each in self.mailboxes if each.until is None or at < each.until]
        return usable[1] if len(usable) > 1 and draw.random() < rates.other_address else usable[0]


def people(rates: Rates, seed: int, count: int, months: float) -> list[Person]:
    """At least so many, household by household."""
    found: list[Person] = []
    number = 0
    while len(found) < count:
        draw = random.Random(f"{seed}/circle/{number}")
        found += _circle(rates, draw, f"{seed}-{number}", months, found)
        number += 1
    return found


def stranger(rates: Rates, draw: random.Random, circle: str, name: str, months: float = 1) -> Person:
    """Somebody who is no customer, but has to do with one."""
    return _person(rates, draw, circle, name, "other", months)


def _circle(rates: Rates, draw: random.Random, circle: str, months: float, others: list[Person]) -> list[Person]:
    kind = draw.random()
    if kind < rates.role:
        return _office(rates, draw, circle, months)
    if kind < rates.role + rates.housemates / 2:
        return _household(rates, draw, circle, months)
    name = f"{draw.choice(_FIRST)} {draw.choice(_LAST)} {_initial(draw)}"
    if others and draw.random() < rates.namesakes:
        name = draw.choice(others).name
    return [_person(rates, draw, circle, name, "a", months)]


def _household(rates: Rates, draw: random.Random, circle: str, months: float) -> list[Person]:
    last = f"{draw.choice(_LAST)} {_initial(draw)}"
    names = draw.sample(_FIRST, 2 if draw.random() < 0.8 else 3)
    members = [_person(rates, draw, circle, f"{name} {last}", f"{at}", months) for at, name in enumerate(names)]
    if draw.random() < rates.shared_mailbox:
        shared = Mailbox(f"famille.{_slug(last)}.{circle}@post.example", proven=True)
        for at, each in enumerate(members):
            own = each.mailboxes[:1] if draw.random() < 0.4 else ()
            each.mailboxes = (shared, *own)
            if at == 0 or draw.random() < rates.accounts_of_one_address:
                each.registered = shared.address
    if draw.random() < rates.shared_phone:
        for each in members:
            each.phone = members[0].phone
    if draw.random() < rates.shared_computer:
        for each in members:
            each.cookie = members[0].cookie
    return members


def _office(rates: Rates, draw: random.Random, circle: str, months: float) -> list[Person]:
    """Colleagues who write from one address; each has an own one besides."""
    role = draw.choice(("info", "contact", "office", "achats", "accueil"))
    firm = f"Atelier {draw.choice(_LAST)}"
    shared = Mailbox(f"{role}@firm-{circle}.example", proven=True)
    names = [f"{first} {draw.choice(_LAST)} {_initial(draw)}" for first in draw.sample(_FIRST, draw.choice((2, 3)))]
    members = [_person(rates, draw, circle, name, f"{at}", months) for at, name in enumerate(names)]
    members[0].registered = shared.address
    for each in members:
        each.mailboxes = (shared, each.mailboxes[0])
        each.shown_as = firm
        each.mix = {"email": 0.85, "chat": 0.1, "social": 0.0, "sms": 0.05}
    return members


def _person(rates: Rates, draw: random.Random, circle: str, name: str, member: str, months: float) -> Person:
    key = f"{circle}-{member}"
    mailboxes = _mailboxes(rates, draw, name, key, months)
    mix = {channel: share * around(draw, 1, 0.9) for channel, share in rates.channel_mix.items()}
    return Person(
        id=f"person-{key}",
        circle=circle,
        name=name,
        language="fr" if draw.random() < rates.french else "en",
        mailboxes=mailboxes,
        phone=f"+3361{draw.randrange(10**7):07d}",
        psid=f"{draw.randrange(10**15):015d}",
        cookie=f"v-{key}",
        account=f"shop:{key}" if draw.random() < rates.account else None,
        registered=mailboxes[0].address,
        address_checked=draw.random() < rates.checked_address,
        told_by_shop=draw.random() < rates.shop_tells,
        phone_on_file=draw.random() < rates.phone_on_file,
        mix=mix,
        gap_days=around(draw, rates.gap_days, 0.6),
        typos=min(around(draw, rates.typos, 0.8), 0.15),
    )


def _mailboxes(rates: Rates, draw: random.Random, name: str, key: str, months: float) -> tuple[Mailbox, ...]:
    def one(number: int, until: datetime | None = None) -> Mailbox:
        address = f"{_slug(name)}.{key}{number or ''}@{draw.choice(_MAIL_HOSTS)}"
        return Mailbox(address, draw.random() < rates.proven_mail, until)

    usual = [one(0)]
    if draw.random() < rates.address_changed_a_year * months / 12:
        left = between(draw, BEGIN, BEGIN + MONTH * months)
        usual = [one(0, until=left), one(5)]
    further = () if draw.random() < rates.one_address else (one(1),)
    return (*usual, *further)


def _initial(draw: random.Random) -> str:
    """A second surname: with few names too many would be called the same."""
    return "".join(
        draw.choice(part)
        for part in (("Ba", "Da", "Lo", "Ma", "Ri", "Su", "Te", "Vo"), ("l", "n", "r", "t"), ("an", "ek", "in", "os"))
    )


def _slug(name: str) -> str:
    plain = name.lower().translate(str.maketrans("éèëêïîàâôûç", "eeeeiiaaouc"))
    return ".".join(
        "".join(letter for letter in word if letter.isascii() and letter.isalpha()) for word in plain.split()
    )
