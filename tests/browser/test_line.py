"""The connection breaks while messages come: afterwards nothing is missing and nothing is there twice."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from browser_scenes.people import SEEN_WITHIN_MS, AgentDesktop, ShopVisitor
from omnifil_contracts.commands import Reply
from omnifil_contracts.dossier import MessageLinked
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.agent import Agent
from omnifil_devstack.story.customer import Chat, World
from PIL import Image
from playwright.async_api import expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]

Arrives = Callable[[], Awaitable[ShopVisitor]]
SEEN_WITHIN_S = 60


def dossier_with(agent: Agent, text: str) -> str | None:
    for dossier_id, entry in agent.entries():
        if isinstance(entry.event, MessageLinked) and text in entry.event.message.text:
            return dossier_id
    return None


async def replies(agent: Agent, dossier_id: str, text: str) -> None:
    dossier = await agent.dossier(dossier_id)
    conversations = tuple(each.conversation.conversation_id for each in dossier.conversations)
    await agent.command(dossier_id, Reply(text=text, conversation_ids=conversations, seen_seq=dossier.seq))


async def test_the_desktop_has_everything_once_after_its_line_was_cut(
    stack: Stack, http: httpx.AsyncClient, world: World, agent: Agent, desktop: AgentDesktop, surname: str,
    tmp_path: Path,
) -> None:  # fmt: skip
    person = await world.move_in(f"Maud {surname}")
    async with Chat.opened(stack, http, identity=await world.signature(person)) as chat:
        await chat.say(f"before {surname}")
        await desktop.view("open")
        await desktop.open(desktop.row(surname))
        await desktop.sees(f"before {surname}", "chat")
        for cut in range(3):
            async with desktop.cable.cut():
                await expect(desktop.page.get_by_test_id("connection")).to_have_attribute(
                    "data-state", "offline", timeout=SEEN_WITHIN_MS
                )
                for number in range(3):
                    await chat.say(f"meanwhile {cut}.{number} {surname}")
                await world.write_mail(person, f"By mail {cut}", f"mail {cut} {surname}")
                await agent.until(lambda cut=cut: dossier_with(agent, f"mail {cut} {surname}"), "it", SEEN_WITHIN_S)  # type: ignore[misc]
                await expect(desktop.page.get_by_test_id("offline-banner")).to_be_visible()
                await desktop.page.screenshot(path=tmp_path / f"offline-{cut}.png")
            await desktop.is_live()
            for text in (*(f"meanwhile {cut}.{number} {surname}" for number in range(3)), f"mail {cut} {surname}"):
                await expect(desktop.message(text)).to_have_count(1, timeout=SEEN_WITHIN_MS)
    numbers = (
        await desktop.page.get_by_test_id("timeline")
        .locator("[data-seq]")
        .evaluate_all("rows => rows.map(row => Number(row.dataset.seq))")
    )
    assert len(numbers) == len(set(numbers))
    await desktop.page.get_by_test_id("composer-text").fill("All read.")
    await desktop.page.get_by_test_id("send").click()
    await desktop.has_sent("All read.", "email")


async def test_a_reply_begun_and_sent_without_a_line_is_kept_and_goes_out_once(
    world: World, desktop: AgentDesktop, surname: str, agent: Agent
) -> None:
    person = await world.move_in(f"Nils {surname}")
    await world.write_mail(person, f"A question of {surname}", "When do you open?")
    await desktop.view("open")
    await desktop.open(desktop.row(surname))
    await desktop.sees("When do you open?", "email")
    text = desktop.page.get_by_test_id("composer-text")
    async with desktop.cable.cut():
        await expect(desktop.page.get_by_test_id("connection")).to_have_attribute(
            "data-state", "offline", timeout=SEEN_WITHIN_MS
        )
        await text.fill("At nine.")
        await expect(desktop.page.get_by_test_id("send")).to_be_disabled()
    await desktop.is_live()
    await desktop.page.reload()
    await expect(text).to_have_value("At nine.", timeout=SEEN_WITHIN_MS)
    await desktop.is_live()
    await desktop.page.get_by_test_id("send").click()
    await desktop.has_sent("At nine.", "email")
    await expect(desktop.reply("At nine.")).to_have_count(1)


async def test_the_widget_keeps_what_was_written_without_a_line_and_sends_it_once(
    world: World, agent: Agent, visitor: Arrives, surname: str, tmp_path: Path
) -> None:
    person = await world.move_in(f"Iris {surname}")
    shop = await visitor()
    await shop.opens_the_chat(person)
    await shop.writes(f"first {surname}")
    await shop.has_arrived(f"first {surname}")
    dossier_id = await agent.until(lambda: dossier_with(agent, f"first {surname}"), "it", SEEN_WITHIN_S)
    async with shop.cable.cut():
        await shop.writes(f"written offline {surname}")
        await expect(shop.page.get_by_text("No connection.")).to_be_visible(timeout=SEEN_WITHIN_MS)
        await expect(shop.said(f"written offline {surname}")).to_contain_text("Waiting for the connection")
        await replies(agent, dossier_id, f"answer {surname}")
        await shop.page.screenshot(path=tmp_path / "widget-offline.png")
    await shop.has_arrived(f"written offline {surname}")
    await expect(shop.said(f"answer {surname}")).to_have_count(1, timeout=SEEN_WITHIN_MS)
    await shop.writes(f"and then reloaded {surname}")
    await shop.page.reload()
    await expect(shop.page.get_by_role("dialog")).to_be_visible(timeout=SEEN_WITHIN_MS)
    for text in ("first", "written offline", "answer", "and then reloaded"):
        await expect(shop.said(f"{text} {surname}")).to_have_count(1, timeout=SEEN_WITHIN_MS)
    await shop.has_arrived(f"and then reloaded {surname}")
    await agent.until(lambda: dossier_with(agent, f"and then reloaded {surname}"), "it", SEEN_WITHIN_S)
    for text in ("first", "written offline", "and then reloaded"):
        linked = [
            entry
            for _, entry in agent.entries()
            if isinstance(entry.event, MessageLinked) and entry.event.message.text == f"{text} {surname}"
        ]
        assert len(linked) == 1


async def test_a_picture_goes_both_ways(
    world: World, desktop: AgentDesktop, visitor: Arrives, surname: str, tmp_path: Path
) -> None:
    Image.new("RGB", (200, 150), "#b03a2e").save(tmp_path / "stain.png")
    person = await world.move_in(f"Pia {surname}")
    shop = await visitor()
    await shop.opens_the_chat(person)
    await shop.page.locator("input[type=file]").set_input_files(tmp_path / "stain.png")
    await shop.writes(f"Look at this stain, {surname}")
    await shop.has_arrived(f"Look at this stain, {surname}")
    await expect(shop.said("stain").get_by_role("img")).to_be_visible()
    await desktop.view("open")
    await desktop.open(desktop.row(surname))
    await desktop.sees(f"Look at this stain, {surname}", "chat")
    await expect(desktop.message("stain").get_by_test_id("picture")).to_be_visible()
    await desktop.answers("A new one is on its way.", "chat", picture=tmp_path / "stain.png")
    await expect(shop.said("A new one is on its way.").get_by_role("img")).to_be_visible(timeout=SEEN_WITHIN_MS)
    await shop.page.screenshot(path=tmp_path / "widget-pictures.png")
    await desktop.page.screenshot(path=tmp_path / "desktop-pictures.png")
