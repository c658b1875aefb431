"""Who writes in the play, each at an end of their own, and what they see there of the company."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.customer import Customer, World

from chaos_play.ledger import Ledger, Mark
from chaos_play.mail_door import SIGNED, UNSIGNED, MailDoor
from chaos_play.network_door import PLAYER, WEBHOOK, Network
from chaos_play.poison import Poisoner
from chaos_play.rhythm import Rhythm
from chaos_play.topic_door import SmsGateway
from chaos_play.visitor import StubbornVisitor
from chaos_play.words import words

CHAT = "chat"
_RESIDENTS = 16
_SIGNED_WRITERS = 4
_UNSIGNED_WRITERS = 3
_PLAYER_WRITERS = 4
_VISITORS = 20
_PHONES = 200
_CHAT_GIANT_CHARS = 4_900
_SHARES = {"sms": 0.45, WEBHOOK: 0.26, PLAYER: 0.08, CHAT: 0.15, SIGNED: 0.035, UNSIGNED: 0.025}
_POISON_PER_S = 0.25
_NEWCOMERS_PER_S = 0.5


@dataclass(frozen=True)
class End:
    """Where one customer sees the company's replies, which go out on the conversations of these threads."""

    name: str
    threads: tuple[str, ...]
    """One that ends in a hyphen stands for all that begin so."""
    seen: Callable[[], Awaitable[list[str]]]
    """The company's texts, in the order in which they came."""

    def holds(self, thread: str) -> bool:
        """Whether that thread is of this end."""
        return any(thread.startswith(each) if each.endswith("-") else thread == each for each in self.threads)


class Crowd:
    """Residents of the played world on mail and network, visitors in the chat, phones, and a poisoner."""

    def __init__(self, stack: Stack, http: httpx.AsyncClient, ledger: Ledger, random: Random, per_s: float) -> None:
        self._stack = stack
        self._ledger = ledger
        self._random = random
        self._per_s = per_s
        self._world = World(stack, http)
        self._http = http
        self._residents: list[Customer] = []
        self.mail = MailDoor(stack, ledger, random)
        self.network = Network(stack, http, ledger, random)
        self.sms = SmsGateway(stack.kafka, ledger, random)
        self.poisoner = Poisoner(stack, ledger, random, self.mail, self.network, self.sms)
        self.visitors: list[StubbornVisitor] = []

    @asynccontextmanager
    async def gathered(self) -> AsyncIterator["Crowd"]:
        """Their windows are open inside; they write in `writing`."""
        for number in range(_RESIDENTS):
            self._residents.append(await self._world.move_in(f"Resident{number} R{self._ledger.run}"))
        async with AsyncExitStack() as windows:
            await windows.enter_async_context(self.sms.running())
            for number in range(_VISITORS):
                opened = StubbornVisitor.at_the_page(self._stack, self._http, **await self._introduction(number))
                self.visitors.append(await windows.enter_async_context(opened))
            yield self

    @asynccontextmanager
    async def writing(self, stop: asyncio.Event) -> AsyncIterator[None]:
        """All write inside; on leaving, each finishes the sentence at hand, and is heard."""
        async with asyncio.TaskGroup() as group:
            for work in self._works(stop):
                group.create_task(_awaited(work))
            try:
                yield
            finally:
                stop.set()

    def ends(self) -> list[End]:
        """All of them; of the phones one for all."""
        residents = [self._mailbox(number) for number in range(_SIGNED_WRITERS + _UNSIGNED_WRITERS)]
        phones = [self._on_network(number) for number in range(_RESIDENTS)]
        windows = [self._window(number, visitor) for number, visitor in enumerate(self.visitors)]

        async def on_phones() -> list[str]:
            return list(self.sms.delivered.values())

        return [*residents, *phones, *windows, End("phones", ("sms-", "newcomer-"), on_phones)]

    def _works(self, stop: asyncio.Event) -> list[Awaitable[None]]:
        def rhythm(door: str, writers: int) -> Rhythm:
            return Rhythm(self._per_s * _SHARES[door] / writers, stop, self._random)

        network_writers = _RESIDENTS - _PLAYER_WRITERS
        works: list[Awaitable[None]] = [self.sms.write(each, rhythm("sms", _PHONES)) for each in range(_PHONES)]
        for number, person in enumerate(self._residents):
            if number < _PLAYER_WRITERS:
                works.append(self.network.write(person, number, rhythm(PLAYER, _PLAYER_WRITERS)))
            else:
                works.append(self.network.be_the_network(person, number, rhythm(WEBHOOK, network_writers)))
        for number in range(_SIGNED_WRITERS + _UNSIGNED_WRITERS):
            signed = number < _SIGNED_WRITERS
            beat = rhythm(SIGNED, _SIGNED_WRITERS) if signed else rhythm(UNSIGNED, _UNSIGNED_WRITERS)
            works.append(self.mail.write(self._residents[number], number, beat, signed=signed))
        for number, visitor in enumerate(self.visitors):
            works.append(self._chat(number, visitor, rhythm(CHAT, _VISITORS)))
        works.append(self.sms.come(Rhythm(_NEWCOMERS_PER_S, stop, self._random)))
        works.append(self.poisoner.poison(Rhythm(_POISON_PER_S, stop, self._random)))
        return works

    async def _chat(self, number_of_writer: int, visitor: StubbornVisitor, rhythm: Rhythm) -> None:
        """Acknowledged by “accepted”."""
        number = 0
        while await rhythm.next():
            mark = Mark(f"{CHAT}-{number_of_writer}", number)
            number += 1
            twice = not self._random.randrange(20)
            self._ledger.send(mark)
            await visitor.say(self._ledger.text(mark, words(self._random, _CHAT_GIANT_CHARS)), twice=twice)
            self._ledger.acknowledge(mark)
            self._ledger.sent_again[CHAT] += twice

    async def _introduction(self, number: int) -> dict[str, Any]:
        """Some are signed in at the shop, some type an address (one of them another's), some say nothing."""
        if number < _SIGNED_WRITERS:
            return {"identity": await self._world.signature(self._residents[number])}
        if number % 2:
            return {"claimed": {"name": f"Visitor{number}", "email": self._residents[number % 4].email}}
        return {}

    def _mailbox(self, number: int) -> End:
        customer = self._residents[number]
        kind = SIGNED if number < _SIGNED_WRITERS else UNSIGNED

        async def seen() -> list[str]:
            received = [mail for mail in await self._world.mails(customer) if mail["box"] == "inbox"]
            return [str(mail["text"]).partition("\n>")[0] for mail in reversed(received)]

        return End(f"mailbox {number}", (f"{kind}-{number}-",), seen)

    def _on_network(self, number: int) -> End:
        customer = self._residents[number]

        async def seen() -> list[str]:
            return [
                str(each["text"]) for each in await self._world.seen_on_network(customer) if each["author"] == "app"
            ]

        threads = (f"{PLAYER}-{number}", f"{PLAYER}-w{number}", f"{WEBHOOK}-{number}")
        return End(f"network {number}", threads, seen)

    def _window(self, number: int, visitor: StubbornVisitor) -> End:
        async def seen() -> list[str]:
            return visitor.replies()

        return End(f"chat {number}", (f"{CHAT}-{number}",), seen)


async def _awaited(work: Awaitable[None]) -> None:
    await work
