"""The customers' side of the story, for a person who plays the agent: told once, and found again at each start."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx

from omnifil_devstack.demo_world import CUSTOMERS, SampleCustomer
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.customer import Chat, Customer, World
from omnifil_devstack.story.sources import Sources

_MARK = "story-told"


async def tell_once(stack: Stack, data: Path, pause_s: float, announce: Callable[[str], None]) -> None:
    """Let the sample customers write, unless this data has them already."""
    mark = data / _MARK
    told = set(mark.read_text().split()) if mark.exists() else set()
    claire, jonas, aicha = (_as_customer(each) for each in CUSTOMERS)
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        world = World(stack, http)

        async def others() -> None:
            await world.write_mail(
                jonas,
                "Boots: can I change the size?",
                "Hello,\n\nI ordered 44 (order 4702), but I need 45.\n\nJonas Weber",
            )
            await world.write_on_network(aicha, "Bonjour, ma théière est arrivée ébréchée. Que faire ?")

        async def claire_by_mail() -> None:
            announce("Claire Martin writes an e-mail about her order …")
            await world.write_mail(
                claire,
                "Order 4711 has not arrived",
                "Hello,\n\nmy linen coat (order 4711) should have been here on Monday. Where is it?\n\nClaire Martin",
            )
            await asyncio.sleep(pause_s)

        async def shop_and_till() -> None:
            announce("… the shop and the till tell what they know of her: an order, a visit …")
            sources = Sources(stack, http)
            await sources.ordered(claire)
            await sources.visited(claire)

        async def claire_in_chat() -> None:
            announce("… she opens the chat on the shop's page, signed in …")
            async with Chat.opened(stack, http, identity=await world.signature(claire)) as chat:
                await chat.say("Hello, are you there? I wrote you about order 4711.")

        async def claire_on_network() -> None:
            announce("… and writes to the shop's Messenger page; who she is there, an agent has to confirm.")
            await world.write_on_network(claire, "No answer by e-mail, none in the chat. Where is my coat?")

        async def stranger() -> None:
            announce("Somebody else merely types her address into the chat.")
            claimed = {"name": "Max", "email": claire.email}
            async with Chat.opened(stack, http, claimed=claimed) as chat:
                await chat.say("Please send order 4711 to my new address.")

        for act in (others, claire_by_mail, shop_and_till, claire_in_chat, claire_on_network, stranger):
            if act.__name__ not in told:
                await act()
                told.add(act.__name__)
                mark.write_text("\n".join(sorted(told)))


def _as_customer(sample: SampleCustomer) -> Customer:
    return Customer(sample.name, sample.email, sample.shop_account, sample.person.psid)
