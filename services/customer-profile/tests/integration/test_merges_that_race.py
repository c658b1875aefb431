"""Agents who merge and part at once, and messages that come in the middle: on the real MongoDB and Kafka."""

import asyncio
from datetime import UTC, datetime

import pytest
from customer_profile.adapters.in_memory import Announced
from customer_profile.adapters.mongo_identities import DATABASE, INDEXES, MongoIdentities
from customer_profile.desk import Desk
from customer_profile.domain.linking import CustomerConflict
from customer_profile.handlers import Recogniser, Rules
from omnifil_contracts.customer import CustomerChanged, MergeCustomers, SplitCustomer
from omnifil_contracts.identity import Assurance, Identity
from omnifil_contracts.message import InboundMessage
from omnifil_mongostore import Mongo, ensure_indexes
from omnifil_testkit.builders import a_sender, an_identity, an_inbound_message
from profile_scenes.people import AMELIE, mail, messenger
from profile_scenes.racing import Counting
from profile_scenes.town import Town

pytestmark = pytest.mark.integration

PEOPLE = 25


@pytest.fixture
async def identities(mongo: Mongo) -> Counting:
    await ensure_indexes(mongo.database(DATABASE), INDEXES)
    return Counting(mongo)


def desk(identities: Counting) -> Desk:
    return Desk(identities, lambda: datetime.now(UTC))


def merging(other: str, command_id: str) -> MergeCustomers:
    return MergeCustomers(command_id=command_id, other_customer_id=other)


async def known(identities: Counting, *messages: InboundMessage) -> list[str]:
    found = await Recogniser(identities, Announced(), Rules()).recognise(messages)
    return [each.customer_id for each in found]


async def test_of_agents_who_regroup_the_same_customers_at_once_one_wins_and_the_others_are_told(
    identities: Counting,
) -> None:
    for n in range(PEOPLE):
        one, other, third = await known(identities, mail(f"a{n}@x.test"), messenger(f"b{n}"), mail(f"c{n}@x.test"))
        answers = await asyncio.gather(
            desk(identities).merge(one, merging(other, f"command-1-{n}"), AMELIE),
            desk(identities).merge(other, merging(one, f"command-2-{n}"), AMELIE),
            desk(identities).merge(third, merging(other, f"command-3-{n}"), AMELIE),
            return_exceptions=True,
        )
        assert all(isinstance(each, CustomerChanged | CustomerConflict) for each in answers), answers
        assert 1 <= sum(isinstance(each, CustomerChanged) for each in answers) <= 2
        states = await identities.by_keys([f"email:a{n}@x.test", f"messenger:page/b{n}", f"email:c{n}@x.test"])
        # Nobody is swapped: whoever went into another, went with everything.
        for each in {state.customer_id for state in states.values()}:
            assert (await desk(identities).customer(each)).merged_into is None
        emptied = [each for each in (one, other, third) if each not in {s.customer_id for s in states.values()}]
        for each in emptied:
            gone = await desk(identities).customer(each)
            assert gone.merged_into in {state.customer_id for state in states.values()}
    assert identities.overtaken > 0, "nobody raced: this proves nothing"


async def test_the_same_command_from_two_replicas_is_one_merge(identities: Counting) -> None:
    for n in range(PEOPLE):
        one, other = await known(identities, mail(f"a{n}@x.test"), messenger(f"b{n}"))
        asked = merging(other, f"command-{n:04}")
        first, second = await asyncio.gather(*(desk(identities).merge(one, asked, AMELIE) for _ in range(2)))
        assert first == second
        state = (await identities.by_keys([f"messenger:page/b{n}"]))[f"messenger:page/b{n}"]
        assert len(state.links) == 2


async def test_two_who_part_a_customer_at_once_leave_somebody(identities: Counting) -> None:
    for n in range(PEOPLE):
        sender = a_sender(f"v{n}", "visitor", Assurance.CHANNEL, others=(an_identity(f"p{n}@x.test"),))
        (customer,) = await known(identities, an_inbound_message(channel="chat", sender=sender))
        handles = [Identity(kind="visitor", value=f"v{n}"), Identity(kind="email", value=f"p{n}@x.test")]
        answers = await asyncio.gather(
            *(
                desk(identities).split(
                    customer, SplitCustomer(command_id=f"command-{n}-{each.kind}", identities=(each,)), AMELIE
                )
                for each in handles
            ),
            return_exceptions=True,
        )
        assert sum(isinstance(each, CustomerChanged) for each in answers) == 1, answers
        assert (await desk(identities).customer(customer)).identities


async def test_a_merge_in_the_middle_of_a_batch_leaves_no_handle_behind(identities: Counting) -> None:
    """New handles come with the one that is merged away, in another replica, at the same time."""
    for n in range(PEOPLE):
        one, other = await known(identities, mail(f"a{n}@x.test"), mail(f"b{n}@x.test"))
        batch = [
            an_inbound_message(
                channel="chat",
                sender=a_sender(f"v{n}-{number}", "visitor", Assurance.CHANNEL, others=(an_identity(f"b{n}@x.test"),)),
            )
            for number in range(4)
        ]
        merged, identified = await asyncio.gather(
            desk(identities).merge(one, merging(other, f"command-{n:04}"), AMELIE),
            Recogniser(identities, Announced(), Rules()).recognise(batch),
        )
        keys = [f"email:b{n}@x.test", *(f"visitor:v{n}-{number}" for number in range(4))]
        assert {state.customer_id for state in (await identities.by_keys(keys)).values()} == {one}
        assert {each.customer_id for each in identified} <= {one, other}
        back = await desk(identities).undo_merge(merged.merges[0].merge_id, f"command-back-{n:04}", AMELIE)
        assert back.customer_id == other
        assert {state.customer_id for state in (await identities.by_keys(keys)).values()} == {other}
    assert identities.overtaken > 0, "nobody raced: this proves nothing"


async def test_everybody_is_told_of_a_merge_and_of_its_undoing(town: Town, mongo: Mongo) -> None:
    async with town.running("consume", "relay"), town.running("consume", "relay"):
        await town.write(mail("claire@x.test", name="Claire"), messenger("1", name="Clairette"))
        (one,) = await town.identified("email")
        (other,) = await town.identified("social")
        claire, stranger = one.record.customer_id, other.record.customer_id
        agents = Desk(MongoIdentities(mongo), lambda: datetime.now(UTC))
        merged = await agents.merge(claire, merging(stranger, "command-merge"), AMELIE)

        async def told(customer_id: str, expected: CustomerChanged) -> None:
            async with asyncio.timeout(30):
                while (await town.last_states()).get(customer_id) != expected:  # noqa: ASYNC110 a topic tells nobody
                    await asyncio.sleep(0.05)

        await told(claire, merged)
        await told(stranger, await agents.customer(stranger))
        await town.write(later := messenger("1", name="Clairette", minutes=1))
        owners = {
            each.record.message.message_id: each.record.customer_id for each in await town.identified("social", 2)
        }
        assert owners[later.message_id] == claire
        back = await agents.undo_merge(merged.merges[0].merge_id, "command-undo", AMELIE)
        await told(stranger, back)
        await told(claire, await agents.customer(claire))
        assert (await town.last_states())[stranger].merged_into is None
