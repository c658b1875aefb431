"""Who somebody is, erased: nothing is left to find them by, and whoever writes from their handles is somebody new."""

from datetime import timedelta
from typing import Any

import pytest
from customer_profile.adapters.in_memory import Announced
from customer_profile.adapters.kafka_announcements import KafkaAnnouncements
from customer_profile.adapters.mongo_erased import MongoErased
from customer_profile.adapters.mongo_identities import DATABASE, INDEXES, MongoIdentities
from customer_profile.desk import Desk
from customer_profile.domain.linking import CustomerNotFound
from customer_profile.domain.telling import Trust
from customer_profile.entrypoints import erase_again
from customer_profile.erasing import CustomerMerged, Erased, ErasingDesk, ErasingSteps, needles, state_of
from customer_profile.handlers import Announcer, Recogniser, Rules
from customer_profile.hearing import Hearing
from customer_profile.settings import Settings
from omnifil_contracts.customer import LinkIdentity
from omnifil_contracts.erasure import EraseCustomer
from omnifil_contracts.identity import Identity
from omnifil_contracts.topics import CUSTOMER_EVENTS
from omnifil_messaging import KafkaSettings, Producer, ensure_topics
from omnifil_mongostore import Mongo, ensure_indexes
from omnifil_mongostore.erasures import Erasures, NotYet, Order, Person
from omnifil_testkit.builders import NOON
from omnifil_testkit.servers import Mongod
from profile_scenes.people import AMELIE, CLAIRE, chat, mail, messenger, signed
from profile_scenes.sources import TRUSTED, says
from pydantic import SecretStr

pytestmark = pytest.mark.integration

ERASE = EraseCustomer(command_id="erasure-1")


class Installation:
    """customer-profile on a database of its own."""

    def __init__(self, mongo: Mongo) -> None:
        self.mongo = mongo
        self.identities = MongoIdentities(mongo)
        self.ledger = MongoErased(mongo, b"a key")
        self.announced = Announced()
        self.recogniser = Recogniser(self.identities, self.announced, Rules(), self.ledger.anchors)
        self.erasures = Erasures(mongo)
        self.erasing = ErasingDesk(self.erasures, self.ledger, lambda: NOON)
        self.desk = Desk(
            self.identities,
            lambda: NOON + timedelta(hours=1),
            erased=self.erasing.states,
            anchoring=self.ledger.anchors,
        )
        self.hearing = Hearing(self.identities, Trust(TRUSTED), lambda: NOON + timedelta(hours=1), self.ledger.anchors)
        self.steps = ErasingSteps(
            self.erasures,
            self.ledger,
            Topics(),
            self.announced,
            Announcer(self.identities, self.announced).announce_all,
            patience=timedelta(hours=24),
            clock=lambda: NOON,
        )

    async def hear(self, message: Any) -> str:
        return (await self.recogniser.recognise([message]))[0].customer_id

    async def owner(self, key: str) -> str:
        return (await self.identities.by_keys([key]))[key].customer_id

    async def erase(self, customer_id: str) -> Order:
        await self.erasing.erase(customer_id, ERASE, AMELIE)
        order = await self.erasures.get("erasure-1")
        assert order is not None
        await self.steps.identities(order)
        return await self.erasures.get("erasure-1") or order

    async def everything(self) -> str:
        database = self.mongo.database(DATABASE)
        names = await database.list_collection_names()
        return "".join([str(each) for name in names async for each in database[name].find()])


class Topics:
    """Nobody reads, nothing lies there."""

    def __init__(self) -> None:
        self.late: list[str] = []

    async def ends(self, families: Any = None) -> list[tuple[str, int, int]]:
        return [(f"{family}.email.v1", 0, 3) for family in families or ("inbound", "identified", "dossier")]

    async def behind(self, ends: Any) -> list[str]:
        return self.late

    async def sort_out_dead_letters(self, ends: Any, needles: Any) -> tuple[int, list[str]]:
        return 0, []

    async def trim(self, ends: Any) -> int:
        return 0


@pytest.fixture
async def here(mongo: Mongo) -> Installation:
    await ensure_indexes(mongo.database(DATABASE), INDEXES)
    found = Installation(mongo)
    await found.erasures.prepare()
    return found


async def test_nothing_is_left_to_find_them_by_and_they_are_somebody_new(here: Installation) -> None:
    before = await here.hear(mail(CLAIRE, name="Claire Martin"))
    assert await here.hear(chat("v-1", signed("shop-account:17"), signed(f"email:{CLAIRE}"))) == before
    other = await here.hear(mail("tom@customer.test", name="Tom Berger"))
    order = await here.erase(before)
    assert set(order.person.identities) == {f"email:{CLAIRE}", "visitor:v-1", "shop-account:17"}
    left = await here.everything()
    assert [word for word in (CLAIRE, "Claire", "v-1", "shop-account") if word in left] == []
    assert "Tom Berger" in left
    again = await here.hear(mail(CLAIRE, name="Claire Martin", minutes=5))
    assert again not in (before, other)
    assert await here.hear(mail(CLAIRE, minutes=6)) == again
    assert await here.hear(mail("tom@customer.test", minutes=5)) == other


async def test_a_customer_who_was_erased_is_told_and_shown_as_that_and_nothing_else(here: Installation) -> None:
    before = await here.hear(mail(CLAIRE, name="Claire Martin"))
    await here.erase(before)
    shown = await here.desk.customer(before)
    assert (shown.display_name, shown.identities, shown.erased_at is not None) == (None, (), True)
    told = [each for each in here.announced.states if each.customer_id == before][-1]
    assert told == shown
    assert told.version > 10**15


async def test_who_was_merged_into_them_goes_with_them_and_cannot_be_erased_alone(here: Installation) -> None:
    hers, hers_too = await here.hear(mail(CLAIRE)), await here.hear(messenger("9"))
    link = LinkIdentity(identity=Identity(kind="messenger", value="page/9"))
    await here.desk.link(hers, link, "command-1", AMELIE)
    with pytest.raises(CustomerMerged) as refused:
        await here.erasing.person(hers_too)
    assert refused.value.customer_id == hers
    order = await here.erase(hers)
    assert set(order.customer_ids) == {hers, hers_too}
    assert "page/9" not in await here.everything()


async def test_a_handle_that_is_anothers_now_stays_and_loses_why_it_was_theirs(here: Installation) -> None:
    hers, toms = await here.hear(mail(CLAIRE, name="Claire")), await here.hear(mail("tom@customer.test"))
    await here.hear(messenger("9"))
    for number, customer in enumerate((hers, toms)):
        link = LinkIdentity(identity=Identity(kind="messenger", value="page/9"))
        await here.desk.link(customer, link, f"command-{number}", AMELIE)
    await here.erase(hers)
    [state] = (await here.identities.by_keys(["messenger:page/9"])).values()
    assert state.customer_id == toms
    assert [link.because.evidence for link in state.links if link.customer_id == hers] == [()]


async def test_others_identities_keep_nothing_of_who_is_erased(here: Installation) -> None:
    """A family's mailbox that knew her name, a handle that a shop says is hers as well, one that came with hers."""
    hers = await here.hear(mail(CLAIRE, name="Claire Martin"))
    await here.hear(mail("tom@customer.test", name="Tom Berger"))
    await here.hear(chat("v-1", signed(f"email:{CLAIRE}"), name="Claire Martin"))
    family = mail("home@customer.test", name="Tom Berger")
    await here.hear(family)
    await here.hear(chat("v-1", signed(f"email:{CLAIRE}"), signed("email:home@customer.test"), name="Claire Martin"))
    await here.hearing.hear(
        [says("blog", "email:tom@customer.test", also=(f"email:{CLAIRE}",), update_id="u-1", city="Lyon")]
    )
    toms = await here.owner("email:tom@customer.test")
    await here.desk.link(toms, LinkIdentity(identity=Identity(kind="visitor", value="v-1")), "command-1", AMELIE)
    left = await here.everything()
    assert left.count("Claire Martin") > 2
    assert left.count(CLAIRE) > 4
    await here.erase(hers)
    left = await here.everything()
    assert [word for word in (CLAIRE, "Claire Martin") if word in left] == []
    assert "Tom Berger" in left
    assert "Lyon" in left
    assert await here.owner("visitor:v-1") == toms


async def test_a_handle_is_sought_everywhere_in_each_spelling_that_it_came_in(here: Installation) -> None:
    hers = await here.hear(mail("cla.ire+shop@gmail.com", name="Claire Martin"))
    await here.hear(mail("claire@gmail.com", minutes=1))
    person = await here.erasing.person(hers)
    assert (person.identities, person.as_written) == (("email:claire@gmail.com",), ("email:cla.ire+shop@gmail.com",))
    order = await here.erase(hers)
    assert set(order.person.handles) == {"email:claire@gmail.com", "email:cla.ire+shop@gmail.com"}
    assert b"cla.ire+shop@gmail.com" in needles(order)


async def test_no_way_back_leads_to_the_id_of_who_was_erased(here: Installation) -> None:
    """A handle that first came along with another, and is taken from it; one that is found to be shared."""
    before = await here.hear(mail(CLAIRE, name="Claire Martin"))
    await here.erase(before)
    again = await here.hear(chat("v-1", signed("shop-account:17"), name="Claire Martin"))
    await here.hear(chat("v-1", signed("shop-account:17"), signed(f"email:{CLAIRE}"), name="Claire Martin", minutes=1))
    assert await here.owner(f"email:{CLAIRE}") == again
    state = (await here.identities.by_keys([f"email:{CLAIRE}"]))[f"email:{CLAIRE}"]
    returned = await here.desk.undo(state.link.link_id, "command-undo", AMELIE)
    assert returned.customer_id not in (before, again)
    assert returned.erased_at is None


async def test_an_address_that_was_erased_as_shared_begins_anew_when_it_is_found_shared_again(
    here: Installation,
) -> None:
    phone = "phone:+33612345678"

    async def two_who_share_it(minutes: int) -> str:
        for number, name in enumerate(("Claire Martin", "Paul Petit")):
            account = signed(f"shop-account:{number}")
            await here.hear(chat(f"v-{number}", account, signed(phone), name=name, minutes=minutes + number))
        return await here.owner(phone)

    first = await two_who_share_it(0)
    await here.erase(first)
    second = await two_who_share_it(10)
    assert second != first


async def test_nobody_is_erased_who_is_not_there(here: Installation) -> None:
    with pytest.raises(CustomerNotFound):
        await here.erasing.erase("nobody", ERASE, AMELIE)


async def test_it_drains_before_it_goes_on_and_takes_what_came_meanwhile(here: Installation) -> None:
    before = await here.hear(mail(CLAIRE))
    order = await here.erase(before)
    await here.erasures.advance(order)
    for waits_for in ("recognising", "linking"):
        with pytest.raises(NotYet, match=waits_for):
            await here.steps.drain(await here.erasures.get("erasure-1") or order)
    # In hand when it began: it was recognised as theirs, and comes back once.
    await here.mongo.database(DATABASE)["identities"].insert_one(
        {"_id": "visitor:late", "customer_id": before, "customers": [before], "version": 1}
    )
    await here.steps.drain(await here.erasures.get("erasure-1") or order)
    assert "visitor:late" not in await here.everything()


def test_dead_letters_are_looked_through_for_every_handle_and_id() -> None:
    person = Person(identities=(f"email:{CLAIRE.upper()}", "phone:12"), conversations=("conversation-1",))
    order = Order("e", "c", ("c-1",), "topics", "request", {}, NOON, person)
    assert set(needles(order)) == {b"c-1", b"conversation-1", CLAIRE.encode(), b'"12"'}


def test_the_last_state_is_newer_than_any_other() -> None:
    assert state_of(Erased("c", NOON)).version == 2**53 - 1


async def test_after_a_restore_whoever_was_erased_since_is_erased_again(
    mongo: Mongo, mongod: Mongod, kafka_settings: KafkaSettings
) -> None:
    await ensure_topics(kafka_settings, [CUSTOMER_EVENTS])
    async with Producer(kafka_settings) as producer:
        told = KafkaAnnouncements(producer)
        alive = state_of(Erased("alive", NOON)).model_copy(update={"erased_at": None, "version": 1})
        await told.customers([alive, state_of(Erased("erased-since", NOON)), state_of(Erased("erased-before", NOON))])
    ledger, erasures = MongoErased(mongo), Erasures(mongo)
    await ledger.note(["erased-before"], [], "erasure-0", NOON)
    settings = Settings(
        kafka_bootstrap=kafka_settings.bootstrap,
        topic_prefix=kafka_settings.topic_prefix,
        mongo_uri=mongod.uri,
        mongo_prefix=mongo.prefix,
        http_port=0,
        internal_token=SecretStr("between-us"),
    )
    for _ in range(2):
        assert await erase_again.erase_again(settings) == ["erased-since"]
    [order] = await erasures.open("identities")
    assert (order.erasure_id, order.customer_ids) == ("again-erased-since", ("erased-since",))
