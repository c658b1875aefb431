"""The whole simulation: every circle's months, as events in time order with the truth about each message."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from omnifil_contracts.identity import Identity
from omnifil_contracts.message import InboundMessage, Sender
from omnifil_contracts.profile import AttributeUpdate, ExternalRecord, ExternalReference, ProfileUpdated

from omnifil_testkit.simulator.adversaries import Known, adversaries
from omnifil_testkit.simulator.calendar import BEGIN, MONTH, around, hours
from omnifil_testkit.simulator.channels import ACCOUNTS, Drawn, Post, copied_in, forged, mail_author, owned
from omnifil_testkit.simulator.events import AgentCloses, AgentReplies, Event, Said, ShopTells, Truth
from omnifil_testkit.simulator.matters import Planner
from omnifil_testkit.simulator.people import Person, people, stranger
from omnifil_testkit.simulator.plans import Answer, Life, Line, Matter, Talk
from omnifil_testkit.simulator.settings import Rates
from omnifil_testkit.simulator.telling import Teller, other_language

SHOP = "shop"
"""The source of profile updates."""


@dataclass(frozen=True)
class Simulation:
    """`events` in time order; `lives` tell what was planned."""

    seed: int
    rates: Rates
    people: tuple[Person, ...]
    lives: tuple[Life, ...]
    events: tuple[Event, ...]

    def owners(self) -> dict[str, set[str]]:
        """By handle: everybody whose it is."""
        owners: dict[str, set[str]] = {}
        for person in self.people:
            for key in owned(person):
                owners.setdefault(key, set()).add(person.id)
        for said in self.said:
            for key in said.truth.own:
                owners.setdefault(key, set()).add(said.truth.person)
        return owners

    @property
    def said(self) -> list[Said]:
        return [event for event in self.events if isinstance(event, Said)]


def simulate(seed: int, customers: int, months: float, rates: Rates | None = None) -> Simulation:
    """The same for the same arguments, and each circle the same for any number of customers."""
    rates = rates or Rates()
    everybody = people(rates, seed, customers, months)
    end = BEGIN + MONTH * months
    lives: list[Life] = []
    events: list[Event] = []
    for person in everybody:
        life = Planner(rates, random.Random(f"{seed}/{person.id}/life"), person, BEGIN, end).life()
        events += _Months(rates, random.Random(f"{seed}/{person.id}/words"), life).events()
        lives.append(life)
    events.sort(key=lambda event: event.at)  # stable: who said two things at once said them in this order
    return Simulation(seed, rates, tuple(everybody), tuple(lives), tuple(events))


class _Months:
    """Turns one person's plan into words."""

    def __init__(self, rates: Rates, draw: random.Random, life: Life) -> None:
        self._rates, self._draw, self._life = rates, draw, life
        self._person = life.person
        self._post = Post(rates, draw, life.person)
        self._said: dict[str, list[Said]] = {}
        self._replies: dict[str, list[str]] = {}
        self._last: dict[str, str] = {}
        """By talk: id of the last message in it."""
        self._copies: dict[str, Person] = {}
        self._tellers: dict[str, Teller] = {}

    def events(self) -> Iterator[Event]:
        for at, matter, talk, step in self._steps():
            if isinstance(step, Line):
                yield from self._line(at, matter, talk, step)
            elif isinstance(step, Answer):
                yield from self._answer(at, matter, talk, step)
            elif matter.id in self._said:
                yield AgentCloses(at, self._said[matter.id][-1].message.message_id, self._person.circle)
        known = [
            Known(matter, tuple(self._said[matter.id]), tuple(self._replies.get(matter.id, ())))
            for matter in self._life.matters
        ]
        yield from adversaries(self._rates, self._draw, self._person, known)
        yield from self._list()
        yield from self._shop()

    def _steps(self) -> list[tuple[datetime, Matter, Talk, Line | Answer | None]]:
        """Everything planned, in time order; None: the case is closed."""
        steps: list[tuple[datetime, Matter, Talk, Line | Answer | None]] = []
        for matter in self._life.matters:
            steps += [(step.at, matter, talk, step) for talk in matter.talks for step in talk.steps]
            steps += [(at, matter, matter.talks[-1], None) for at in matter.closings]
        return sorted(steps, key=lambda step: step[0])

    def _line(self, at: datetime, matter: Matter, talk: Talk, line: Line) -> Iterator[Said]:
        teller = self._teller(matter)
        language = self._language(talk)
        text = teller.line(line.kind, language, talk.channel)
        drawn = self._post.write(talk, at, text, teller.subject(language), language)
        message = drawn.message
        if talk.channel == "email" and line is talk.steps[0] and self._draw.random() < self._rates.copied:
            copied = self._copies[talk.id] = stranger(self._rates, self._draw, self._person.circle, "Alex Second")
            message = copied_in(message, copied.mailboxes[0].address, copied.name)
        yield self._told(Drawn(message, drawn.own, drawn.answers), at, matter, talk, self._person.id)

    def _told(
        self, drawn: Drawn, at: datetime, matter: Matter, talk: Talk, person: str, role: str = "customer"
    ) -> Said:
        said = Said(at, drawn.message, Truth(person, matter.id, role, drawn.own), self._person.circle, drawn.answers)
        if role == "customer":
            self._said.setdefault(matter.id, []).append(said)
            self._last[talk.id] = drawn.message.message_id
        return said

    def _answer(self, at: datetime, matter: Matter, talk: Talk, answer: Answer) -> Iterator[Event]:
        teller = self._teller(matter)
        text = teller.answer(self._language(talk))
        yield AgentReplies(at, answer.key, self._last[talk.id], text, answer.closes, self._person.circle)
        self._post.answered(talk, answer.key)
        self._replies.setdefault(matter.id, []).append(answer.key)
        if talk.channel != "email":
            return
        if self._draw.random() < self._rates.away:
            yield self._automatic("auto-reply", at + timedelta(seconds=40), matter, talk, answer.key, teller)
        elif self._draw.random() < self._rates.bounces:
            yield self._automatic("bounce", at + timedelta(seconds=15), matter, talk, answer.key, teller)
        if talk.id in self._copies and self._draw.random() < 0.7:
            yield self._from_copied(at + hours(around(self._draw, 5, 1)), matter, talk, answer.key, teller)

    def _automatic(self, kind: str, at: datetime, matter: Matter, talk: Talk, key: str, teller: Teller) -> Said:
        thread = self._post.thread(talk)
        assert thread is not None  # noqa: S101 a talk by mail has one
        assert thread.mailbox is not None  # noqa: S101 and somebody has written in it
        host = thread.mailbox.address.rpartition("@")[2]
        own = f"<{kind}.{key}@{host}>"
        author = mail_author(thread.mailbox) if kind == "auto-reply" else forged(f"mailer-daemon@{host}")
        message = InboundMessage.make(
            channel="email",
            account=ACCOUNTS["email"],
            conversation_key=thread.root if self._draw.random() < 0.6 else own,
            provider_message_id=own,
            sender=Sender(primary=author),
            automatic=kind,
            subject=f"Auto: {thread.subject or ''}" if kind == "auto-reply" else "Undelivered Mail Returned to Sender",
            text=teller.away(self._person.language) if kind == "auto-reply" else "550 5.2.2 Mailbox full",
            received_at=at,
        )
        return Said(at, message, Truth(self._person.id, matter.id, "machine", way=kind), self._person.circle, (key,))

    def _from_copied(self, at: datetime, matter: Matter, talk: Talk, key: str, teller: Teller) -> Said:
        copied, thread = self._copies[talk.id], self._post.thread(talk)
        assert thread is not None  # noqa: S101 a talk by mail has one
        own = f"<{copied.id}.{key}@copy.example>"
        message = InboundMessage.make(
            channel="email",
            account=ACCOUNTS["email"],
            conversation_key=thread.root,
            provider_message_id=own,
            ancestors=tuple(reversed(thread.own)),
            sender=Sender(primary=mail_author(copied.mailboxes[0]), display_name=copied.name),
            subject=f"Re: {thread.subject or ''}",
            text=teller.line("detail", self._language(talk), "email"),
            received_at=at,
        )
        handle = message.sender.primary.identity.key if copied.mailboxes[0].proven else None
        return self._told(Drawn(message, (handle,) if handle else (), (key,)), at, matter, talk, copied.id, "copied")

    def _shop(self) -> Iterator[ShopTells]:
        """What the shop publishes with each order of an account's."""
        person = self._person
        if person.account is None or not person.told_by_shop:
            return
        also = [Identity(kind="email", value=person.registered)] if person.address_checked else []
        also += [Identity(kind="phone", value=person.phone)] if person.phone_on_file else []
        for matter in self._life.matters:
            ordered = max(self._said[matter.id][0].at - timedelta(days=1 + 8 * self._draw.random()), BEGIN)
            numbers = (("order", matter.order), ("parcel", matter.parcel), ("invoice", matter.invoice))
            record = ExternalRecord(
                kind="order",
                record_id=matter.order,
                title=matter.product.names(person.language)[0],
                at=ordered,
                references=tuple(ExternalReference(kind=kind, number=number) for kind, number in numbers),
            )
            update = ProfileUpdated(
                update_id=f"{matter.id}/ordered",
                source=SHOP,
                identity=Identity(kind="shop-account", value=person.account),
                also=tuple(also),
                attributes=(AttributeUpdate(name="name", value=person.name),),
                records=(record,),
                occurred_at=ordered,
            )
            yield ShopTells(ordered, update, person.circle)

    def _list(self) -> Iterator[Said]:
        """A mailing list that the person is on, and that the shop's address has got onto."""
        if self._draw.random() >= self._rates.lists:
            return
        host = f"list-{self._person.circle}.example"
        begun = self._said[self._life.matters[0].id][0].at
        for number in range(3):
            at = begun + timedelta(days=7 * number, hours=1)
            author = mail_author(self._person.mailboxes[0])
            own = f"<{number}@{host}>"
            message = InboundMessage.make(
                channel="email",
                account=ACCOUNTS["email"],
                conversation_key=own,
                provider_message_id=own,
                sender=Sender(primary=author, display_name=self._person.name),
                automatic="list",
                subject="[list] Newsletter",
                text="News of the week.",
                received_at=at,
            )
            yield Said(at, message, Truth(self._person.id, f"{host}#", "machine", way="list"), self._person.circle)

    def _teller(self, matter: Matter) -> Teller:
        return self._tellers.setdefault(matter.id, Teller(self._rates, self._draw, matter))

    def _language(self, talk: Talk) -> str:
        own = self._person.language
        return other_language(own) if talk.foreign else own
