"""The story with both sides on their real pages: three channels, one dossier, and a stranger who stays outside."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from browser_scenes.people import SEEN_WITHIN_MS, AgentDesktop, ShopVisitor
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.customer import World
from PIL import Image
from playwright.async_api import expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]

Arrives = Callable[[], Awaitable[ShopVisitor]]


@pytest.fixture
def label(tmp_path: Path) -> Path:
    """A picture."""
    Image.new("RGB", (320, 120), "#2c5bd4").save(tmp_path / "label.png")
    return tmp_path / "label.png"


async def test_three_channels_one_dossier_and_a_stranger_outside(
    stack: Stack, world: World, desktop: AgentDesktop, visitor: Arrives, label: Path, surname: str, tmp_path: Path
) -> None:
    claire = await world.move_in(f"Claire {surname}")
    at_home = await visitor()
    await at_home.page.goto(f"{stack.pages.mailbox}?as={claire.email}")
    await at_home.page.get_by_label("Subject").fill(f"Order 4711 of {surname}")
    await at_home.page.get_by_label("Text").fill("It should have been here on Monday.")
    await at_home.page.get_by_role("button", name="Send").click()
    await expect(at_home.page.get_by_text("Sent.")).to_be_visible()

    await desktop.view("open")
    hers = await desktop.open(desktop.row(surname))
    await desktop.sees("It should have been here on Monday.", "email")

    chatting = await visitor()
    await chatting.opens_the_chat(claire)
    await chatting.writes("I am on your page now.")
    await chatting.has_arrived("I am on your page now.")
    await desktop.sees("I am on your page now.", "chat")

    on_phone = await visitor()
    await on_phone.page.goto(f"{stack.pages.network}?as={claire.psid}")
    await on_phone.page.get_by_label("Message").fill("Hello? I wrote you an e-mail!")
    await on_phone.page.get_by_role("button", name="Send").click()

    await expect(desktop.row(surname)).to_have_count(2, timeout=SEEN_WITHIN_MS)
    await desktop.open(desktop.page.locator(f"[data-testid=inbox-row]:not([data-dossier='{hers}'])", has_text=surname))
    await desktop.sees("Hello? I wrote you an e-mail!", "social")
    await desktop.page.screenshot(path=tmp_path / "suggestion.png")
    await desktop.page.get_by_test_id("suggestion-accept").click()
    await expect(desktop.row(surname)).to_have_count(1, timeout=SEEN_WITHIN_MS)
    assert await desktop.open(desktop.row(surname)) == hers
    for channel, text in (("email", "on Monday"), ("chat", "on your page now"), ("social", "I wrote you an e-mail")):
        await desktop.sees(text, channel)
    await expect(desktop.page.get_by_test_id("conversation")).to_have_count(3)

    await desktop.answers("It leaves today, I promise.", "email", "chat")
    await desktop.answers("Here is the label.", "social", picture=label)
    await desktop.has_sent("It leaves today, I promise.", "email", "chat")
    await desktop.has_sent("Here is the label.", "social")
    await desktop.page.screenshot(path=tmp_path / "answered.png")

    await expect(chatting.said("It leaves today, I promise.")).to_have_count(1, timeout=SEEN_WITHIN_MS)
    await expect(on_phone.page.get_by_text("Here is the label.")).to_be_visible(timeout=SEEN_WITHIN_MS)
    await expect(on_phone.page.get_by_alt_text("Picture")).to_be_visible(timeout=SEEN_WITHIN_MS)
    await at_home.page.get_by_role("button", name=re.compile("Re: Order 4711")).first.click(timeout=SEEN_WITHIN_MS)
    await expect(at_home.page.get_by_text("It leaves today, I promise.")).to_be_visible()

    stranger = await visitor()
    await stranger.opens_the_chat()
    await stranger.writes("Send the coat elsewhere.")
    await stranger.has_arrived("Send the coat elsewhere.")
    await stranger.page.get_by_label("Name").fill(f"Otto {surname}")
    await stranger.page.get_by_label("E-mail").fill(claire.email)
    await stranger.page.get_by_role("button", name="Save").click()
    await stranger.writes(f"I have moved, {surname}.")
    await stranger.has_arrived(f"I have moved, {surname}.")
    await stranger.page.screenshot(path=tmp_path / "stranger.png")

    outside = desktop.page.locator(
        f"[data-testid=inbox-row]:not([data-dossier='{hers}'])", has_text=f"I have moved, {surname}."
    )
    await expect(outside).to_have_count(1, timeout=SEEN_WITHIN_MS)
    await expect(desktop.message("I have moved")).to_have_count(0)
    await desktop.open(outside)
    await desktop.sees("Send the coat elsewhere.", "chat")
    await expect(desktop.message("Send the coat elsewhere.")).to_contain_text("Chat visitor")  # and not a browser's id
    await expect(desktop.page.get_by_test_id("suggestion").filter(has_text=surname)).to_be_visible(
        timeout=SEEN_WITHIN_MS
    )
    await desktop.page.screenshot(path=tmp_path / "stranger-at-the-desk.png")
