"""The ports, held by their fakes and their MongoDB adapters alike."""

from datetime import timedelta
from typing import Any

import pytest
from case_service.adapters.in_memory import InMemoryDossiers, InMemoryTimeline
from case_service.adapters.mongo_dossiers import MongoDossiers
from case_service.adapters.mongo_timeline import MongoTimeline
from case_service.domain.casebook import Casebook
from case_service.domain.linking import link_message
from case_service.domain.lookups import Lookup
from case_service.domain.policy import Policy
from case_service.domain.tokens import Minting
from case_service.ports import Dossiers, InvalidPage, Question, Timeline
from omnifil_contracts.dossier import Status
from omnifil_contracts.identity import Actor
from omnifil_testkit.builders import NOON, an_identified_message, an_inbound_message

POLICY, MINTING = Policy(), Minting((b"key",))


def opening(*identified: Any) -> Casebook:
    """What linking these gives, when nothing is known yet."""
    casebook = Casebook()
    for number, each in enumerate(identified):
        casebook.record(link_message(casebook, each, NOON, POLICY, MINTING), NOON, number)
    return casebook


class TimelineContract:
    async def test_what_is_appended_is_found_and_loaded(self, timeline: Timeline) -> None:
        identified = an_identified_message()
        casebook = opening(identified)
        assert await timeline.append(casebook.groups()) == {}
        message = identified.message
        lookup = Lookup(
            customers=frozenset([identified.customer_id, "nobody"]),
            conversations=frozenset([message.conversation.conversation_id, "nowhere"]),
            known=frozenset([message.message_id, "unknown"]),
        )
        found = await timeline.look_up(lookup)
        (dossier_id,) = found.dossiers
        assert found.ordinals == {identified.customer_id: {1: dossier_id}}
        assert found.claims == {message.conversation.conversation_id: dossier_id}
        assert [spot.dossier_id for spot in found.spots[message.message_id]] == [dossier_id]
        assert await timeline.load([dossier_id, "unknown"]) == {dossier_id: casebook.get(dossier_id)}
        assert [entry.seq for entry in await timeline.history(dossier_id)] == [1, 2, 3]

    async def test_two_writers_of_one_seq_only_one_wins(self, timeline: Timeline) -> None:
        first = an_identified_message()
        await timeline.append(opening(first).groups())
        (dossier,) = (await timeline.load([_id(first)])).values()
        found = await timeline.look_up(_lookup(first))
        groups = []
        for _ in range(2):
            casebook = Casebook({dossier.id: dossier}, found)
            again = an_identified_message()
            casebook.record(link_message(casebook, again, NOON, POLICY, MINTING), NOON)
            groups.append(casebook.groups())
        assert await timeline.append(groups[0]) == {}
        lost = await timeline.append(groups[1])
        assert lost.keys() == {0}
        assert lost[0].effect_id is None

    async def test_two_openings_of_one_customer_only_one_wins(self, timeline: Timeline) -> None:
        assert await timeline.append(opening(an_identified_message()).groups()) == {}
        assert (await timeline.append(opening(an_identified_message()).groups())).keys() == {0}

    async def test_two_dossiers_claim_one_conversation_only_one_wins(self, timeline: Timeline) -> None:
        for customer, lost in (("customer-1", 0), ("customer-2", 1)):
            message = an_inbound_message(conversation_key="root")
            groups = opening(an_identified_message(message, customer_id=customer)).groups()
            assert len(await timeline.append(groups)) == lost

    async def test_an_effect_that_is_there_already_is_named(self, timeline: Timeline) -> None:
        message = an_inbound_message()
        await timeline.append(opening(an_identified_message(message)).groups())
        other = opening(an_identified_message(message, customer_id="customer-2")).groups()
        other[0].appends[0].claims.clear()
        lost = await timeline.append(other)
        assert lost[0].effect_id is not None
        assert message.message_id in lost[0].effect_id

    async def test_of_several_groups_only_the_loser_is_lost(self, timeline: Timeline) -> None:
        known = an_identified_message()
        await timeline.append(opening(known).groups())
        both = opening(an_identified_message(), an_identified_message(customer_id="customer-2")).groups()
        assert (await timeline.append(both)).keys() == {0}

    async def test_a_group_of_two_dossiers_is_written_whole_or_not_at_all(self, timeline: Timeline) -> None:
        await timeline.append(opening(an_identified_message()).groups())
        groups = opening(an_identified_message(), an_identified_message(customer_id="customer-2")).groups()
        groups[0].appends += groups.pop(1).appends
        free = next(each for each in groups[0].appends if each.opens == [("customer-2", 1)])
        assert (await timeline.append(groups)).keys() == {0}
        assert await timeline.load([free.dossier_id]) == {}
        groups[0].appends = [free]
        assert await timeline.append(groups) == {}

    async def test_pages_of_a_timeline(self, timeline: Timeline) -> None:
        batch = [an_identified_message() for _ in range(4)]
        casebook = opening(*batch)
        await timeline.append(casebook.groups())
        dossier_id = _id(batch[0])
        whole = [entry.seq for entry in await timeline.history(dossier_id)]
        assert whole == list(range(1, len(whole) + 1))

        async def seqs(**bounds: Any) -> list[int]:
            return [entry.seq for entry in await timeline.entries(dossier_id, **bounds)]

        assert await seqs(limit=3) == whole[-3:]
        assert await seqs(before_seq=4, limit=2) == [2, 3]
        assert await seqs(after_seq=2, limit=2) == [3, 4]
        assert await seqs(after_seq=1, before_seq=5, limit=0) == [2, 3, 4]

    async def test_a_command_is_answered_again(self, timeline: Timeline) -> None:
        casebook = opening(an_identified_message())
        (group,) = casebook.groups()
        (append,) = group.appends
        append.entries[0] = append.entries[0].model_copy(update={"effect_id": "cmd:command-1:0"})
        append.answer = {"command_id": "command-1", "dossier_id": append.dossier_id, "seq": 3}
        assert await timeline.answer_to("command-1") is None
        await timeline.append([group])
        answer = await timeline.answer_to("command-1")
        assert answer is not None
        assert (answer.dossier_id, answer.seq) == (append.dossier_id, 3)

    async def test_a_timeline_too_large_for_one_document_is_whole_all_the_same(self, timeline: Timeline) -> None:
        batch = [an_identified_message(an_inbound_message(html="x" * 900_000)) for _ in range(20)]
        casebook = opening(*batch)
        assert await timeline.append(casebook.groups()) == {}
        loaded = await timeline.load([_id(batch[0])])
        assert loaded == {_id(batch[0]): casebook.get(_id(batch[0]))}
        assert (await timeline.append(opening(*batch).groups())).keys() == {0}

    async def test_only_the_newest_dossiers_of_a_customer_are_looked_at(self, timeline: Timeline) -> None:
        batch = [an_identified_message(assured=False) for _ in range(5)]
        await timeline.append(opening(*batch).groups())
        found = await timeline.look_up(_lookup(batch[0]), newest=2)
        assert sorted(found.ordinals[batch[0].customer_id]) == [4, 5]


class TestInMemoryTimeline(TimelineContract):
    @pytest.fixture
    def timeline(self) -> InMemoryTimeline:
        return InMemoryTimeline()


@pytest.mark.integration
class TestMongoTimeline(TimelineContract):
    @pytest.fixture
    def timeline(self, mongo_timeline: MongoTimeline) -> MongoTimeline:
        return mongo_timeline


class DossiersContract:
    async def test_a_newer_document_is_never_overwritten_by_an_older(self, dossiers: Dossiers) -> None:
        old = _dossier(an_identified_message())
        new = _dossier(an_identified_message(), an_identified_message())
        assert old.id == new.id
        await dossiers.store([new])
        await dossiers.store([old])
        assert (await dossiers.load([new.id]))[new.id] == new

    async def test_a_document_of_the_same_seq_that_differs_is_found_and_corrected(self, dossiers: Dossiers) -> None:
        right = _dossier(an_identified_message())
        wrong = type(right)(right.view.model_copy(update={"subject": "wrong"}), right.memory)
        await dossiers.store([wrong])
        assert await dossiers.unequal([right]) == {right.id}
        await dossiers.correct(right)
        assert await dossiers.unequal([right]) == frozenset()

    async def test_who_waits_longest_is_known_by_channel(self, dossiers: Dossiers) -> None:
        assert await dossiers.longest_waits() == {}
        first = _dossier(an_identified_message(customer_id="clara"))
        later = _dossier(an_identified_message(customer_id="tom"), an_identified_message(customer_id="tom"))
        chat = _dossier(an_identified_message(an_inbound_message(channel="chat", subject=None), customer_id="ida"))
        await dossiers.store([later, chat, first])
        since = [each.view.unanswered_since for each in (first, later, chat)]
        waits = await dossiers.longest_waits()
        assert waits.keys() == {"email", "chat"}
        assert abs(waits["email"] - min(each for each in since[:2] if each)) < timedelta(milliseconds=1)
        answered = [
            type(each)(each.view.model_copy(update={"unanswered_since": None, "seq": 99}), each.memory)
            for each in (first, later)
        ]
        await dossiers.store(answered)
        assert (await dossiers.longest_waits()).keys() == {"chat"}

    async def test_an_inbox_is_filtered(self, dossiers: Dossiers) -> None:
        clara = _dossier(an_identified_message(customer_id="clara", customer_name="Clara Martin"))
        chat = an_inbound_message(channel="chat", subject=None, text="Où est ma commande ?")
        tom = _dossier(an_identified_message(chat, customer_id="tom", customer_name="Tom Élan"))
        agent = Actor(kind="agent", id="amelie")
        tom = type(tom)(tom.view.model_copy(update={"assigned_to": agent, "status": Status.WAITING}), tom.memory)
        await dossiers.store([clara, tom])

        async def found(**question: Any) -> set[str]:
            return {view.dossier_id for view in (await dossiers.find(Question(**question))).dossiers}

        assert await found() == {clara.id, tom.id}
        assert await found(statuses=frozenset([Status.WAITING, Status.CLOSED])) == {tom.id}
        assert await found(assigned_to="amelie") == {tom.id}
        assert await found(assigned_to="none") == {clara.id}
        assert await found(channel="chat") == {tom.id}
        assert await found(customer_id="clara") == {clara.id}
        assert await found(words=("elan", "ou")) == {tom.id}
        assert await found(words=("mart",)) == {clara.id}
        assert await found(words=(clara.view.number.casefold().replace("-", "")[:6],)) == {clara.id}
        assert await found(words=("mart", "elan")) == set()

    async def test_pages_are_stable_newest_first(self, dossiers: Dossiers) -> None:
        made = []
        for number in range(7):
            at = NOON + timedelta(minutes=number // 2)
            message = an_inbound_message(received_at=at)
            made.append(_dossier(an_identified_message(message, customer_id=f"customer-{number}")))
        await dossiers.store(made)
        seen: list[str] = []
        after = None
        while True:
            page = await dossiers.find(Question(limit=3, after=after))
            seen += [view.dossier_id for view in page.dossiers]
            after = page.next_page
            if after is None:
                break
        in_order = sorted(made, key=lambda each: (each.view.last_entry_at, each.id), reverse=True)
        assert seen == [each.id for each in in_order]
        with pytest.raises(InvalidPage):
            await dossiers.find(Question(after="nonsense"))


class TestInMemoryDossiers(DossiersContract):
    @pytest.fixture
    def dossiers(self) -> InMemoryDossiers:
        return InMemoryDossiers()


@pytest.mark.integration
class TestMongoDossiers(DossiersContract):
    @pytest.fixture
    def dossiers(self, mongo_dossiers: MongoDossiers) -> MongoDossiers:
        return mongo_dossiers


def _id(identified: Any) -> str:
    from omnifil_contracts import ids

    return ids.dossier_id(identified.customer_id, 1)


def _lookup(identified: Any) -> Lookup:
    return Lookup(customers=frozenset([identified.customer_id]))


def _dossier(*identified: Any) -> Any:
    return opening(*identified).get(_id(identified[0]))
