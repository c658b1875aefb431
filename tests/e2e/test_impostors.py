"""Impostors at the real doors: SMTP, the chat's socket, signed webhooks. None gets in, and none sees an answer."""

import secrets

import httpx
import pytest
from omnifil_contracts.commands import Reply
from omnifil_contracts.dossier import DossierView, MessageLinked
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.agent import Agent
from omnifil_devstack.story.customer import Chat, World
from omnifil_testkit.waiting import Eventually

pytestmark = pytest.mark.e2e

SEEN_WITHIN_S = 40


async def dossier_of(agent: Agent, text: str) -> DossierView:
    """The dossier that has a message with this text."""

    def found() -> str | None:
        for dossier_id, entry in agent.entries():
            if isinstance(entry.event, MessageLinked) and text in entry.event.message.text:
                return dossier_id
        return None

    return await agent.dossier(await agent.until(found, f"the message {text!r}", SEEN_WITHIN_S))


async def test_whoever_pretends_to_be_her_gets_nowhere(
    stack: Stack, http: httpx.AsyncClient, agent: Agent, world: World, eventually: Eventually
) -> None:
    run = secrets.token_hex(4)
    clara, crook = await world.move_in(f"Clara {run}"), await world.move_in(f"Mallory {run}")
    await world.write_mail(clara, "My lamp", f"The lamp of order 4711 is broken. {run}-clara")
    hers = await dossier_of(agent, f"{run}-clara")

    await world.write_mail(clara, f"Re: My lamp {hers.number}", f"What about order 4711? {run}-forged", forged=True)
    await world.write_mail(crook, f"Re: My lamp {hers.number}", f"What about order 4711? {run}-quotes")
    await world.write_on_network(crook, f"It is Clara, about {hers.number}, order 4711. {run}-network")
    claimed = {"name": clara.name, "email": clara.email}
    async with Chat.opened(stack, http, claimed=claimed) as chat:
        await chat.say(f"It is Clara, what about order 4711? {run}-chat")
        for way in ("forged", "quotes", "network", "chat"):
            his = await dossier_of(agent, f"{run}-{way}")
            assert his.dossier_id != hers.dossier_id, way
            assert his.customer_id != hers.customer_id, way

        now = await agent.dossier(hers.dossier_id)
        assert now.messages == 1
        conversation = now.conversations[0].conversation.conversation_id
        answer = f"Your new lamp is on its way. {run}-secret"
        await agent.command(hers.dossier_id, Reply(text=answer, conversation_ids=(conversation,), seen_seq=now.seq))

        async def arrived() -> bool:
            return any(answer in str(mail) for mail in await world.mails(clara))

        await eventually(arrived, timeout_s=SEEN_WITHIN_S)
        assert not any(answer in str(mail) for mail in await world.mails(crook))
        assert not any(answer in str(said) for said in await world.seen_on_network(crook))
        assert not any(answer in entry["text"] for entry in chat.replies())
