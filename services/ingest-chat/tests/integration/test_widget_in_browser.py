"""The widget in a real Chromium, on a plain page of another origin, against the real service."""

import asyncio
import base64
import io
import os
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import pytest_asyncio
import uvicorn
from omnifil_contracts import ids
from omnifil_contracts.delivery import SendMessage
from omnifil_messaging import KafkaSettings, Outgoing, Producer
from PIL import Image
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

CHROMIUM = "/usr/bin/chromium"
WIDGET = Path(__file__).parents[2] / "widget" / "dist" / "widget.js"
DESK: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}

pytestmark = [
    pytest.mark.integration,
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Debian's chromium is not installed"),
    pytest.mark.skipif(not WIDGET.exists(), reason="the widget is not built: npm ci && npm run build"),
]

PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Atelier Brume</title>
<style>
  body {{ font: 17px/1.6 Georgia, serif; margin: 0; background: Canvas; color: CanvasText; color-scheme: light dark }}
  div {{ display: none; border: 5px solid red }}
  p, button, textarea {{ text-transform: uppercase; color: red !important }}
  main {{ display: block; max-width: 40rem; margin: 4rem auto; padding: 0 1rem }}
</style>
<main><h1>Atelier Brume</h1><p>Bougies et papiers.</p></main>
<script src="{base}/widget.js" data-account="shop" {more} async></script></html>"""


@asynccontextmanager
async def serving(app: Any, listening: socket.socket) -> AsyncIterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    task = asyncio.create_task(server.serve([listening]))
    yield
    server.should_exit = True
    await task


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-quic", "--disable-background-networking"]
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        await chromium.close()


class Shop:
    """The host site: a page with the widget's tag."""

    def __init__(self) -> None:
        self.listening = socket.socket()
        self.listening.bind(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.base = ""

    def app(self) -> Starlette:
        def page(request: Request) -> HTMLResponse:
            query = request.query_params
            more = " ".join(f'data-{name}="{query[name]}"' for name in ("lang", "identity-token") if name in query)
            return HTMLResponse(PAGE.format(base=self.base, more=more, lang=query.get("page", "en")))

        return Starlette(routes=[Route("/", page)])

    def url(self, **query: str) -> str:
        return f"{self.origin}/?{urlencode(query)}"


@pytest_asyncio.fixture
async def shop(settings: Any, run: Callable[..., Any]) -> AsyncIterator[Shop]:
    shop = Shop()
    account = settings.chat_accounts[0]
    allowed = account.model_copy(update={"allowed_origins": (shop.origin,), "colour": "#7a3b69"})
    settings = settings.model_copy(update={"chat_accounts": (allowed,)})
    async with run(settings) as replica, serving(shop.app(), shop.listening):
        shop.base = replica.base
        yield shop


class Agent:
    """Answers through Kafka, as the relay does."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka

    async def reply(self, conversation_id: str, text: str) -> None:
        reply_id = f"reply {text}"
        outbound_id = ids.outbound_id(reply_id, conversation_id)
        conversation = {"conversation_id": conversation_id, "channel": "chat", "account": "shop", "key": "k"}
        record = SendMessage.model_validate(
            {
                "outbound_id": outbound_id,
                "reply_id": reply_id,
                "dossier_id": "dossier-1",
                "target": {
                    "outbound_id": outbound_id,
                    "conversation": conversation,
                    "recipient": {"kind": "visitor", "value": "v"},
                    "reference": "r",
                },
                "text": text,
                "agent": {"kind": "agent", "id": "amelie", "name": "Amélie Roux"},
                "requested_at": datetime.now(UTC),
            }
        )
        async with Producer(self._kafka) as producer:
            await producer.publish(
                Outgoing("outbound.chat.v1", conversation_id, record, outbound_id, "/x", None, datetime.now(UTC))
            )


@pytest.fixture
def agent(kafka_settings: KafkaSettings) -> Agent:
    return Agent(kafka_settings)


async def write(page: Page, text: str) -> None:
    await page.locator("textarea").fill(text)
    await page.keyboard.press("Enter")


def bubbles(page: Page) -> Any:
    return page.locator(".bubble:not(.dots)")


async def shot(page: Page, name: str) -> None:
    """Keeps a picture where `OMNIFIL_SCREENSHOTS` says, for people to look at."""
    if folder := os.environ.get("OMNIFIL_SCREENSHOTS"):
        await page.wait_for_timeout(400)
        await page.screenshot(path=f"{folder}/{name}.png")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_a_visitor_writes_and_is_answered_and_the_conversation_is_there_after_a_reload(
    browser: Browser, shop: Shop, agent: Agent, records_of: Any, eventually: Any, size: ViewportSize
) -> None:
    page = await browser.new_page(viewport=size)
    await page.goto(shop.url())
    await page.get_by_role("button", name="Chat with us").click()
    await expect(page.get_by_text("how can we help?")).to_be_visible()
    await shot(page, f"empty-{size['width']}")
    await write(page, "Where is my order 4711?")
    await expect(page.locator(".meta.sent")).to_have_count(1)
    records = await records_of("inbound.chat.v1")
    assert [record["text"] for record in records] == ["Where is my order 4711?"]
    await agent.reply(records[0]["conversation"]["conversation_id"], "It left this morning.")
    await expect(bubbles(page)).to_have_text(["Where is my order 4711?", "It left this morning."])
    await expect(page.get_by_role("heading", name="Amélie Roux")).to_be_visible()
    await shot(page, f"answered-{size['width']}")

    async def is_read() -> None:
        states = [report["state"] for report in await records_of("delivery.events.v1")]
        assert sorted(states) == ["delivered", "read", "sent"]

    await eventually(is_read)
    await page.reload()
    if size == PHONE:
        await page.get_by_role("button", name="Chat with us").click()
    await expect(bubbles(page)).to_have_text(["Where is my order 4711?", "It left this morning."])
    await page.close()


async def test_what_is_written_without_a_line_is_kept_and_sent_once(
    browser: Browser, shop: Shop, agent: Agent, records_of: Any, eventually: Any
) -> None:
    context = await browser.new_context(viewport=DESK)
    page = await context.new_page()
    await page.goto(shop.url())
    await page.get_by_role("button", name="Chat with us").click()
    await write(page, "one")
    await expect(page.locator(".meta.sent")).to_have_count(1)
    conversation_id = (await records_of("inbound.chat.v1"))[0]["conversation"]["conversation_id"]
    await context.set_offline(True)
    await page.evaluate("dispatchEvent(new Event('offline'))")
    await write(page, "two")
    await write(page, "three")
    await expect(page.get_by_text("Waiting for the connection")).to_be_visible()
    await expect(page.get_by_text("No connection.")).to_be_visible()
    await shot(page, "offline")
    assert len(await records_of("inbound.chat.v1")) == 1
    await agent.reply(conversation_id, "meanwhile")
    await context.set_offline(False)
    await expect(page.locator(".meta.waiting, .meta.sending")).to_have_count(0)
    await expect(bubbles(page)).to_have_count(4)
    texts = await bubbles(page).all_inner_texts()
    assert sorted(texts) == ["meanwhile", "one", "three", "two"]
    assert texts.index("two") < texts.index("three")
    assert [record["text"] for record in await records_of("inbound.chat.v1")] == ["one", "two", "three"]
    await context.close()


async def test_a_reload_loses_nothing_that_was_not_accepted(
    browser: Browser, settings: Any, run: Callable[..., Any], records_of: Any
) -> None:
    shop = Shop()
    account = settings.chat_accounts[0].model_copy(update={"allowed_origins": (shop.origin,)})
    settings = settings.model_copy(update={"chat_accounts": (account,)})
    async with serving(shop.app(), shop.listening):
        async with run(settings) as first:
            shop.base = first.base
            page = await browser.new_page(viewport=DESK)
            await page.goto(shop.url())
            await page.get_by_role("button", name="Chat with us").click()
            await write(page, "before")
            await expect(page.locator(".meta.sent")).to_have_count(1)
        await write(page, "while the service is dead")
        await expect(page.get_by_text("Waiting for the connection")).to_be_visible()
        async with run(settings) as second:
            shop.base = second.base  # the script now comes from another address; what is kept is the shop's
            await page.reload()
            await expect(page.locator(".meta.waiting, .meta.sending")).to_have_count(0)
            await expect(bubbles(page)).to_have_text(["before", "while the service is dead"])
            records = await records_of("inbound.chat.v1")
            assert [record["text"] for record in records] == ["before", "while the service is dead"]
            await page.close()


async def test_signing_in_and_out_never_shows_one_persons_words_to_another(
    browser: Browser, shop: Shop, identity_token: Callable[..., str], records_of: Any
) -> None:
    page = await browser.new_page(viewport=DESK, locale="fr-FR")
    await page.goto(shop.url(**{"identity-token": identity_token("4711"), "page": "fr"}))
    await page.get_by_role("button", name="Discuter avec nous").click()
    await expect(page.get_by_text("Bonjour Clara Martin,")).to_be_visible()
    await shot(page, "french-signed")
    await write(page, "Je suis Clara.")
    await expect(page.get_by_text("Envoyé")).to_be_visible()
    await expect(page.get_by_text("Où vous joindre")).to_be_hidden()
    others = (await records_of("inbound.chat.v1"))[0]["sender"]["others"]
    assert {(each["identity"]["kind"], each["assurance"]) for each in others} == {
        ("shop-account", "verified"),
        ("email", "verified"),
    }
    await page.goto(shop.url(**{"identity-token": identity_token("0815", name="Tom"), "page": "fr"}))
    await expect(page.get_by_text("Bonjour Tom,")).to_be_visible()
    await expect(bubbles(page)).to_have_count(0)
    await page.evaluate("OmnifilChat.signOut()")
    await expect(page.get_by_text("Bonjour,")).to_be_visible()
    await expect(bubbles(page)).to_have_count(0)
    await page.goto(shop.url(**{"identity-token": identity_token("4711"), "page": "fr"}))
    await expect(bubbles(page)).to_have_text(["Je suis Clara."])
    await page.goto(shop.url(**{"identity-token": identity_token("4711", exp=1), "page": "fr"}))
    await expect(page.get_by_text("Votre connexion sur cette page a expiré.")).to_be_visible()
    await expect(bubbles(page)).to_have_count(0)
    await shot(page, "french-refused")
    await page.close()


async def test_images_names_and_typing_in_the_dark(
    browser: Browser, shop: Shop, agent: Agent, records_of: Any, tmp_path: Path
) -> None:
    Image.linear_gradient("L").resize((640, 420)).convert("RGB").save(tmp_path / "candle.png")
    context = await browser.new_context(viewport=DESK, color_scheme="dark")
    page = await context.new_page()
    await page.goto(shop.url(lang="fr"))
    await page.get_by_role("button", name="Discuter avec nous").click()
    await page.locator("input[type=file]").set_input_files(tmp_path / "candle.png")
    await expect(page.locator(".thumb:not(.busy)")).to_have_count(1)
    await shot(page, "dark-attached")
    await write(page, "La bougie est arrivée cassée. https://brume.example/bougies")
    await expect(page.locator(".picture img")).to_have_count(1)
    assert await page.locator(".picture img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 640
    record = (await records_of("inbound.chat.v1"))[0]
    assert [(each["media_type"], each["filename"]) for each in record["attachments"]] == [("image/png", "candle.png")]
    await agent.reply(record["conversation"]["conversation_id"], "Oh, je suis désolée. Nous vous en renvoyons une.")
    await page.get_by_label("Nom").fill("Clara M.")
    await page.get_by_label("E-mail").fill("clara.martin@mail.example")
    await shot(page, "dark-contact")
    await page.get_by_role("button", name="Enregistrer").click()
    await expect(bubbles(page).last).to_have_text("Vous pouvez me joindre ici : Clara M., clara.martin@mail.example")
    await expect(page.locator(".meta.sent")).to_have_count(2)
    last = (await records_of("inbound.chat.v1"))[-1]
    assert [(each["identity"]["value"], each["assurance"]) for each in last["sender"]["others"]] == [
        ("clara.martin@mail.example", "claimed")
    ]
    await shot(page, "dark-talk")
    await context.close()


async def test_it_can_be_used_without_a_mouse(browser: Browser, shop: Shop) -> None:
    page = await browser.new_page(viewport=DESK)
    await page.goto(shop.url())
    launcher = page.get_by_role("button", name="Chat with us")
    await launcher.focus()
    await page.keyboard.press("Enter")
    focused = "document.querySelector('[data-omnifil-chat]').shadowRoot.activeElement.localName"
    assert await page.evaluate(focused) == "textarea"
    for _ in range(12):
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.hasAttribute('data-omnifil-chat')")
    await page.keyboard.press("Escape")
    await expect(launcher).to_be_focused()
    await page.close()


async def test_a_reply_to_a_closed_panel_is_counted_and_read_only_when_it_is_opened(
    browser: Browser, shop: Shop, agent: Agent, records_of: Any, eventually: Any
) -> None:
    page = await browser.new_page(viewport=DESK)
    await page.goto(shop.url())
    await page.get_by_role("button", name="Chat with us").click()
    await write(page, "Hello")
    await expect(page.locator(".meta.sent")).to_have_count(1)
    await page.get_by_role("button", name="Close the chat").click()
    await agent.reply((await records_of("inbound.chat.v1"))[0]["conversation"]["conversation_id"], "Here I am")
    await expect(page.get_by_role("button", name="Chat with us, 1 new message")).to_be_visible()

    async def states() -> set[str]:
        return {report["state"] for report in await records_of("delivery.events.v1")}

    async def is_delivered() -> None:
        assert await states() == {"sent", "delivered"}

    async def is_read() -> None:
        assert "read" in await states()

    await eventually(is_delivered)
    await page.reload()
    await expect(page.get_by_role("button", name="Chat with us, 1 new message")).to_be_visible()
    await page.get_by_role("button", name="Chat with us").click()
    await eventually(is_read)
    await expect(page.locator(".badge")).to_be_hidden()
    await page.close()


DROP = """([kind, encoded]) => {
  const panel = document.querySelector('[data-omnifil-chat]').shadowRoot.querySelector('.panel');
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], 'dropped.png', { type: 'image/png' }));
  const target = kind === 'paste' ? panel.querySelector('textarea') : panel;
  target.dispatchEvent(kind === 'paste'
    ? new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true })
    : new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


async def test_images_are_dropped_or_pasted_and_what_is_none_says_so(
    browser: Browser, shop: Shop, records_of: Any
) -> None:
    picture = io.BytesIO()
    Image.linear_gradient("L").save(picture, "PNG")
    page = await browser.new_page(viewport=DESK)
    await page.goto(shop.url())
    await page.get_by_role("button", name="Chat with us").click()
    for kind in ("drop", "paste"):
        await page.evaluate(DROP, [kind, base64.b64encode(picture.getvalue()).decode()])
    await expect(page.locator(".thumb:not(.busy):not(.failed)")).to_have_count(2)
    await page.evaluate(DROP, ["drop", base64.b64encode(b"this is no image").decode()])
    await expect(page.locator(".tray")).to_have_attribute("data-problem", re.compile("Only JPEG"))
    await expect(page.get_by_role("button", name="Send")).to_be_disabled()
    await page.get_by_role("button", name="Remove the image").last.click()
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".picture img")).to_have_count(2)
    await expect(page.locator(".meta.sent")).to_have_count(1)
    [record] = await records_of("inbound.chat.v1")
    assert [each["filename"] for each in record["attachments"]] == ["dropped.png", "dropped.png"]
    await page.close()
