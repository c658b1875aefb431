"""A real Chromium, and people at it."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from browser_scenes.cable import Cable
from browser_scenes.people import AgentDesktop, ShopVisitor
from omnifil_devstack.stack_file import Stack
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
]
OpenPage = Callable[..., AbstractAsyncContextManager[tuple[Page, Cable]]]

expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def chromium() -> Path:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed: apt-get install chromium")
    return CHROMIUM


@pytest.fixture
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield running
        await running.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> OpenPage:
    """`async with open_page(**context options) as (page, cable)`: a browser of its own; it must not complain.

    `expected`: parts of what it may say all the same, as when a test is about a refusal.
    How each looked at the end is in the test's folder.
    """
    opened_pages: list[Page] = []

    @asynccontextmanager
    async def opened(**options: Any) -> AsyncIterator[tuple[Page, Cable]]:
        complaints: list[str] = []
        expected = ("net::ERR_", *options.pop("expected", ()))

        def note(message: ConsoleMessage) -> None:
            # what a pulled cable makes Chromium say is no fault of the page
            if message.type in ("error", "warning") and not any(part in message.text for part in expected):
                complaints.append(f"{message.type}: {message.text}")

        async with Cable.plugged() as cable:
            context = await browser.new_context(
                proxy={"server": cable.url}, viewport=options.pop("viewport", {"width": 1280, "height": 800}), **options
            )
            context.set_default_timeout(30_000)
            await context.add_init_script(
                "addEventListener('securitypolicyviolation',"
                " (event) => console.error('CSP', event.violatedDirective, event.blockedURI))"
            )
            page = await context.new_page()
            page.on("console", note)
            page.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
            yield page, cable
            await page.screenshot(path=tmp_path / f"last-{len(opened_pages)}.png")
            opened_pages.append(page)
            await context.close()
            assert complaints == []

    return opened


@pytest.fixture
async def desktop(open_page: OpenPage, stack: Stack) -> AsyncIterator[AgentDesktop]:
    """An agent, signed in."""
    async with open_page(locale="en-GB") as (page, cable):
        agent = AgentDesktop(page, stack, cable)
        await agent.sign_in()
        yield agent


@pytest.fixture
async def visitor(open_page: OpenPage, stack: Stack) -> AsyncIterator[Callable[[], Any]]:
    """`await visitor()`: somebody at the shop's page."""
    async with AsyncExitStack() as windows:

        async def arrives() -> ShopVisitor:
            return ShopVisitor(*_at(await windows.enter_async_context(open_page(locale="en-GB")), stack))

        yield arrives


def _at(opened: tuple[Page, Cable], stack: Stack) -> tuple[Page, Stack, Cable]:
    page, cable = opened
    return page, stack, cable


@pytest.fixture
def surname() -> str:
    """Nobody else has it."""
    return "".join(secrets.choice(("ba", "de", "fi", "ko", "lu", "ma", "ne", "ri")) for _ in range(5)).capitalize()
