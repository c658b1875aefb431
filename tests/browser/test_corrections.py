"""Agents put right what belongs where: they see why a message is here, what would move, and take each step back."""

from typing import Any

import httpx
import pytest
from browser_scenes.people import SEEN_WITHIN_MS, AgentDesktop
from omnifil_contracts.commands import MoveConversation
from omnifil_contracts.dossier import MessageLinked
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.agent import Agent
from omnifil_devstack.story.customer import Chat, Customer, World
from playwright.async_api import Locator, expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]


async def two_matters(world: World, desktop: AgentDesktop, surname: str) -> tuple[Customer, str, str]:
    """Somebody with two dossiers by mail; their ids, boots first."""
    person = await world.move_in(f"Nina {surname}")
    await desktop.view("open")
    await world.write_mail(person, f"Boots for {surname}", "This is a new matter: do you have winter boots in 41?")
    await expect(desktop.row(surname)).to_have_count(1, timeout=SEEN_WITHIN_MS)
    await world.write_mail(
        person, "Invoice 900123 is wrong", "Another question about something else: invoice 900123 has the wrong VAT."
    )
    await expect(desktop.row(surname)).to_have_count(2, timeout=SEEN_WITHIN_MS)
    invoice = await desktop.open(desktop.row("Invoice 900123").filter(has_text=surname))
    boots = await desktop.open(desktop.row(f"Boots for {surname}"))
    return person, boots, invoice


async def chooses(desktop: AgentDesktop, name: str) -> None:
    """In the list of where to."""
    finder = desktop.page.get_by_test_id("finder")
    await finder.get_by_role("combobox").fill(name)
    await finder.get_by_role("option").filter(has_text=name).first.click()


def toast(desktop: AgentDesktop) -> Locator:
    return desktop.page.get_by_test_id("toast")


async def test_a_reason_opens_to_its_evidence_and_the_link_is_undone_and_redone(
    stack: Stack, http: httpx.AsyncClient, world: World, desktop: AgentDesktop, surname: str
) -> None:
    person = await world.move_in(f"Rosa {surname}")
    await world.write_mail(person, f"Order 4711 of {surname}", f"Where is my order 4711? {surname}")
    await desktop.view("open")
    dossier = await desktop.open(desktop.row(surname))
    async with Chat.opened(stack, http, identity=await world.signature(person)) as chat:
        await chat.say("It is about order 4711.")
    await desktop.sees("It is about order 4711.", "chat")

    why = desktop.message("It is about order 4711.")
    await why.get_by_test_id("why").click()
    details = why.get_by_test_id("why-details")
    await expect(details.locator("[data-code=same-customer]")).to_have_text("The sender is this dossier's customer.")
    await expect(details.locator("[data-code=same-reference]")).to_have_text("Both name the same order, 4711.")
    await expect(details.get_by_test_id("score")).to_be_visible()

    line = desktop.page.get_by_test_id("line-conversation_linked").filter(has_text="Chat")
    await line.get_by_test_id("undo").click()
    await expect(desktop.message("It is about order 4711.")).to_have_count(0, timeout=SEEN_WITHIN_MS)
    await expect(desktop.row(surname)).to_have_count(2, timeout=SEEN_WITHIN_MS)
    await toast(desktop).get_by_test_id("toast-redo").click()
    await desktop.sees("It is about order 4711.", "chat")
    await expect(desktop.row(surname)).to_have_count(1, timeout=SEEN_WITHIN_MS)
    await desktop.page.keyboard.press("z")
    await expect(desktop.message("It is about order 4711.")).to_have_count(0, timeout=SEEN_WITHIN_MS)
    await expect(desktop.page.get_by_test_id("dossier-header")).to_have_attribute("data-dossier", dossier)


async def test_dossiers_are_merged_after_a_look_at_what_moves_and_told_apart_again(
    world: World, desktop: AgentDesktop, surname: str
) -> None:
    _, boots, invoice = await two_matters(world, desktop, surname)
    keys, page = desktop.page.keyboard, desktop.page
    await keys.press("m")
    await chooses(desktop, "Invoice 900123")
    preview = page.get_by_test_id("move-preview")
    await expect(preview.get_by_test_id("preview-counts")).to_contain_text("1 message goes")
    await expect(preview.get_by_test_id("preview-empties")).to_be_visible()
    await expect(preview.get_by_test_id("preview-other-customer")).to_have_count(0)
    await expect(preview.get_by_test_id("confirm-move")).to_be_focused()
    await keys.press("Enter")
    await expect(page.get_by_test_id("dossier-header")).to_have_attribute(
        "data-dossier", invoice, timeout=SEEN_WITHIN_MS
    )
    await desktop.sees("winter boots", "email")
    await expect(page.get_by_test_id("line-dossier_merged")).to_contain_text("Camille Durand merged into this")
    await expect(desktop.row(surname)).to_have_count(1)

    await keys.press("z")
    await expect(desktop.row(surname)).to_have_count(2, timeout=SEEN_WITHIN_MS)
    await expect(desktop.message("winter boots")).to_have_count(0, timeout=SEEN_WITHIN_MS)
    await desktop.open(desktop.row(f"Boots for {surname}"))
    await desktop.sees("winter boots", "email")
    assert boots != invoice


async def test_a_conversation_is_split_at_a_message(
    stack: Stack, http: httpx.AsyncClient, world: World, desktop: AgentDesktop, surname: str
) -> None:
    person = await world.move_in(f"Lena {surname}")
    async with Chat.opened(stack, http, identity=await world.signature(person)) as chat:
        for text in ("First about the teapot.", "Now about the boots.", "They are size 41."):
            await chat.say(f"{text} {surname}")
    await desktop.view("open")
    await desktop.open(desktop.row(surname))
    boots = desktop.message("Now about the boots.")
    await expect(desktop.message("They are size 41.")).to_have_count(1, timeout=SEEN_WITHIN_MS)
    await boots.hover()
    await boots.get_by_test_id("message-menu").click()
    await desktop.page.get_by_test_id("action-split").click()
    await desktop.page.get_by_role("option", name="A new dossier").first.click()
    preview = desktop.page.get_by_test_id("move-preview")
    await expect(preview.get_by_test_id("preview-counts")).to_contain_text("2 messages go")
    await expect(preview.get_by_test_id("preview-empties")).to_have_count(0)
    await preview.get_by_test_id("confirm-move").click()
    await expect(boots).to_have_count(0, timeout=SEEN_WITHIN_MS)
    await expect(desktop.message("First about the teapot.")).to_have_count(1)
    await expect(desktop.page.get_by_test_id("line-conversation_unlinked")).to_contain_text("2 messages went to")
    await expect(desktop.row(surname)).to_have_count(2, timeout=SEEN_WITHIN_MS)
    await toast(desktop).get_by_test_id("toast-undo").click()
    await expect(boots).to_have_count(1, timeout=SEEN_WITHIN_MS)
    await expect(desktop.message("They are size 41.")).to_have_count(1)


async def test_two_dossiers_are_related_and_stay_apart(world: World, desktop: AgentDesktop, surname: str) -> None:
    await two_matters(world, desktop, surname)
    related = desktop.page.get_by_test_id("related")
    await desktop.page.keyboard.press("l")
    await chooses(desktop, "Invoice 900123")
    await expect(related).to_have_count(1, timeout=SEEN_WITHIN_MS)
    await expect(desktop.page.get_by_test_id("line-dossier_related")).to_contain_text("Camille Durand related this to")
    await expect(desktop.row(surname)).to_have_count(2)
    await desktop.page.keyboard.press("z")
    await expect(related).to_have_count(0, timeout=SEEN_WITHIN_MS)
    await desktop.page.keyboard.press("z")
    await expect(related).to_have_count(1, timeout=SEEN_WITHIN_MS)
    await related.click()
    await desktop.page.get_by_test_id("action-unrelate").click()
    await expect(related).to_have_count(0, timeout=SEEN_WITHIN_MS)


async def test_moving_to_another_customer_warns_and_names_them(
    world: World, desktop: AgentDesktop, surname: str
) -> None:
    await two_matters(world, desktop, surname)
    other = f"Ute Ny{surname}"
    await world.write_mail(await world.move_in(other), f"Hello from {other}", "Just a question.")
    await expect(desktop.row(other)).to_have_count(1, timeout=SEEN_WITHIN_MS)
    await desktop.page.keyboard.press("v")
    await chooses(desktop, other)
    preview = desktop.page.get_by_test_id("move-preview")
    await expect(preview.get_by_test_id("preview-other-customer")).to_contain_text(other)
    await preview.get_by_test_id("confirm-move").click()
    await expect(desktop.message("winter boots")).to_have_count(0, timeout=SEEN_WITHIN_MS)
    await desktop.open(desktop.row(other))
    await desktop.sees("winter boots", "email")


async def test_who_comes_second_sees_what_the_first_did_and_looks_again(
    world: World, open_page: Any, stack: Stack, agent: Agent, surname: str
) -> None:
    async with open_page(locale="en-GB", expected=["409 (Conflict)"]) as (page, cable):
        alex = AgentDesktop(page, stack, cable)
        await alex.sign_in("Alex")
        person, boots, _ = await two_matters(world, alex, surname)
        on_messenger = f"And on Messenger, {surname}"
        await world.write_on_network(person, on_messenger)
        elsewhere, messenger = await agent.until(lambda: where(agent, on_messenger), "the message", 60)
        await agent.command(elsewhere, MoveConversation(conversation_id=messenger, to_dossier_id=boots))
        await alex.sees(on_messenger, "social")

        await page.keyboard.press("m")
        await chooses(alex, "Invoice 900123")
        preview = page.get_by_test_id("move-preview")
        await expect(preview.get_by_test_id("preview-counts")).to_contain_text("2 messages go")
        await agent.command(boots, MoveConversation(conversation_id=messenger))
        await preview.get_by_test_id("confirm-move").click()
        changed = page.get_by_test_id("dossier-changed")
        await expect(changed).to_contain_text("Camille Durand was faster")
        await expect(changed).to_contain_text("Camille Durand moved the conversation with 1 message to")
        await expect(alex.message("winter boots")).to_have_count(1)
        await changed.get_by_test_id("look-again").click()
        await expect(preview.get_by_test_id("preview-counts")).to_contain_text("1 message goes")
        await preview.get_by_test_id("confirm-move").click()
        await expect(page.get_by_test_id("line-dossier_merged")).to_be_visible(timeout=SEEN_WITHIN_MS)


def where(agent: Agent, text: str) -> tuple[str, str] | None:
    """The dossier and the conversation of a message."""
    for dossier_id, entry in agent.entries():
        if isinstance(entry.event, MessageLinked) and entry.event.message.text == text:
            return dossier_id, entry.event.conversation_id
    return None
