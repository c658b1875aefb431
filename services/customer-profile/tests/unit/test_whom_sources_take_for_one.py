"""A source says that handles are one person's: linked by itself only where nobody can be harmed by it."""

import pytest
from profile_scenes.people import AMELIE, CLAIRE, mail, messenger, signed, unproven_mail, vouched, written
from profile_scenes.sources import Market, says

EMAIL, CARD = f"email:{CLAIRE}", "loyalty-number:100"


@pytest.fixture
def market() -> Market:
    return Market()


async def test_a_card_is_linked_to_the_address_that_a_trusted_source_has_for_it(market: Market) -> None:
    await market.hear(mail())
    await market.told(says("till", CARD, also=(EMAIL,)))
    customer = await market.customer_of(EMAIL)
    card = next(each for each in customer.identities if each.identity.kind == "loyalty-number")
    assert (card.because.rule, card.actor.kind, card.actor.id) == ("same-at-source", "integration", "till")
    assert card.because.evidence[0].values["source"] == "till"


async def test_it_does_not_matter_which_handle_the_source_names_first(market: Market) -> None:
    await market.hear(mail())
    await market.told(says("till", EMAIL, also=(CARD,)))
    assert await market.owner(CARD) == await market.owner(EMAIL)


async def test_handles_of_somebody_who_never_wrote_are_one_customer_who_is_found_by_any(market: Market) -> None:
    await market.told(says("till", CARD, also=(EMAIL, "phone:+33612345678")))
    states = await market.identities.by_keys([CARD, EMAIL, "phone:+33612345678"])
    assert len({customer for state in states.values() for customer in state.customers}) == 1
    assert (await market.hear(mail())).customer_id == await market.owner(CARD)
    sms = written("sms", vouched("phone:+33612345678"))
    assert (await market.hear(sms)).customer_id == await market.owner(CARD)


async def test_who_was_known_by_several_handles_goes_wholly_to_the_customer_who_writes(market: Market) -> None:
    await market.told(says("till", CARD, also=("phone:+33612345678",), city="Lyon"))
    await market.hear(mail())
    await market.told(says("shop", EMAIL, also=(CARD,)))
    assert await market.owner(CARD) == await market.owner("phone:+33612345678") == await market.owner(EMAIL)


async def test_a_card_that_went_to_one_customer_is_not_taken_to_another_by_a_source(market: Market) -> None:
    await market.hears(mail(), messenger("7"))
    await market.told(says("till", CARD, also=(EMAIL, "messenger:page/7")))
    assert await market.owner(CARD) == await market.owner(EMAIL) != await market.owner("messenger:page/7")


async def test_a_source_that_is_not_trusted_links_nothing_and_an_agent_is_asked(market: Market) -> None:
    await market.hears(mail(), messenger("7"))
    await market.told(says("blog", EMAIL, also=("messenger:page/7",)))
    assert await market.owner(EMAIL) != await market.owner("messenger:page/7")
    for message, other in ((mail(minutes=5), "messenger:page/7"), (messenger("7", minutes=5), EMAIL)):
        [suggestion] = (await market.hear(message)).suggestions
        assert suggestion.customer_id == await market.owner(other)
        assert suggestion.because.evidence[0].code == "same-at-source"
        assert suggestion.because.evidence[0].values["source"] == "blog"


async def test_what_somebody_only_claims_is_sure_once_a_trusted_source_knows_it(market: Market) -> None:
    await market.told(says("blog", CARD, city="Lyon"))
    assert [each.assurance for each in (await market.customer_of(CARD)).identities] == ["claimed"]
    await market.told(says("till", CARD, city="Lyon", minutes=5), says("blog", CARD, city="Paris", minutes=10))
    [card] = (await market.customer_of(CARD)).identities
    assert card.assurance == "channel"
    assert [(each.assurance, each.evidence[0].values["source"]) for each in card.history] == [
        ("claimed", "blog"),
        ("channel", "till"),
    ]


async def test_what_both_have_written_is_moved_by_an_agent_only(market: Market) -> None:
    await market.hears(mail(), messenger("7"))
    await market.told(says("shop", EMAIL, also=("messenger:page/7",)))
    assert await market.owner(EMAIL) != await market.owner("messenger:page/7")
    [suggestion] = (await market.hear(mail(minutes=5))).suggestions
    assert suggestion.because.evidence[0].code == "same-at-source"


async def test_the_cards_of_a_family_with_one_address_do_not_make_one_person(market: Market) -> None:
    await market.hear(mail())
    await market.told(says("till", CARD, also=(EMAIL,)), says("till", "loyalty-number:200", also=(EMAIL,)))
    assert await market.owner(CARD) == await market.owner(EMAIL)
    assert await market.owner("loyalty-number:200") != await market.owner(EMAIL)


async def test_a_familys_address_that_a_source_has_with_each_of_them_makes_nobody_one(market: Market) -> None:
    hers, his = "phone:+33612345678", "phone:+33698765432"
    await market.told(says("shop", hers, also=(EMAIL,), name="Claire Martin"))
    await market.told(says("shop", his, also=(EMAIL,), name="Paul Petit", minutes=1))
    assert await market.owner(hers) == await market.owner(EMAIL) != await market.owner(his)
    [suggestion] = (await market.hear(written("sms", vouched(his)))).suggestions
    assert suggestion.because.evidence[0].code == "same-at-source"


async def test_a_source_that_names_somebody_else_does_not_link_who_writes(market: Market) -> None:
    await market.hear(mail(name="Claire Martin"))
    await market.told(says("shop", "shop-account:c-1", also=(EMAIL,), name="Paul Petit"))
    assert await market.owner("shop-account:c-1") != await market.owner(EMAIL)


@pytest.mark.parametrize("source", ["shop", "blog"])
async def test_what_only_a_source_knows_draws_nobody_away_from_their_dossiers(market: Market, source: str) -> None:
    """She chats signed in; then the shop tells of her address, which she signs in with from then on."""
    account = signed("shop-account:c-1")
    first = await market.hear(written("chat", vouched("visitor:shop/9"), account))
    await market.told(says(source, EMAIL, city="Lyon"))
    again = await market.hear(written("chat", vouched("visitor:shop/9"), account, signed(EMAIL), minutes=5))
    assert again.customer_id == first.customer_id
    assert [each.customer_id for each in again.suggestions] == [await market.owner(EMAIL)]


@pytest.mark.parametrize("shared", ["email:info@customer.test", "visitor:shop/1"])
async def test_what_several_persons_use_links_nobody(market: Market, shared: str) -> None:
    await market.told(says("till", CARD, also=(shared,)), says("till", shared, also=("loyalty-number:200",)))
    customer = await market.customer_of(CARD)
    assert [each.identity.kind for each in customer.identities] == ["loyalty-number"]
    assert "loyalty-number:200" not in await market.identities.by_keys(["loyalty-number:200"])


async def test_a_handle_that_is_marked_as_shared_links_nobody(market: Market) -> None:
    await market.hear(mail())
    await market.marks(EMAIL, shared=True)
    await market.told(says("till", CARD, also=(EMAIL,)))
    assert await market.owner(CARD) != await market.owner(EMAIL)


async def test_what_an_agent_has_parted_no_source_puts_together_again(market: Market) -> None:
    await market.hear(mail())
    await market.told(says("till", CARD, also=(EMAIL,)))
    customer = await market.customer_of(EMAIL)
    link = next(each for each in customer.identities if each.identity.kind == "loyalty-number")
    await market.desk.undo(link.link_id, "command-undo", AMELIE)
    assert await market.owner(CARD) != await market.owner(EMAIL)
    await market.told(says("till", CARD, also=(EMAIL,)), says("till", CARD, also=(EMAIL,), minutes=10, city="Lyon"))
    assert await market.owner(CARD) != await market.owner(EMAIL)


async def test_what_only_a_source_knows_lets_nobody_in_who_proves_nothing(market: Market) -> None:
    await market.told(says("till", EMAIL, name="Claire Martin", birthday="1990"))
    identified = await market.hear(unproven_mail())
    assert identified.customer_id != await market.owner(EMAIL)
    assert not identified.assured
    assert [each.linkable for each in identified.suggestions] == [False]


async def test_a_signed_handle_finds_what_the_shop_knows(market: Market) -> None:
    await market.told(says("shop", "shop-account:c-1", also=(EMAIL,), birthday="1990"))
    chat = written("chat", vouched("visitor:shop/9"), signed("shop-account:c-1"))
    assert (await market.hear(chat)).customer_id == await market.owner(EMAIL)
