"""Several replicas, several channels, one person."""

import asyncio

import pytest
from customer_profile.adapters.in_memory import Announced
from customer_profile.adapters.mongo_identities import DATABASE, INDEXES
from customer_profile.handlers import Recogniser, Rules
from omnifil_contracts.identity import Assurance, AssuredIdentity
from omnifil_contracts.message import InboundMessage
from omnifil_mongostore import Mongo, ensure_indexes
from omnifil_testkit.builders import a_sender, an_identity, an_inbound_message
from profile_scenes.racing import Counting
from profile_scenes.town import Town

pytestmark = pytest.mark.integration

PEOPLE = 60


def mail(n: int) -> InboundMessage:
    return an_inbound_message(sender=a_sender(f"p{n}@customer.test"))


def chat(n: int, *others: AssuredIdentity) -> InboundMessage:
    sender = a_sender(f"v{n}", "visitor", Assurance.CHANNEL, others=others)
    return an_inbound_message(channel="chat", sender=sender)


def account(n: int) -> AssuredIdentity:
    return an_identity(f"{n}", "shop-account")


def address(n: int) -> AssuredIdentity:
    return an_identity(f"p{n}@customer.test")


async def test_two_replicas_that_meet_the_same_new_person_on_two_channels_make_one_customer(town: Town) -> None:
    async with town.running("consume"), town.running("consume"):
        await asyncio.gather(
            town.write(*(mail(n) for n in range(PEOPLE))),
            town.write(*(chat(n, address(n), account(n)) for n in range(PEOPLE))),
        )
        by_mail = {each.record.customer_id for each in await town.identified("email", PEOPLE)}
        by_chat = [each.record for each in await town.identified("chat", PEOPLE)]
    assert {each.customer_id for each in by_chat} == by_mail
    assert len(by_mail) == PEOPLE
    assert all(each.suggestions == () for each in by_chat)


async def test_replicas_that_know_the_person_by_different_handles_still_make_one_customer(mongo: Mongo) -> None:
    """One by address and account, one by the account, one by account and phone: whoever is first, all agree."""
    await ensure_indexes(mongo.database(DATABASE), INDEXES)
    identities = Counting(mongo)
    phone = [an_identity(f"+3360000{n:04}", "phone") for n in range(PEOPLE)]
    batches = [
        [chat(n, address(n), account(n)) for n in range(PEOPLE)],
        [chat(n, account(n)) for n in reversed(range(PEOPLE))],
        [chat(n, account(n), phone[n]) for n in range(PEOPLE)],
    ]
    for n in range(0, PEOPLE, 10):
        await asyncio.gather(
            *(Recogniser(identities, Announced(), Rules()).recognise(batch[n : n + 10]) for batch in batches)
        )
    assert identities.overtaken > 0, "nobody raced: this proves nothing"
    for n in range(PEOPLE):
        keys = [address(n).identity.key, account(n).identity.key, phone[n].identity.key]
        owners = {state.customer_id for state in (await identities.by_keys(keys)).values()}
        assert len(owners) == 1, f"person {n} is {len(owners)} customers"
