"""What sources push: by topic and by HTTP, onto the card, told to everybody, and set aside where it is broken."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from customer_profile.adapters.in_memory import InMemoryIdentities
from customer_profile.adapters.mongo_identities import DATABASE, INDEXES, MongoIdentities
from customer_profile.domain.facts import NOTHING, heard
from customer_profile.ports import Change, Identities
from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.profile import AttributeUpdate, ProfileUpdated
from omnifil_contracts.topics import PROFILE_UPDATES
from omnifil_messaging import Outgoing
from omnifil_messaging.dead_letter.shelf import Shelf
from omnifil_messaging.outgoing import Wire
from omnifil_mongostore import Mongo, ensure_indexes
from omnifil_testkit.builders import NOON
from omnifil_testkit.waiting import Eventually
from profile_scenes.people import CLAIRE, mail
from profile_scenes.sources import Market, identity, order, says
from profile_scenes.town import AGENT, Town

EMAIL, CARD = f"email:{CLAIRE}", "loyalty-number:100"


async def publish(town: Town, *updates: ProfileUpdated) -> None:
    await town.producer.publish_all(
        [
            Outgoing(PROFILE_UPDATES.name, each.identity.key, each, each.update_id, "/shop", None, each.occurred_at)
            for each in updates
        ]
    )


@asynccontextmanager
async def asking(parts: Any) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(parts.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://profile", headers=AGENT) as http:
        yield http


async def told(town: Town, eventually: Eventually, expected: Any) -> CustomerChanged:
    """The last state on `customer.events.v1` of who has handles, once there is one and it is as expected."""

    async def state() -> CustomerChanged:
        customers = [each for each in (await town.last_states()).values() if each.identities]
        assert len(customers) == 1
        assert expected(customers[0]), customers[0]
        return customers[0]

    return await eventually(state)


@pytest.mark.integration
async def test_what_a_shop_publishes_shows_on_the_card_and_is_told_to_everybody(
    town: Town, eventually: Eventually
) -> None:
    town = town.with_settings(trusted_sources=("shop",))
    async with town.running("consume", "relay", "updates", "api") as parts:
        await town.write(mail())
        await town.identified()
        await publish(
            town,
            says("shop", EMAIL, birthday="1990-05-01", records=(order("4711", ("parcel", "6A1")),)),
            says("shop", EMAIL, also=("loyalty-number:100",), minutes=1),
        )
        customer = await told(town, eventually, lambda each: each.profile and len(each.identities) == 2)
        assert customer.profile is not None
        assert [each.title for each in customer.profile.records] == ["Order 4711"]
        async with asking(parts) as http:
            answered = (await http.get(f"/customers/{customer.customer_id}")).json()
        assert CustomerChanged.model_validate(answered) == customer

        async def messages_name_the_parcel() -> None:
            before = len(await town.identified())
            await town.write(mail(minutes=5))
            last = max((await town.identified(at_least=before + 1)), key=lambda each: each.offset)
            assert [[each.number for each in group.references] for group in last.record.related] == [["4711", "6A1"]]

        await eventually(messages_name_the_parcel)


@pytest.mark.integration
async def test_somebody_who_never_wrote_is_told_of_too(town: Town, eventually: Eventually) -> None:
    async with town.running("relay", "updates"):
        await publish(town, says("till", "loyalty-number:100", name="Claire Martin"))
        customer = await told(town, eventually, lambda each: each.display_name == "Claire Martin")
    assert [each.identity.key for each in customer.identities] == ["loyalty-number:100"]


@pytest.mark.integration
async def test_a_broken_update_is_set_aside_with_its_reason_and_can_be_replayed(
    town: Town, eventually: Eventually
) -> None:
    topic = PROFILE_UPDATES.name
    bad = says("shop", EMAIL, minutes=60 * 24 * 40, name="from the future")
    early = says("shop", "email-unproven:a@b.test", name="unproven")
    await publish(town, says("shop", EMAIL, birthday="1990-05-01"))
    await town.producer.publish_raw([Wire(topic, EMAIL.encode(), b"{ not json")])
    await town.producer.publish_raw([Wire(topic, EMAIL.encode(), b'{"update_id": "1", "source": "Not A Slug"}')])
    await publish(town, early, says("crm", EMAIL, minutes=1, city="Lyon"))
    shelf = Shelf(town.kafka)
    async with town.running("updates", "relay", clock=lambda: NOON):
        await publish(town, bad, says("crm", EMAIL, minutes=2, language="fr"))
        customer = await told(town, eventually, lambda each: each.profile and len(each.profile.attributes) == 3)
        assert customer.profile is not None
        assert {each.name for each in customer.profile.attributes} == {"birthday", "city", "language"}

        async def all_are_set_aside() -> set[str]:
            causes = {entry.cause for entry in await shelf.entries(topic)}
            assert causes == {"NotJson", "InvalidRecord", "NotVouchedFor", "TooFarAhead"}
            return causes

        await eventually(all_are_set_aside)
    async with town.running("updates", "relay", clock=lambda: bad.occurred_at):
        await shelf.replay(town.producer, topic)
        await told(town, eventually, lambda each: "from the future" in str(each.profile))


@pytest.mark.integration
async def test_what_is_pushed_over_http_takes_the_same_way(town: Town, eventually: Eventually) -> None:
    async with town.running("updates", "relay", "api", clock=lambda: NOON) as parts, asking(parts) as http:
        update = says("crm", EMAIL, birthday="1990-05-01")
        for _ in range(2):
            answer = await http.post("/profile-updates", json=update.model_dump(mode="json"))
            assert answer.status_code == 202, answer.text
        await told(town, eventually, lambda each: each.profile is not None)
        refused = await http.post(
            "/profile-updates", json=says("crm", "email-unproven:a@b.test").model_dump(mode="json")
        )
        assert (refused.status_code, refused.json()["code"]) == (422, "update-refused")
        unknown = await http.post("/profile-updates", json={"source": "crm"})
        assert unknown.status_code == 422
        bare = httpx.AsyncClient(transport=httpx.ASGITransport(parts.app), base_url="http://profile")
        assert (await bare.post("/profile-updates", json=update.model_dump(mode="json"))).status_code == 401


@pytest.mark.integration
async def test_sources_messages_and_replicas_at_once_lose_nothing(town: Town, eventually: Eventually) -> None:
    town = town.with_settings(trusted_sources=("shop", "till"))
    updates = [
        ProfileUpdated(
            update_id=f"u{n}",
            source=("shop", "till")[n % 2],
            identity=identity((EMAIL, CARD)[n // 2 % 2]),
            also=(identity(EMAIL),) if n % 3 == 0 else (),
            attributes=(AttributeUpdate(name=f"fact-{n}", value="yes"),),
            occurred_at=NOON + timedelta(minutes=n),
        )
        for n in range(40)
    ]
    async with town.running("consume", "relay", "updates"), town.running("consume", "relay", "updates"):
        await asyncio.gather(
            *(publish(town, *updates[start::4]) for start in range(4)),
            *(town.write(mail(minutes=minute)) for minute in range(10)),
        )
        customer = await told(town, eventually, lambda each: each.profile and len(each.profile.attributes) == 40)
    assert len(customer.identities) == 2


class FactsContract:
    async def test_facts_are_read_with_the_handle_when_asked_for_and_left_alone_else(
        self, identities: Identities
    ) -> None:
        market = Market(identities=identities)
        await market.told(says("crm", EMAIL, birthday="1990", records=(order("4711", ("parcel", "6A1")),)))

        before = (await identities.by_keys([EMAIL]))[EMAIL]
        assert before.facts is None
        await identities.write([], [Change(before, before.speaking("fr"))])
        after = (await identities.with_facts([EMAIL]))[EMAIL]
        assert after.languages == ("fr",)
        assert after.facts == heard(
            NOTHING, says("crm", EMAIL, birthday="1990", records=(order("4711", ("parcel", "6A1")),))
        )
        assert (await identities.of_customers([after.customer_id]))[after.customer_id] == [after]

    async def test_what_records_put_together_is_found_by_who_has_the_handle_now(self, identities: Identities) -> None:
        assert not await identities.any_related()
        assert await identities.related(["nobody"]) == {}
        market = Market(identities=identities)
        await market.told(says("till", EMAIL, records=(order("4711", ("parcel", "6A1")), order("4712"))))
        await market.told(says("till", "loyalty-number:100", also=(EMAIL,), records=(order("1", ("parcel", "2")),)))
        assert await identities.any_related()
        owner = (await identities.by_keys([EMAIL]))[EMAIL].customer_id
        found = await identities.related([owner, "nobody"])
        numbers = [[each.number for each in group.references] for _, group in found[owner]]
        assert (list(found), sorted(numbers)) == ([owner], [["1", "2"], ["4711", "6A1"]])

    async def test_a_record_that_is_removed_puts_nothing_together_any_more(self, identities: Identities) -> None:
        market = Market(identities=identities)
        gone = order("4711", ("parcel", "6A1"), removed=True)
        await market.told(says("till", EMAIL, records=(order("4711", ("parcel", "6A1")),)))
        await market.told(says("till", EMAIL, records=(gone,), minutes=1))
        assert not await identities.any_related()


class TestInMemoryFacts(FactsContract):
    @pytest.fixture
    def identities(self) -> InMemoryIdentities:
        return InMemoryIdentities()


@pytest.mark.integration
class TestMongoFacts(FactsContract):
    @pytest.fixture
    async def identities(self, mongo: Mongo) -> MongoIdentities:
        await ensure_indexes(mongo.database(DATABASE), INDEXES)
        return MongoIdentities(mongo)
