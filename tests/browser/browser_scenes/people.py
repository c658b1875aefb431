"""What agents and customers do on their pages, by the roles and labels that they see."""

import re
from pathlib import Path

from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.customer import Customer
from playwright.async_api import Locator, Page, expect

from browser_scenes.cable import Cable

SEEN_WITHIN_MS = 60_000


class AgentDesktop:
    """The desktop in one tab."""

    def __init__(self, page: Page, stack: Stack, cable: Cable) -> None:
        self.page = page
        self.cable = cable
        self._stack = stack

    async def sign_in(self, name: str = "Camille") -> None:
        """Through the issuer's own page."""
        await self.page.goto(self._stack.pages.desktop)
        await self.page.get_by_test_id("sign-in").click()
        await self.page.get_by_role("button", name=re.compile(name)).click()
        await self.is_live()

    async def is_live(self) -> None:
        await expect(self.page.get_by_test_id("connection")).to_have_attribute(
            "data-state", "live", timeout=SEEN_WITHIN_MS
        )

    def row(self, name: str) -> Locator:
        """The dossiers of somebody in the list."""
        return self.page.get_by_test_id("inbox-row").filter(has_text=name)

    async def view(self, view: str = "open") -> None:
        await self.page.get_by_test_id(f"view-{view}").click()

    async def open(self, row: Locator) -> str:
        """Open a dossier; its id."""
        dossier_id = await row.get_attribute("data-dossier", timeout=SEEN_WITHIN_MS)
        assert dossier_id is not None
        await row.click()
        await expect(self.page.get_by_test_id("dossier-header")).to_have_attribute("data-dossier", dossier_id)
        return dossier_id

    def message(self, text: str) -> Locator:
        return self.page.get_by_test_id("message").filter(has_text=text)

    async def sees(self, text: str, channel: str) -> None:
        """Once, with the mark of its channel."""
        await expect(self.message(text)).to_have_count(1, timeout=SEEN_WITHIN_MS)
        await expect(self.message(text)).to_have_attribute("data-channel", channel)

    async def answers(self, text: str, *channels: str, picture: Path | None = None) -> None:
        """On exactly these channels."""
        targets = self.page.get_by_test_id("target")
        for channel in channels:
            add = self.page.locator(f"[data-testid=add-target][data-channel={channel}]")
            if await add.count():
                await add.first.click()
        unwanted = "".join(f":not([data-channel={channel}])" for channel in channels)
        while await (others := self.page.locator(f"[data-testid=target]{unwanted}")).count():
            await others.first.get_by_role("button").click()
        await expect(targets).to_have_count(len(channels))
        if picture is not None:
            await self.page.get_by_test_id("file-input").set_input_files(picture)
            await expect(self.page.get_by_test_id("uploaded")).to_have_count(1)
        await self.page.get_by_test_id("composer-text").fill(text)
        await self.page.get_by_test_id("send").click()
        await expect(self.reply(text)).to_have_count(1, timeout=SEEN_WITHIN_MS)

    def reply(self, text: str) -> Locator:
        return self.page.get_by_test_id("reply").filter(has_text=text)

    async def has_sent(self, text: str, *channels: str) -> None:
        """The timeline says that it went out on each of these channels."""
        for channel in channels:
            mark = self.reply(text).locator(f"[data-testid=delivery][data-channel={channel}]")
            await expect(mark).to_have_attribute(
                "data-state", re.compile("sent|delivered|read"), timeout=SEEN_WITHIN_MS
            )


class ShopVisitor:
    """The shop's page with the widget in its corner."""

    def __init__(self, page: Page, stack: Stack, cable: Cable) -> None:
        self.page = page
        self.cable = cable
        self._stack = stack

    async def opens_the_chat(self, customer: Customer | None = None, lang: str = "en") -> None:
        """Signed in at the shop, or not."""
        account = customer.account if customer else ""
        await self.page.goto(f"{self._stack.pages.shop}?as={account}&lang={lang}")
        name = {"en": "Chat with us", "fr": "Discuter avec nous"}[lang]
        await self.page.get_by_role("button", name=name).click(timeout=SEEN_WITHIN_MS)

    async def writes(self, text: str) -> None:
        """Returns at once; `has_arrived` tells more."""
        await self.page.get_by_role("textbox", name="Write a message…").fill(text)
        await self.page.get_by_role("button", name="Send", exact=True).click()

    async def has_arrived(self, text: str) -> None:
        """The widget says so, and shows it once."""
        said = self.said(text)
        await expect(said).to_have_count(1, timeout=SEEN_WITHIN_MS)
        await expect(said).to_contain_text(re.compile("Sent|Read"), timeout=SEEN_WITHIN_MS)

    def said(self, text: str) -> Locator:
        return self.page.get_by_role("dialog").get_by_role("listitem").filter(has_text=text)
