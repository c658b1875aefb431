"""When an identity turns out to be another customer's, the dossiers follow; when that is taken back, so do they."""

from case_scenes.shop import Shop
from case_service.domain.dossier import Dossier
from case_service.domain.standing import standing
from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.dossier import CustomerReassigned, Status
from omnifil_contracts.identity import Because, Identity
from omnifil_contracts.message import CustomerSuggestion

CLARA, PSID = "customer-clara", "customer-psid"
EMAIL = Identity(kind="email", value="customer-clara@mail.example")
MESSENGER = Identity(kind="messenger", value="psid")


def linked(shop: Shop) -> tuple[CustomerChanged, CustomerChanged]:
    return (
        shop.changed(PSID, 2, released={CLARA: (MESSENGER,)}),
        shop.changed(CLARA, 2, has=(EMAIL, MESSENGER)),
    )


def undone(shop: Shop) -> tuple[CustomerChanged, CustomerChanged]:
    return (
        shop.changed(CLARA, 3, has=(EMAIL,), released={PSID: (MESSENGER,)}),
        shop.changed(PSID, 3, has=(MESSENGER,)),
    )


async def texts(shop: Shop, dossier: Dossier) -> set[str]:
    here = standing(await shop.events(dossier))
    return {each.event.message.text for each in here.messages.values()}


async def by_messenger(shop: Shop, customer: str = PSID, **fields: object) -> Dossier:
    return await shop.writes(customer, channel="social", handle="psid", conversation="psid", **fields)


async def test_a_link_brings_the_other_dossier_into_the_one_live_one(shop: Shop) -> None:
    hers = await shop.writes(CLARA, text="mail")
    suggestion = CustomerSuggestion(
        customer_id=CLARA, identity=MESSENGER, linkable=True, because=Because(rule="same-name")
    )
    theirs = await by_messenger(shop, text="social", suggestions=(suggestion,))
    assert len(theirs.view.suggestions) == 1
    await shop.customers(*linked(shop))
    assert await texts(shop, hers) == {"mail", "social"}
    view = await shop.view(theirs.id)
    assert (view.customer_id, view.merged_into, view.suggestions) == (CLARA, hers.id, ())
    moved = (await shop.view(hers.id)).conversations[1]
    assert (moved.because.rule, moved.because.link_id) == ("identity", "link-1")
    assert "agent" in moved.because.evidence[0].values
    seqs = {each.id: each.seq for each in (await shop.dossiers()).values()}
    await shop.customers(*linked(shop))
    assert {each.id: each.seq for each in (await shop.dossiers()).values()} == seqs
    resolve = {"type": "resolve_suggestion", "suggestion_id": theirs.view.suggestions[0].suggestion_id, "accept": True}
    await shop.command(theirs, resolve)


async def test_without_one_live_dossier_the_other_only_changes_hands(shop: Shop) -> None:
    theirs = await by_messenger(shop)
    await shop.customers(*linked(shop))
    view = await shop.view(theirs.id)
    assert (view.customer_id, view.status, view.merged_into) == (CLARA, Status.OPEN, None)
    assert (await shop.writes(CLARA, channel="email")).id == theirs.id


async def test_the_undone_link_takes_everything_back_with_what_came_later(shop: Shop) -> None:
    hers = await shop.writes(CLARA, text="mail")
    theirs = await by_messenger(shop, text="social")
    await shop.customers(*linked(shop))
    assert (await by_messenger(shop, CLARA, text="later")).id == hers.id
    await shop.customers(*undone(shop))
    assert await texts(shop, hers) == {"mail"}
    assert await texts(shop, theirs) == {"social", "later"}
    view = await shop.view(theirs.id)
    assert (view.customer_id, view.status, view.merged_into) == (PSID, Status.OPEN, None)
    assert (await by_messenger(shop, text="again")).id == theirs.id
    seqs = {each.id: each.seq for each in (await shop.dossiers()).values()}
    await shop.customers(*undone(shop))
    assert {each.id: each.seq for each in (await shop.dossiers()).values()} == seqs


async def test_the_order_in_which_the_two_customers_are_told_does_not_matter(shop: Shop) -> None:
    hers = await shop.writes(CLARA, text="mail")
    theirs = await by_messenger(shop, text="social")
    for changed in reversed(linked(shop)):
        await shop.customers(changed)
    assert await texts(shop, hers) == {"mail", "social"}
    for changed in reversed(undone(shop)):
        await shop.customers(changed)
    assert await texts(shop, hers) == {"mail"}
    assert (await shop.view(theirs.id)).customer_id == PSID


async def test_a_reassigned_dossier_returns_when_the_link_is_undone(shop: Shop) -> None:
    theirs = await by_messenger(shop)
    await shop.customers(*linked(shop))
    await shop.customers(*undone(shop))
    events = [e.event for e in await shop.events(theirs) if isinstance(e.event, CustomerReassigned)]
    assert [(each.customer_id, each.ordinal) for each in events] == [(CLARA, 1), (PSID, 2)]


async def test_a_conversation_that_joined_because_of_the_link_goes_home_too(shop: Shop) -> None:
    await shop.customers(*linked(shop))
    hers = await shop.writes(CLARA, text="mail")
    assert (await by_messenger(shop, CLARA, text="social")).id == hers.id
    await shop.customers(*undone(shop))
    assert await texts(shop, hers) == {"mail"}
    shop.ids |= {(await by_messenger(shop, text="more")).id}
    theirs = next(each for each in (await shop.dossiers()).values() if each.customer_id == PSID)
    assert await texts(shop, theirs) == {"social", "more"}


async def test_what_an_agent_put_together_stays_together(shop: Shop) -> None:
    hers = await shop.writes(CLARA, text="mail")
    theirs = await by_messenger(shop, text="social")
    conversation_id = theirs.view.conversations[0].conversation.conversation_id
    move = {"type": "move_conversation", "conversation_id": conversation_id, "to_dossier_id": hers.id}
    await shop.command(theirs, move)
    await shop.customers(*linked(shop))
    await shop.customers(*undone(shop))
    assert await texts(shop, hers) == {"mail", "social"}
