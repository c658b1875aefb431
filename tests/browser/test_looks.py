"""Every screen in both languages, on a phone and on a desk, light and dark: nothing sticks out, all is translated."""

import re
from pathlib import Path
from typing import Any

import pytest
from browser_scenes.people import SEEN_WITHIN_MS, AgentDesktop, ShopVisitor
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.customer import World
from playwright.async_api import Page, expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]

PHONE = {"width": 360, "height": 740}
WIDE = {"width": 1920, "height": 1080}
SAID = {
    "en": {"open": "All open", "reply": "Reply", "settings": "Sign out"},
    "fr": {"open": "Tous les ouverts", "reply": "Réponse", "settings": "Se déconnecter"},
}


async def nothing_sticks_out(page: Page) -> None:
    """No horizontal scrolling, of the page or of anything in it that one sees."""
    sideways = await page.evaluate(
        """() => [document.documentElement, ...document.querySelectorAll('body *')]
            .filter((each) => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0
                && ['auto', 'scroll'].includes(getComputedStyle(each).overflowX))
            .map((each) => each.outerHTML.slice(0, 120))"""
    )
    assert sideways == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def no_key_shows_through(page: Page) -> None:
    """A text that is missing in a language would show as its key, `composer.reply`."""
    shown = await page.locator("body").inner_text()
    assert not re.findall(r"\b(?:view|composer|dossier|inbox|customer|suggestion|connection|line)\.[a-z]\w+", shown)


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_an_agent_on_a_wide_screen(
    stack: Stack, world: World, open_page: Any, surname: str, lang: str, scheme: str, tmp_path: Path
) -> None:
    person = await world.move_in(f"Zoé {surname}")
    await world.write_mail(person, f"Where is the order of {surname}?", "Un colis n’est pas arrivé. " * 20)
    async with open_page(locale=f"{lang}-FR", color_scheme=scheme, viewport=WIDE) as (page, cable):
        desktop = AgentDesktop(page, stack, cable)
        await desktop.sign_in()
        await desktop.view("open")
        await expect(page.locator("html")).to_have_attribute("lang", lang)
        await desktop.open(desktop.row(surname))
        await desktop.sees("n’est pas arrivé", "email")
        await expect(page.get_by_test_id("mode-reply")).to_have_text(SAID[lang]["reply"])
        await no_key_shows_through(page)
        await nothing_sticks_out(page)
        await page.screenshot(path=tmp_path / "wide.png")
        await page.get_by_test_id("settings").click()
        await expect(page.get_by_test_id("sign-out")).to_have_text(SAID[lang]["settings"])
        other = {"en": "fr", "fr": "en"}[lang]
        await page.get_by_test_id(f"language-{other}").click()
        await expect(page.get_by_test_id("mode-reply")).to_have_text(SAID[other]["reply"])
        await expect(page.locator("html")).to_have_attribute("lang", other)


@pytest.mark.parametrize("lang", ["en", "fr"])
async def test_an_agent_on_a_phone(
    stack: Stack, world: World, open_page: Any, surname: str, lang: str, tmp_path: Path
) -> None:
    person = await world.move_in(f"Maximiliane-Alexandra {surname}")
    await world.write_mail(person, f"Donaudampfschifffahrtsgesellschaft {surname}", "https://shop.test/" + "a" * 200)
    async with open_page(locale=lang, viewport=PHONE, has_touch=True, is_mobile=True) as (page, cable):
        desktop = AgentDesktop(page, stack, cable)
        await desktop.sign_in()
        await desktop.view("open")
        await expect(desktop.row(surname)).to_be_visible(timeout=SEEN_WITHIN_MS)
        await page.screenshot(path=tmp_path / "phone-list.png")
        await nothing_sticks_out(page)
        await desktop.open(desktop.row(surname))
        await desktop.sees("https://shop.test/", "email")
        await page.screenshot(path=tmp_path / "phone-dossier.png")
        await nothing_sticks_out(page)
        await page.get_by_test_id("customer-toggle").click()
        await expect(page.get_by_test_id("customer")).to_be_visible()
        await page.screenshot(path=tmp_path / "phone-customer.png")
        await nothing_sticks_out(page)
        await no_key_shows_through(page)


@pytest.mark.parametrize(("lang", "greeting"), [("en", "Hello"), ("fr", "Bonjour")])
async def test_a_visitor_on_a_phone(
    stack: Stack, world: World, open_page: Any, surname: str, lang: str, greeting: str, tmp_path: Path
) -> None:
    person = await world.move_in(f"Noé {surname}")
    async with open_page(locale=lang, viewport=PHONE, has_touch=True, is_mobile=True) as (page, cable):
        visitor = ShopVisitor(page, stack, cable)
        await visitor.opens_the_chat(person, lang)
        await expect(page.get_by_role("dialog").get_by_text(f"{greeting} Noé {surname}")).to_be_visible()
        await nothing_sticks_out(page)
        await page.screenshot(path=tmp_path / "phone-widget.png")
