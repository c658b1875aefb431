"""Without a mouse: an agent opens, accepts, answers and notes; a visitor opens the chat, writes and closes it."""

from collections.abc import Awaitable, Callable

import pytest
from browser_scenes.people import SEEN_WITHIN_MS, AgentDesktop, ShopVisitor
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.customer import World
from playwright.async_api import expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]

Arrives = Callable[[], Awaitable[ShopVisitor]]


async def test_an_agent_works_by_keys_alone(world: World, desktop: AgentDesktop, surname: str) -> None:
    person = await world.move_in(f"Kim {surname}")
    await world.write_mail(person, f"Boots for {surname}", "Do you have them in 41?")
    keys, page = desktop.page.keyboard, desktop.page
    await keys.press("g")
    await keys.press("o")
    await expect(desktop.row(surname)).to_have_count(1, timeout=SEEN_WITHIN_MS)
    await world.write_on_network(person, "It is me, on Messenger.")
    await expect(desktop.row(surname)).to_have_count(2, timeout=SEEN_WITHIN_MS)

    await keys.press("/")
    await keys.type("on Messenger")
    await expect(desktop.row("on Messenger").first).to_contain_text(surname, timeout=SEEN_WITHIN_MS)
    await keys.press("Enter")
    await desktop.sees("It is me, on Messenger.", "social")
    await expect(page.get_by_test_id("suggestion")).to_be_visible(timeout=SEEN_WITHIN_MS)
    await keys.press("Escape")
    await expect(desktop.row(surname)).to_have_count(2, timeout=SEEN_WITHIN_MS)
    await keys.press("y")
    await expect(desktop.row(surname)).to_have_count(1, timeout=SEEN_WITHIN_MS)
    await keys.press("Escape")
    await expect(page.get_by_test_id("dossier-header")).to_have_count(0)
    await expect(page.get_by_test_id("inbox-row").first).to_contain_text(surname)
    await keys.press("j")
    await desktop.sees("Do you have them in 41?", "email")
    await keys.press("r")
    await expect(page.get_by_test_id("composer-text")).to_be_focused()
    await keys.type("We do, in black.")
    await keys.press("Control+Enter")
    await expect(desktop.reply("We do, in black.")).to_have_count(1, timeout=SEEN_WITHIN_MS)
    await keys.press("Escape")
    await keys.press("n")
    await expect(page.get_by_test_id("composer")).to_have_attribute("data-mode", "note")
    await expect(page.get_by_test_id("composer-text")).to_be_focused()
    await keys.type("She wants them for Sunday.")
    await keys.press("Control+Enter")
    await expect(page.get_by_test_id("note").filter(has_text="for Sunday")).to_have_count(1, timeout=SEEN_WITHIN_MS)
    await keys.press("Escape")
    await keys.press("i")
    await expect(page.get_by_test_id("assignee")).to_have_attribute("data-assigned-to", "camille")
    await keys.press("?")
    await expect(page.get_by_test_id("keys")).to_be_focused()
    await keys.press("Escape")
    await expect(page.get_by_test_id("keys")).to_have_count(0)


async def test_a_visitor_chats_by_keys_alone(stack: Stack, visitor: Arrives, surname: str) -> None:
    shop = await visitor()
    await shop.page.goto(stack.pages.shop)
    launcher = shop.page.get_by_role("button", name="Chat with us")
    await expect(launcher).to_be_visible(timeout=SEEN_WITHIN_MS)
    for _ in range(20):
        if await launcher.evaluate("button => button.getRootNode().activeElement === button"):
            break
        await shop.page.keyboard.press("Tab")
    await shop.page.keyboard.press("Enter")
    await expect(shop.page.get_by_role("textbox", name="Write a message…")).to_be_focused()
    await shop.page.keyboard.type(f"Only keys, {surname}")
    await shop.page.keyboard.press("Enter")
    await shop.has_arrived(f"Only keys, {surname}")
    await shop.page.keyboard.press("Escape")
    await expect(shop.page.get_by_role("dialog")).to_have_count(0)
    await expect(launcher).to_be_focused()
