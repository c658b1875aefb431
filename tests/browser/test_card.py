"""The customer beside the dossier: how sure each handle is, what others know of them, and every contact in time."""

from zipfile import ZipFile

import httpx
import pytest
from browser_scenes.facts import record, told
from browser_scenes.people import SEEN_WITHIN_MS, AgentDesktop
from omnifil_contracts.commands import Reply
from omnifil_contracts.profile import ConsentUpdate
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.agent import Agent
from omnifil_devstack.story.customer import Chat, Customer, World
from playwright.async_api import Locator, expect

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]


async def writes(world: World, desktop: AgentDesktop, name: str, subject: str) -> Customer:
    """By mail, proven; the dossier is open on the desktop."""
    person = await world.move_in(name)
    await desktop.view("open")
    await world.write_mail(person, subject, f"A question about {subject}.")
    await desktop.open(desktop.row(name))
    return person


def card(desktop: AgentDesktop) -> Locator:
    return desktop.page.get_by_test_id("customer")


async def takes_back(desktop: AgentDesktop) -> None:
    """By key, once the desktop says that there is something to take back."""
    await expect(desktop.page.get_by_test_id("toast").last.get_by_text("Z", exact=True)).to_be_visible()
    await desktop.page.keyboard.press("z")


async def chooses(desktop: AgentDesktop, name: str) -> None:
    finder = desktop.page.get_by_test_id("finder")
    await finder.get_by_role("combobox").fill(name)
    await finder.get_by_role("option").filter(has_text=name).first.click()


async def test_what_shop_till_and_crm_say_stands_on_the_card_with_its_source(
    stack: Stack, world: World, desktop: AgentDesktop, surname: str
) -> None:
    person = await writes(world, desktop, f"Vera {surname}", f"Coat of {surname}")
    optout = ConsentUpdate(channel="email", purpose="marketing", granted=False)
    order = record("order", "Linen coat", state="shipped", amount="129.90 EUR", url="https://shop.example/orders/1")
    await told(
        stack, person, "shop", attributes={"birthday": "1990-04-01"}, records=(order,), consents=(optout,)
    )  # fmt: skip
    visit = record("store-visit", "Tried on boots in Lyon")
    await told(stack, person, "till", attributes={"loyalty-number": "88123"}, records=(visit,))
    await told(stack, person, "crm", attributes={"birthday": "1991-04-01", "preferred-channel": "email"})

    identity = card(desktop).locator("[data-testid=identity][data-kind=email]")
    await expect(identity).to_have_attribute("data-assurance", "verified")
    await identity.get_by_test_id("identity-why").click()
    await identity.get_by_test_id("identity-history").click()
    await expect(identity.get_by_test_id("history-entries")).to_contain_text("verified")

    conflict = card(desktop).get_by_test_id("attribute-conflict")
    await expect(conflict).to_contain_text("1990-04-01", timeout=SEEN_WITHIN_MS)
    await expect(conflict).to_contain_text("1991-04-01", timeout=SEEN_WITHIN_MS)
    await expect(conflict).to_contain_text("according to the shop")
    await expect(conflict).to_contain_text("according to the CRM")
    await expect(card(desktop).locator("[data-testid=attribute][data-name=loyalty-number]")).to_contain_text("88123")
    shown = card(desktop).locator("[data-testid=record][data-kind=order]")
    await expect(shown).to_contain_text("shipped")
    await expect(shown).to_contain_text("129.90 EUR")
    await expect(shown.get_by_role("link", name="Linen coat")).to_have_attribute(
        "href", "https://shop.example/orders/1"
    )
    await expect(card(desktop).locator("[data-testid=record][data-kind=store-visit]")).to_contain_text("Store visit")
    await expect(card(desktop).get_by_test_id("consent")).to_contain_text("opted out")

    target = desktop.page.locator("[data-testid=target][data-channel=email]")
    await expect(target.get_by_test_id("opted-out")).to_contain_text("advertising")
    await expect(target.get_by_test_id("preferred")).to_have_attribute("title", "They asked for this channel")


async def test_a_handle_is_marked_as_shared_and_that_is_taken_back(
    world: World, desktop: AgentDesktop, surname: str
) -> None:
    await writes(world, desktop, f"Oda {surname}", f"Teapot of {surname}")
    identity = card(desktop).locator("[data-testid=identity][data-kind=email]")
    await identity.get_by_test_id("identity-why").click()
    await identity.get_by_test_id("shared-switch").click()
    await expect(identity).to_have_attribute("data-shared", "true", timeout=SEEN_WITHIN_MS)
    await expect(identity).to_contain_text("shared")
    await takes_back(desktop)
    await expect(identity).to_have_attribute("data-shared", "false", timeout=SEEN_WITHIN_MS)


async def test_two_customers_are_merged_with_what_they_disagree_on_side_by_side(
    stack: Stack, world: World, desktop: AgentDesktop, surname: str
) -> None:
    other_name = f"Ida Ny{surname}"
    other = await world.move_in(other_name)
    await world.write_mail(other, f"Lamp of {other_name}", "Where is my lamp?")
    await expect(desktop.row(other_name)).to_have_count(1, timeout=SEEN_WITHIN_MS)
    person = await writes(world, desktop, f"Ida {surname}", f"Chair of {surname}")
    await told(stack, person, "shop", attributes={"birthday": "1980-01-01"})
    await told(stack, other, "crm", attributes={"birthday": "1981-02-02"})
    await expect(card(desktop).locator("[data-name=birthday]")).to_be_visible(timeout=SEEN_WITHIN_MS)

    await desktop.page.get_by_test_id("customer-menu").click()
    await desktop.page.get_by_test_id("action-merge-customers").click()
    await chooses(desktop, other_name)
    dialog = desktop.page.get_by_test_id("merge-customers")
    await expect(dialog).to_contain_text(other.email)
    await expect(dialog.get_by_test_id("merge-unproven")).to_have_count(0)  # both have proven an address
    conflict = dialog.get_by_role("group", name="Birthday")
    await expect(conflict).to_contain_text("1980-01-01")
    await expect(conflict).to_contain_text("1981-02-02")
    await dialog.get_by_test_id("confirm-merge").click()
    await expect(card(desktop).get_by_test_id("identity")).to_have_count(2, timeout=SEEN_WITHIN_MS)
    merge = card(desktop).get_by_test_id("customer-merge")
    await expect(merge).to_contain_text(other_name)
    await expect(card(desktop).get_by_test_id("attribute-conflict")).to_contain_text("1981-02-02")

    await merge.get_by_test_id("undo-merge").click()
    await expect(card(desktop).get_by_test_id("identity")).to_have_count(1, timeout=SEEN_WITHIN_MS)
    await expect(merge).to_have_count(0)
    await takes_back(desktop)
    await expect(card(desktop).get_by_test_id("identity")).to_have_count(2, timeout=SEEN_WITHIN_MS)


async def test_one_customer_is_told_apart_into_two(
    stack: Stack, http: httpx.AsyncClient, world: World, desktop: AgentDesktop, surname: str
) -> None:
    person = await writes(world, desktop, f"Una {surname}", f"Shoes of {surname}")
    async with Chat.opened(stack, http, identity=await world.signature(person)) as chat:
        await chat.say(f"About the shoes, {surname}")
    identities = card(desktop).get_by_test_id("identity")
    shop_account = card(desktop).locator("[data-testid=identity][data-kind=shop-account]")
    await expect(shop_account).to_have_count(1, timeout=SEEN_WITHIN_MS)
    before = await identities.count()
    await desktop.page.get_by_test_id("customer-menu").click()
    await desktop.page.get_by_test_id("action-split-customer").click()
    dialog = desktop.page.get_by_test_id("split-customer")
    await expect(dialog.get_by_test_id("confirm-split")).to_be_disabled()
    await dialog.get_by_role("checkbox", name="Shop account").check()
    await dialog.get_by_test_id("confirm-split").click()
    await expect(shop_account).to_have_count(0, timeout=SEEN_WITHIN_MS)
    await takes_back(desktop)
    await expect(identities).to_have_count(before, timeout=SEEN_WITHIN_MS)


async def test_the_journey_has_every_contact_and_leads_to_its_dossier(
    stack: Stack, http: httpx.AsyncClient, world: World, agent: Agent, desktop: AgentDesktop, surname: str
) -> None:
    person = await writes(world, desktop, f"Ruth {surname}", f"First matter of {surname}")
    first = await desktop.page.get_by_test_id("dossier-header").get_attribute("data-dossier")
    assert first is not None
    conversation = (await agent.dossier(first)).conversations[0].conversation.conversation_id
    for number in range(60):
        seen_seq = (await agent.dossier(first)).seq
        answer = Reply(text=f"Answer {number} for {surname}", conversation_ids=(conversation,), seen_seq=seen_seq)
        await agent.command(first, answer)
    await told(stack, person, "shop", records=(record("order", f"Garden chair {surname}", state="paid"),))
    async with Chat.opened(stack, http, identity=await world.signature(person)) as chat:
        await chat.say(f"This is a new matter: do you sell tents? {surname}")
    await desktop.page.keyboard.press("t")
    journey = desktop.page.get_by_test_id("journey")
    contacts = journey.get_by_test_id("contact")
    await expect(contacts.filter(has_text="do you sell tents?")).to_have_count(1, timeout=SEEN_WITHIN_MS)
    await expect(contacts.filter(has_text=f"Garden chair {surname}")).to_have_attribute("data-kind", "record")
    await expect(contacts.filter(has_text="A question about")).to_have_count(0)  # it is a page further down

    oldest = contacts.filter(has_text="A question about")
    for _ in range(10):
        if await oldest.count():
            break
        await contacts.last.scroll_into_view_if_needed()
        await expect(desktop.page.locator("[data-testid=journey] + [aria-busy=false]")).to_be_visible()
    await expect(oldest).to_have_count(1)
    for number in range(60):
        said = contacts.filter(has_text=f"Answer {number} for {surname}")
        await expect(said).to_have_count(1)
        await expect(said).to_have_attribute("data-kind", "reply")
    tents = contacts.filter(has_text="do you sell tents?")
    await expect(tents).not_to_have_attribute("data-dossier", first)
    await tents.click()
    await desktop.sees("do you sell tents?", "chat")
    await oldest.click()
    await expect(desktop.page.get_by_test_id("dossier-header")).to_have_attribute("data-dossier", first)


async def test_suggestions_are_decided_by_one_key_and_taken_back(
    world: World, desktop: AgentDesktop, surname: str
) -> None:
    person = await writes(world, desktop, f"Kai {surname}", f"Order 5123 of {surname}")
    await world.write_on_network(person, f"It is about order 5123, {surname}.")
    await expect(desktop.row(surname)).to_have_count(2, timeout=SEEN_WITHIN_MS)
    await desktop.open(desktop.row(f"about order 5123, {surname}"))
    suggestion = desktop.page.get_by_test_id("suggestion")
    await expect(suggestion.first).to_be_visible(timeout=SEEN_WITHIN_MS)
    await expect(suggestion.first.locator("[data-code=same-name]")).to_contain_text(surname)
    count = await suggestion.count()
    await desktop.page.keyboard.press("?")
    await expect(desktop.page.get_by_test_id("keys")).to_contain_text("Accept the suggestion")
    await expect(desktop.page.get_by_test_id("keys")).to_contain_text("Merge into another dossier")
    await desktop.page.keyboard.press("Escape")
    await desktop.page.keyboard.press("y")
    await expect(desktop.row(surname)).to_have_count(1, timeout=SEEN_WITHIN_MS)
    await desktop.sees(f"It is about order 5123, {surname}.", "social")
    await takes_back(desktop)
    await expect(desktop.row(surname)).to_have_count(2, timeout=SEEN_WITHIN_MS)
    assert count >= 1


async def test_who_may_exports_and_erases_a_person_after_typing_the_name(
    world: World, desktop: AgentDesktop, surname: str
) -> None:
    name = f"Eva {surname}"
    person = await writes(world, desktop, name, f"Kettle of {surname}")
    dossier = await desktop.page.get_by_test_id("dossier-header").get_attribute("data-dossier")
    await desktop.page.get_by_test_id("customer-menu").click()
    async with desktop.page.expect_download() as download:
        await desktop.page.get_by_test_id("action-export-customer").click()
    saved = await (await download.value).path()
    with ZipFile(saved) as archive:
        assert any(person.email.encode() in archive.read(each) for each in archive.namelist())

    await desktop.page.get_by_test_id("customer-menu").click()
    await desktop.page.get_by_test_id("action-erase-customer").click()
    dialog = desktop.page.get_by_test_id("erase-customer")
    await expect(dialog.get_by_test_id("erase-plan")).to_contain_text("1 dossier with")
    await expect(dialog.get_by_test_id("erase-typed")).to_be_focused()
    await expect(dialog.get_by_test_id("confirm-erase")).to_be_disabled()
    await dialog.get_by_test_id("erase-typed").fill(name)
    await dialog.get_by_test_id("confirm-erase").click()
    await expect(desktop.message("Kettle of")).to_have_count(0, timeout=SEEN_WITHIN_MS)
    await expect(desktop.page.get_by_test_id("line-customer_erased")).to_be_visible(timeout=SEEN_WITHIN_MS)
    await expect(desktop.page.locator("body")).not_to_contain_text(surname)
    await expect(desktop.page.get_by_test_id("dossier-header")).to_have_attribute("data-dossier", dossier or "")
