"""What the use cases rely on, proven of the fake and of MongoDB alike."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from customer_profile.adapters.in_memory import InMemoryIdentities
from customer_profile.adapters.mongo_identities import COLLECTION, DATABASE, INDEXES, MongoIdentities
from customer_profile.domain.identities import Company, KnownIdentity, Link, link_id
from customer_profile.domain.linking import AgentCommand
from customer_profile.domain.linking import link as agent_link
from customer_profile.domain.merging import merge, merge_id
from customer_profile.ports import Change, ChangedElsewhere, CommandReused, Identities, Sighting
from omnifil_contracts import ids
from omnifil_contracts.identity import SYSTEM, Actor, Assurance, Because, Evidence, Identity
from omnifil_mongostore import Mongo, check_indexes, ensure_indexes
from omnifil_testkit.builders import NOON
from profile_scenes.people import AMELIE


def known(
    key: str, customer_id: str = "c1", name: str | None = "Claire Martin", seen_at: datetime = NOON
) -> KnownIdentity:
    kind, _, value = key.partition(":")
    link = Link(
        link_id=link_id(key, "message-1"),
        customer_id=customer_id,
        assurance=Assurance.CHANNEL,
        at=NOON,
        because=Because(rule="new-customer", evidence=(Evidence(code="platform-account", values={"a": "b"}),)),
        actor=SYSTEM,
        caused_by="message-1",
    )
    return KnownIdentity(
        identity=Identity(kind=kind, value=value),
        version=1,
        assurance=Assurance.CHANNEL,
        links=(link,),
        channel="social",
        seen_at=seen_at,
        display_name=name,
        named_at=NOON if name else None,
        languages=("fr", "en"),
    )


def alone(key: str, name: str | None = "Claire Martin") -> KnownIdentity:
    """One that began its customer."""
    return known(key, ids.customer_id(key), name)


def moved(state: KnownIdentity, to: str, command_id: str = "command-1") -> Change:
    command = AgentCommand(command_id, Actor(kind="agent", id="amelie", name="Amélie"), NOON)
    return Change(state, agent_link(state, to, None, command))


class IdentitiesContract:
    async def test_what_was_written_is_read_as_it_was(self, identities: Identities) -> None:
        state = known("messenger:page/1")
        change = moved(state, "c2")
        await identities.write([state, known("email:x@y.test", name=None)], [])
        await identities.write([], [change])
        assert (await identities.by_keys([state.key, "email:nobody@y.test"])) == {state.key: change.after}
        assert await identities.by_link(change.after.link.link_id) == change.after
        assert await identities.by_link(state.link.link_id) == change.after
        assert await identities.by_link("none") is None
        assert await identities.by_keys([]) == {}

    async def test_everything_that_is_kept_of_a_handle_is_read_as_it_was(self, identities: Identities) -> None:
        state = known("email:x@gmail.com").written("X@googlemail.com")
        state = state.assured(Assurance.VERIFIED, NOON, (Evidence(code="dmarc-pass", values={"domain": "gmail.com"}),))
        state = state.came_with(Company("Claire Martin", "c1", NOON, "shop-account:1")).came_with(
            Company(None, "c2", NOON)
        )
        shared = replace(state.link, link_id="shared-link", shared=True, rests_on="visitor:1", merge_id="merge-1")
        state = state.linked(shared)
        await identities.write([state], [])
        assert (await identities.by_keys([state.key]))[state.key] == state
        assert state.shared

    async def test_what_a_command_and_a_merge_did_is_found(self, identities: Identities) -> None:
        one, other = known("messenger:page/1", "c2"), known("messenger:page/2", "c2")
        await identities.write([one, other, known("email:x@y.test", "c1")], [])
        owner = (await identities.by_keys(["email:x@y.test"]))["email:x@y.test"]
        command = AgentCommand("command-merge", Actor(kind="agent", id="amelie"), NOON)
        states = {state.key: state for state in (one, other, owner)}
        after = merge("c1", "c2", list(states.values()), None, command)
        await identities.write([], [Change(states[state.key], state) for state in after])
        merged = {state.key: state for state in after if state.key != owner.key}
        assert {state.key: state for state in await identities.by_merge(merge_id("command-merge"))} == merged
        assert await identities.by_merge("another") == []
        first = await identities.by_command("command-merge")
        assert first is not None
        assert first.made_by("command-merge") is not None
        assert await identities.by_command("another") is None

    async def test_of_two_merges_in_opposite_directions_the_second_writes_nothing(self, identities: Identities) -> None:
        one, other = known("messenger:page/1", "c1"), known("messenger:page/2", "c2")
        await identities.write([one, other], [])
        states = {state.key: state for state in (one, other)}
        there, back = (
            merge(*pair, list(states.values()), None, AgentCommand(f"command-{pair[0]}", AMELIE, NOON))
            for pair in (("c1", "c2"), ("c2", "c1"))
        )
        await identities.write([], [Change(states[state.key], state) for state in there])
        with pytest.raises(ChangedElsewhere):
            await identities.write([], [Change(states[state.key], state) for state in back])
        assert {each.customer_id for each in (await identities.by_keys(states.keys())).values()} == {"c1"}

    async def test_everybody_whose_it_was_is_found(self, identities: Identities) -> None:
        state, other = known("messenger:page/1"), known("email:x@y.test", "c2")
        await identities.write([state, other], [])
        await identities.write([], [change := moved(state, "c2")])
        found = await identities.of_customers(["c1", "c2", "c3"])
        assert found["c1"] == [change.after]
        assert sorted(found["c2"], key=lambda each: each.key) == [other, change.after]
        assert "c3" not in found

    async def test_what_names_a_customer_is_told_without_the_history(self, identities: Identities) -> None:
        state, other = known("messenger:page/1"), known("email:x@y.test", "c2", name="Clara")
        await identities.write([state, other], [])
        await identities.write([], [moved(state, "c2")])
        found = await identities.naming(["c1", "c2", "c3"])
        assert {each: sorted(named.key for named in found[each]) for each in found} == {
            "c1": ["messenger:page/1"],
            "c2": ["email:x@y.test", "messenger:page/1"],
        }
        assert {(named.display_name, named.named_at, named.assurance, named.customer_id) for named in found["c2"]} == {
            ("Clara", NOON, Assurance.CHANNEL, "c2"),
            ("Claire Martin", NOON, Assurance.VERIFIED, "c2"),
        }
        assert await identities.naming([]) == {}

    async def test_of_those_who_stand_alone_each_is_written_once_whoever_comes_second(
        self, identities: Identities
    ) -> None:
        first, second = alone("email:x@y.test"), alone("email:z@y.test")
        await identities.write([first], [])
        with pytest.raises(ChangedElsewhere):
            await identities.write([second, alone("email:x@y.test", name="Another")], [])
        stale = replace(first, version=7)
        with pytest.raises(ChangedElsewhere):
            await identities.write([], [Change(stale, stale.speaking("it")), Change(stale, stale.speaking("de"))])
        assert (await identities.by_keys([first.key])) == {first.key: first}

    async def test_who_inserts_second_writes_nothing_at_all(self, identities: Identities) -> None:
        await identities.write([known("email:x@y.test", "c1")], [])
        with pytest.raises(ChangedElsewhere):
            await identities.write([known("visitor:1", "c2"), known("email:x@y.test", "c2")], [])
        assert await identities.by_keys(["visitor:1"]) == {}

    async def test_who_read_an_older_version_writes_nothing_at_all(self, identities: Identities) -> None:
        state = known("messenger:page/1")
        await identities.write([state], [])
        await identities.write([], [moved(state, "c2")])
        with pytest.raises(ChangedElsewhere):
            await identities.write([known("visitor:1")], [moved(state, "c3", "command-2")])
        assert (await identities.by_keys([state.key]))[state.key].customer_id == "c2"
        assert await identities.by_keys(["visitor:1"]) == {}

    async def test_of_many_at_once_exactly_one_wins(self, identities: Identities) -> None:
        answers = await asyncio.gather(
            *(identities.write([known("email:x@y.test", f"c{n}"), known(f"visitor:{n}")], []) for n in range(8)),
            return_exceptions=True,
        )
        assert [type(each) for each in answers if each is not None] == [ChangedElsewhere] * 7
        winner = answers.index(None)
        found = await identities.by_keys(["email:x@y.test", *(f"visitor:{n}" for n in range(8))])
        assert set(found) == {"email:x@y.test", f"visitor:{winner}"}

    async def test_a_command_takes_effect_on_one_identity(self, identities: Identities) -> None:
        one, other = known("messenger:page/1"), known("messenger:page/2")
        await identities.write([one, other], [])
        await identities.write([], [moved(one, "c2")])
        with pytest.raises(CommandReused):
            await identities.write([], [moved(other, "c2")])

    async def test_namesakes_are_those_seen_last_and_not_more_than_asked_for(self, identities: Identities) -> None:
        await identities.write(
            [known(f"messenger:page/{n}", seen_at=NOON + timedelta(minutes=n)) for n in range(9)]
            + [known("email:other@y.test", name="Paul Petit"), known("visitor:1", name="Claire")],
            [],
        )
        found = await identities.by_names(["claire martin", "nobody here"], NOON + timedelta(minutes=2), 3)
        assert [state.key for state in found["claire martin"]] == [f"messenger:page/{n}" for n in (8, 7, 6)]
        assert set(found) == {"claire martin"}
        assert len((await identities.by_names(["claire martin"], NOON + timedelta(minutes=8), 3))["claire martin"]) == 1

    async def test_a_name_that_is_none_any_more_is_not_found(self, identities: Identities) -> None:
        state = known("messenger:page/1")
        await identities.write([state], [])
        await identities.write([], [Change(state, state.named("Clairette", NOON + timedelta(minutes=1)))])
        assert await identities.by_names(["claire martin"], NOON, 3) == {}

    async def test_a_sighting_moves_forward_only_and_leaves_the_version(self, identities: Identities) -> None:
        state = known("messenger:page/1")
        await identities.write([state], [])
        await identities.sight([Sighting(state.key, "chat", NOON + timedelta(hours=1))])
        await identities.sight([Sighting(state.key, "sms", NOON)])
        seen = (await identities.by_keys([state.key]))[state.key]
        assert (seen.seen_at, seen.channel, seen.version) == (NOON + timedelta(hours=1), "chat", 1)
        await identities.write([], [moved(state, "c2")])
        assert (await identities.by_keys([state.key]))[state.key].seen_at == NOON + timedelta(hours=1)

    async def test_pages_hold_everything_once(self, identities: Identities) -> None:
        await identities.write([known(f"visitor:{n}") for n in range(7)], [])
        pages = [[state.key for state in page] async for page in identities.pages(3)]
        assert sorted(key for page in pages for key in page) == [f"visitor:{n}" for n in range(7)]
        assert max(map(len, pages)) == 3


class TestInMemoryIdentities(IdentitiesContract):
    @pytest.fixture
    def identities(self) -> Identities:
        return InMemoryIdentities()


@pytest.mark.integration
class TestMongoIdentities(IdentitiesContract):
    @pytest.fixture
    async def identities(self, mongo: Mongo) -> Identities:
        await ensure_indexes(mongo.database(DATABASE), INDEXES)
        return MongoIdentities(mongo)


@pytest.mark.integration
class TestCost:
    """The cost of a batch does not grow with the number of customers."""

    @pytest.fixture
    async def crowd(self, mongo: Mongo) -> MongoIdentities:
        """Two thousand customers, three hundred of one name."""
        await ensure_indexes(mongo.database(DATABASE), INDEXES)
        identities = MongoIdentities(mongo)
        states = [
            known(
                f"email:{n}@y.test",
                f"c{n}",
                name="Claire Martin" if n < 300 else f"Person {n}",
                seen_at=NOON + timedelta(minutes=n),
            )
            for n in range(2000)
        ]
        await identities.write(states, [])
        await check_indexes(mongo.database(DATABASE), INDEXES)
        return identities

    @pytest.mark.parametrize(
        ("wanted", "examined"),
        [
            ({"_id": {"$in": ["email:1@y.test", "email:2@y.test", "email:nobody@y.test"]}}, 2),
            ({"customers": {"$in": ["c1", "c2", "c3"]}}, 3),
            ({"commands": "command-7"}, 0),
            ({"merges": "merge-7"}, 0),
            ({"history.link_id": link_id("email:7@y.test", "message-1")}, 1),
        ],
    )
    async def test_a_lookup_reads_what_it_returns(
        self, mongo: Mongo, crowd: MongoIdentities, wanted: dict[str, Any], examined: int
    ) -> None:
        found = {"find": COLLECTION, "filter": wanted}
        plan = await mongo.database(DATABASE).command({"explain": found, "verbosity": "executionStats"})
        assert "COLLSCAN" not in str(plan)
        assert plan["executionStats"]["totalDocsExamined"] == examined

    async def test_a_common_name_costs_no_more_than_a_rare_one(self, mongo: Mongo, crowd: MongoIdentities) -> None:
        database = mongo.database(DATABASE)
        pipeline = crowd.namesakes(["claire martin", "person 700"], NOON, 8)
        explain = {"explain": {"aggregate": 1, "pipeline": pipeline, "cursor": {}}, "verbosity": "executionStats"}
        plan = await database.command(explain)
        (lookup,) = [stage for stage in plan["stages"] if "$lookup" in stage]
        assert lookup["collectionScans"] == 0
        assert lookup["totalDocsExamined"] == 8 + 1
