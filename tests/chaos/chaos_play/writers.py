"""Customers on each channel, each writing numbered messages one after the other."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.customer import Customer, World

from chaos_play.ledger import Ledger, Mark
from chaos_play.visitor import StubbornVisitor

_MAILS_PER_THREAD = 8


@dataclass
class Writers:
    """Writes at a steady rhythm until told to stop; whoever is not answered waits longer than that."""

    stack: Stack
    http: httpx.AsyncClient
    ledger: Ledger
    stop: asyncio.Event
    pause_s: float = 1.0

    async def by_mail(self, customer: Customer, thread: str) -> None:
        """Acknowledged when the mail server has taken it. Several threads, one after the other."""
        number = 0
        while not self.stop.is_set():
            opener = await self._mail(customer, Mark(f"{thread}-{number // _MAILS_PER_THREAD}", number), "")
            number += 1
            answered = await self._id_of(customer, opener) if opener else ""
            while number % _MAILS_PER_THREAD and not self.stop.is_set():
                await self._mail(customer, Mark(f"{thread}-{number // _MAILS_PER_THREAD}", number), answered)
                number += 1

    async def by_chat(self, visitor: StubbornVisitor, thread: str) -> None:
        """Acknowledged by “accepted”."""
        await self._one_after_the_other(thread, visitor.say)

    async def on_the_network(self, customer: Customer, thread: str) -> None:
        """Acknowledged when the network has taken it: it repeats its webhook until the suite has it."""
        world = World(self.stack, self.http)
        await self._one_after_the_other(thread, lambda text: world.write_on_network(customer, text))

    async def _one_after_the_other(self, thread: str, send: Callable[[str], Awaitable[None]]) -> None:
        number = 0
        while not self.stop.is_set():
            mark = Mark(thread, number)
            self.ledger.sent.add(mark)
            number += 1
            try:
                await send(self.ledger.text(mark, "Is anybody there?"))
            except httpx.TransportError:
                continue  # not known whether it was taken, so it may be there, but not twice
            self.ledger.acknowledged.add(mark)
            await self._rhythm()

    async def _mail(self, customer: Customer, mark: Mark, answered: str) -> str | None:
        """Its Message-ID; None when it is not known whether it was taken. It is not sent again: it would be another."""
        self.ledger.sent.add(mark)
        form = {"text": self.ledger.text(mark, "Where is my order?"), "answered": answered}
        form |= {} if answered else {"subject": f"My order ({self.ledger.run} {mark.thread})"}
        try:
            answer = await self.http.post(f"{self.stack.world}/mailbox/{customer.email}/mails", data=form)
        except httpx.TransportError:
            return None
        answer.raise_for_status()
        self.ledger.acknowledged.add(mark)
        await self._rhythm()
        return str(answer.json()["message_id"])

    async def _id_of(self, customer: Customer, message_id: str) -> str:
        mails = await World(self.stack, self.http).mails(customer)
        return next(str(mail["id"]) for mail in mails if mail["message_id"] == message_id)

    async def _rhythm(self) -> None:
        """A load, not a wait for something: people take time between two sentences."""
        try:
            async with asyncio.timeout(self.pause_s):
                await self.stop.wait()
        except TimeoutError:
            return
