"""What a CRM, a shop or a till says of somebody: kept with source and date, whatever order it comes in."""

import random
from datetime import timedelta

import pytest
from customer_profile.domain.facts import NOTHING, RECORDS_KEPT, Facts, heard
from customer_profile.domain.telling import NotVouchedFor
from customer_profile.hearing import TooFarAhead
from hypothesis import given, settings
from hypothesis import strategies as st
from omnifil_contracts.profile import ProfileUpdated
from omnifil_testkit.builders import NOON
from profile_scenes.people import CLAIRE, mail, messenger
from profile_scenes.sources import Market, consent, order, says

EMAIL = f"email:{CLAIRE}"


@pytest.fixture
def market() -> Market:
    return Market()


async def test_what_is_said_shows_on_the_card_with_source_and_date(market: Market) -> None:
    await market.hear(mail())
    await market.told(says("crm", EMAIL, birthday="1990-05-01", records=(order(amount="19.90 EUR"),)))
    profile = await market.profile_of(EMAIL)
    [birthday] = profile.attributes
    assert (birthday.name, birthday.value, birthday.source, birthday.at) == ("birthday", "1990-05-01", "crm", NOON)
    assert [(each.source, each.title, each.amount) for each in profile.records] == [("crm", "Order 4711", "19.90 EUR")]
    assert profile.conflicts == ()


async def test_a_new_fact_is_a_change_of_the_customer_and_the_same_again_is_none(market: Market) -> None:
    await market.hear(mail())
    before = (await market.customer_of(EMAIL)).version
    update = says("crm", EMAIL, birthday="1990-05-01", minutes=90)
    await market.told(update)
    changed = await market.customer_of(EMAIL)
    assert changed.version > before
    assert changed.changed_at == update.occurred_at
    await market.told(update, update)
    assert (await market.customer_of(EMAIL)).version == changed.version


async def test_two_birthdays_stand_side_by_side_and_a_sources_own_newest_word_replaces_its_older(
    market: Market,
) -> None:
    await market.told(
        says("crm", EMAIL, birthday="1990-05-01"),
        says("shop", EMAIL, birthday="1991-05-01", minutes=5),
        says("crm", EMAIL, birthday="1990-05-02", minutes=3),
    )
    profile = await market.profile_of(EMAIL)
    assert [(each.value, each.source) for each in profile.attributes] == [("1991-05-01", "shop"), ("1990-05-02", "crm")]
    assert profile.conflicts == ("birthday",)


async def test_two_loyalty_cards_are_shown_as_a_conflict(market: Market) -> None:
    await market.hear(mail())
    for number, command in (("100", "command-1"), ("200", "command-2")):
        await market.told(says("till", f"loyalty-number:{number}", store="Paris"))
        await market.links(f"loyalty-number:{number}", await market.owner(EMAIL), command)
    assert (await market.profile_of(EMAIL)).conflicts == ("loyalty-number",)


async def test_a_value_that_is_taken_back_is_gone_and_an_older_word_does_not_bring_it_back(market: Market) -> None:
    await market.told(says("crm", EMAIL, birthday=None, city="Lyon", minutes=5))
    await market.told(says("crm", EMAIL, birthday="1990-05-01"))
    assert [each.name for each in (await market.profile_of(EMAIL)).attributes] == ["city"]


async def test_what_a_source_has_removed_is_not_shown(market: Market) -> None:
    await market.told(
        says("shop", EMAIL, records=(order("1"), order("2"))),
        says("shop", EMAIL, records=(order("1", removed=True),), minutes=5),
    )
    assert [each.record_id for each in (await market.profile_of(EMAIL)).records] == ["2"]


async def test_the_newest_twenty_records_are_shown(market: Market) -> None:
    for number in range(30):
        await market.told(says("shop", EMAIL, records=(order(str(number), minutes=number),), minutes=number))
    records = (await market.profile_of(EMAIL)).records
    assert [each.record_id for each in records] == [str(number) for number in range(29, 9, -1)]


async def test_of_a_consent_the_newest_word_holds_and_stands_first(market: Market) -> None:
    await market.told(
        says("crm", EMAIL, consents=(consent("email", True), consent("sms", True))),
        says("shop", EMAIL, consents=(consent("email", False),), minutes=5),
    )
    found = [(each.channel, each.granted, each.source) for each in (await market.profile_of(EMAIL)).consents]
    assert found == [("email", False, "shop"), ("email", True, "crm"), ("sms", True, "crm")]


async def test_an_opt_out_on_one_handle_holds_for_the_customer(market: Market) -> None:
    await market.hear(mail())
    await market.told(
        says("crm", EMAIL, consents=(consent("email", False),)),
        says("crm", "loyalty-number:100", consents=(consent("email", True),), minutes=60),
    )
    await market.links("loyalty-number:100", await market.owner(EMAIL))
    first, *_ = (await market.profile_of(EMAIL)).consents
    assert (first.granted, first.at) == (False, NOON)


async def test_the_channel_that_they_asked_for_and_the_languages_that_they_speak(market: Market) -> None:
    await market.hear(mail(language="fr"))
    await market.told(
        says("crm", EMAIL, preferred_channel="email", language="de"),
        says("shop", EMAIL, preferred_channel="sms", minutes=5),
    )
    customer = await market.customer_of(EMAIL)
    assert customer.profile is not None
    assert customer.profile.preferred_channel == "sms"
    assert customer.languages == ("fr", "de")


async def test_somebody_who_never_wrote_is_known_and_found_when_they_write(market: Market) -> None:
    await market.told(says("till", EMAIL, name="Claire Martin", records=(order(),)))
    known = await market.customer_of(EMAIL)
    assert known.display_name == "Claire Martin"
    assert known.identities[0].because.evidence[0].code == "known-to-source"
    identified = await market.hear(mail())
    assert identified.customer_id == known.customer_id
    assert len((await market.profile_of(EMAIL)).records) == 1


async def test_facts_follow_their_handle_when_it_is_linked_and_when_that_is_undone(market: Market) -> None:
    await market.hear(mail())
    await market.told(says("till", "loyalty-number:100", records=(order(),)))
    changed = await market.links("loyalty-number:100", await market.owner(EMAIL))
    assert len((await market.profile_of(EMAIL)).records) == 1
    link = next(each for each in changed.identities if each.identity.kind == "loyalty-number")
    await market.desk.undo(link.link_id, "command-2", link.actor)
    assert (await market.customer_of(EMAIL)).profile is None
    assert len((await market.profile_of("loyalty-number:100")).records) == 1


async def test_facts_follow_through_a_merge_of_customers_and_back(market: Market) -> None:
    await market.hears(mail(), messenger("7"))
    await market.told(says("crm", EMAIL, birthday="1990"), says("shop", "messenger:page/7", birthday="1991"))
    mine, other = await market.owner(EMAIL), await market.owner("messenger:page/7")
    merged = await market.merges(mine, other)
    assert merged.profile is not None
    assert merged.profile.conflicts == ("birthday",)
    await market.undoes(merged.merges[0].merge_id)
    assert (await market.profile_of(EMAIL)).conflicts == ()
    assert [each.value for each in (await market.profile_of("messenger:page/7")).attributes] == ["1991"]


async def test_messages_carry_what_external_records_put_together(market: Market) -> None:
    assert (await market.hear(mail())).related == ()
    await market.told(says("till", "loyalty-number:100", records=(order("4711", ("parcel", "6a1")), order("4712"))))
    await market.links("loyalty-number:100", await market.owner(EMAIL))
    market.recogniser._related._ask_at = 0  # as if a second had passed
    [group] = (await market.hear(mail())).related
    assert [(each.kind, each.number) for each in group.references] == [("order", "4711"), ("parcel", "6A1")]


def test_what_says_that_it_is_of_the_day_after_tomorrow_is_refused(market: Market) -> None:
    with pytest.raises(TooFarAhead):
        market.hearing.check(says("crm", EMAIL, minutes=60 * 48))


def test_nobody_vouches_for_an_unproven_handle(market: Market) -> None:
    for update in (says("shop", f"email-unproven:{CLAIRE}"), says("shop", EMAIL, also=(f"email-unproven:{CLAIRE}",))):
        with pytest.raises(NotVouchedFor):
            market.hearing.check(update)


@st.composite
def histories(draw: st.DrawFn) -> list[ProfileUpdated]:
    def update(number: int) -> ProfileUpdated:
        return says(
            draw(st.sampled_from(["crm", "shop"])),
            EMAIL,
            update_id=f"u{number}",
            minutes=draw(st.integers(0, 3)),
            records=tuple(
                order(each, minutes=draw(st.integers(0, 3)), removed=draw(st.booleans()))
                for each in draw(st.lists(st.sampled_from("123"), max_size=2))
            ),
            consents=tuple(consent("email", each) for each in draw(st.lists(st.booleans(), max_size=2))),
            name=draw(st.sampled_from(["a", "b", None])),
            city=draw(st.sampled_from(["c", None])),
        )

    return [update(number) for number in range(draw(st.integers(1, 8)))]


def all_of(updates: list[ProfileUpdated]) -> Facts:
    facts = NOTHING
    for update in updates:
        facts = heard(facts, update)
    return facts


@given(histories(), st.randoms(use_true_random=False), st.data())
def test_in_whatever_order_and_however_often_updates_come_the_same_is_known(
    updates: list[ProfileUpdated], chance: random.Random, data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(updates), max_size=5))
    shuffled = [*updates, *again]
    chance.shuffle(shuffled)
    assert all_of(shuffled) == all_of(updates)
    assert all_of([*shuffled, *updates]) == all_of(updates)


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(RECORDS_KEPT + 15)), st.integers(0, RECORDS_KEPT))
def test_what_is_kept_of_too_much_does_not_depend_on_the_order_either(order_of: list[int], revised: int) -> None:
    updates = [says("shop", EMAIL, records=(order(str(each)),), minutes=each, update_id=str(each)) for each in order_of]
    late = says("shop", EMAIL, records=(order(str(revised), state="sent"),), minutes=10_000, update_id="late")
    place = order_of[0]
    facts = all_of([*updates[:place], late, *updates[place:]])
    newest = sorted(set(order_of) - {revised}, reverse=True)[: RECORDS_KEPT - 1]
    assert {each.record.record_id for each in facts.records} == {str(revised), *map(str, newest)}
    assert facts.records[0].record.state == "sent"


def test_a_day_ahead_is_a_clock_that_differs_a_little(market: Market) -> None:
    market.hearing.check(says("crm", EMAIL, minutes=60))
    assert market.now - NOON < timedelta(days=1)
