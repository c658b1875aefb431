"""Who writes in the play, each at an end of their own, and what they see there of the company."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.customer import Customer, World

from chaos_play.ledger import Ledger
from chaos_play.visitor import StubbornVisitor
from chaos_play.writers import Writers


@dataclass(frozen=True)
class End:
    """One writer on one channel; the writer's threads begin with `thread`."""

    thread: str
    write: Callable[[], Awaitable[None]]
    seen: Callable[[], Awaitable[list[str]]]
    """The company's texts, each message once as this end tells messages apart."""


class Crowd:
    """One person is on all channels, signed in; the others are on one each, and one types another's address."""

    def __init__(self, ends: list[End], visitors: list[StubbornVisitor]) -> None:
        self.ends = ends
        self.visitors = visitors

    @classmethod
    @asynccontextmanager
    async def gathered(
        cls, stack: Stack, http: httpx.AsyncClient, ledger: Ledger, stop: asyncio.Event
    ) -> AsyncIterator["Crowd"]:
        """Their windows are open inside; they write when `End.write` is run, until `stop`."""
        world, writers = World(stack, http), Writers(stack, http, ledger, stop)
        ada, ben, cleo = [await world.move_in(f"{name} {ledger.run}") for name in ("Ada", "Ben", "Cleo")]

        def mailbox(customer: Customer, thread: str) -> End:
            async def seen() -> list[str]:
                received = {mail["message_id"]: mail for mail in await world.mails(customer) if mail["box"] == "inbox"}
                return [str(mail["text"]).partition("\n>")[0] for mail in received.values()]

            return End(thread, lambda: writers.by_mail(customer, thread), seen)

        def phone(customer: Customer, thread: str) -> End:
            async def seen() -> list[str]:
                return [str(each["text"]) for each in await world.seen_on_network(customer) if each["author"] == "app"]

            return End(thread, lambda: writers.on_the_network(customer, thread), seen)

        def window(visitor: StubbornVisitor, thread: str) -> End:
            async def seen() -> list[str]:
                return visitor.replies()

            return End(thread, lambda: writers.by_chat(visitor, thread), seen)

        asked: dict[str, dict[str, Any]] = {
            "chat-ada": {"identity": await world.signature(ada)},
            "chat-dan": {"claimed": {"name": "Dan", "email": ben.email}},
            "chat-nobody": {},
        }
        async with AsyncExitStack() as windows:
            visitors = {
                thread: await windows.enter_async_context(StubbornVisitor.at_the_page(stack, http, **who))
                for thread, who in asked.items()
            }
            ends = [
                *(mailbox(person, thread) for person, thread in ((ada, "mail-ada"), (ben, "mail-ben"))),
                *(phone(person, thread) for person, thread in ((ada, "net-ada"), (cleo, "net-cleo"))),
                *(window(visitor, thread) for thread, visitor in visitors.items()),
            ]
            yield cls(ends, list(visitors.values()))

    @asynccontextmanager
    async def writing(self, stop: asyncio.Event) -> AsyncIterator[None]:
        """All write inside; on leaving, each finishes the sentence at hand, and is heard."""
        async with asyncio.TaskGroup() as group:
            for end in self.ends:
                group.create_task(_written(end))
            try:
                yield
            finally:
                stop.set()


async def _written(end: End) -> None:
    await end.write()
