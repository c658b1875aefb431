"""One suite for the transcript in memory and the one in MongoDB."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from ingest_chat.adapters.mongo_transcript import INDEXES, MongoTranscript, chat_database
from ingest_chat.domain.entry import ConversationKey, Debt, Draft, Standing
from ingest_chat.domain.message import inbound, written
from ingest_chat.domain.visitor import Visitor
from ingest_chat.ports import Transcript
from omnifil_contracts import ids
from omnifil_mongostore import Mongo, check_indexes

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
VISITOR = Visitor("shop", "v-1")
HERE = ConversationKey(VISITOR.conversation_id, "shop", "v-1")


def said(client_message_id: str, at: datetime = NOW, visitor: Visitor = VISITOR) -> Draft:
    record = inbound(written(client_message_id, "Hello", ()), visitor, "shop", at, "fr")
    return Draft("visitor", None, "Hello", (), at, client_message_id=client_message_id, inbound=record)


def answered(outbound_id: str, at: datetime = NOW) -> Draft:
    return Draft("agent", "Amélie", "Good morning", (), at, outbound_id=outbound_id, dossier_id="dossier-1")


class TranscriptContract:
    async def test_entries_have_a_gapless_seq_however_they_race(self, transcript: Transcript) -> None:
        drafts = [said(f"message-{n}") for n in range(12)] + [answered(f"outbound-{n}") for n in range(4)]
        await asyncio.gather(*(transcript.append(HERE, draft) for draft in drafts))
        assert [entry.seq for entry in await transcript.after(HERE.conversation_id, 0, 100)] == list(range(1, 17))

    async def test_the_same_client_message_id_is_the_same_entry(self, transcript: Transcript) -> None:
        answers = await asyncio.gather(*(transcript.append(HERE, said("message-1")) for _ in range(4)))
        assert sorted(is_new for _, is_new in answers) == [False, False, False, True]
        assert {entry.seq for entry, _ in answers} == {1}

    async def test_another_conversation_may_use_the_same_client_message_id(self, transcript: Transcript) -> None:
        other = Visitor("shop", "v-2")
        there = ConversationKey(other.conversation_id, "shop", "v-2")
        await transcript.append(HERE, said("message-1"))
        _, is_new = await transcript.append(there, said("message-1", visitor=other))
        assert is_new

    async def test_a_reply_is_there_once(self, transcript: Transcript) -> None:
        first, _ = await transcript.append(HERE, answered("outbound-1"))
        second, is_new = await transcript.append(HERE, answered("outbound-1", NOW + timedelta(hours=1)))
        assert (second, is_new) == (first, False)

    async def test_an_entry_comes_back_as_it_was_written(self, transcript: Transcript) -> None:
        written_, _ = await transcript.append(HERE, said("message-1", NOW.replace(microsecond=123456)))
        assert await transcript.after(HERE.conversation_id, 0, 10) == [written_]
        assert written_.inbound is not None
        assert (written_.state, written_.owes) == ("pending", frozenset({Debt.INBOUND}))

    async def test_the_time_never_goes_back_inside_a_conversation(self, transcript: Transcript) -> None:
        await transcript.append(HERE, said("message-1", NOW))
        entry, _ = await transcript.append(HERE, said("message-2", NOW - timedelta(seconds=5)))
        assert entry.at == NOW

    async def test_pages_of_what_is_new_and_of_what_was_earlier(self, transcript: Transcript) -> None:
        for n in range(7):
            await transcript.append(HERE, said(f"message-{n}"))
        here = HERE.conversation_id
        assert [entry.seq for entry in await transcript.after(here, 2, 3)] == [3, 4, 5]
        assert [entry.seq for entry in await transcript.newest(here, None, 3)] == [5, 6, 7]
        assert [entry.seq for entry in await transcript.newest(here, 5, 3)] == [2, 3, 4]
        assert await transcript.after(here, 7, 3) == []

    async def test_a_debt_is_owed_until_it_is_settled(self, transcript: Transcript) -> None:
        first, _ = await transcript.append(HERE, said("message-1"))
        await transcript.append(HERE, said("message-2"))
        await transcript.settle([(first, first.owes)])
        assert [entry.seq for entry in await transcript.owing(HERE.conversation_id)] == [2]
        settled = (await transcript.after(HERE.conversation_id, 0, 1))[0]
        assert (settled.state, settled.inbound) == ("accepted", None)

    async def test_conversations_in_debt_are_found_once_nobody_touches_them(self, transcript: Transcript) -> None:
        await transcript.append(HERE, said("message-1"))
        now = datetime.now(UTC)
        assert await transcript.conversations_owing(now - timedelta(minutes=1), 10) == []
        assert await transcript.conversations_owing(now + timedelta(minutes=1), 10) == [HERE.conversation_id]
        [entry] = await transcript.owing(HERE.conversation_id)
        await transcript.settle([(entry, entry.owes)])
        assert await transcript.conversations_owing(now + timedelta(minutes=1), 10) == []

    async def test_what_the_visitor_saw_is_owed_once(self, transcript: Transcript) -> None:
        here = HERE.conversation_id
        await transcript.append(HERE, answered("outbound-1"))
        await transcript.append(HERE, said("message-1"))
        await transcript.append(HERE, answered("outbound-2"))
        assert await transcript.seen(here, 1, NOW, read=False) == 1
        assert await transcript.seen(here, 3, NOW, read=True) == 3
        assert await transcript.seen(here, 3, NOW, read=True) == 0
        debts = {entry.seq: entry.owes for entry in await transcript.owing(here) if entry.author == "agent"}
        assert debts == {1: {Debt.DELIVERED, Debt.READ}, 3: {Debt.DELIVERED, Debt.READ}}
        assert (await transcript.standing(here)) == Standing(last_seq=3, agent_read_seq=0, unread=0)

    async def test_what_an_agent_read_is_kept(self, transcript: Transcript) -> None:
        here = HERE.conversation_id
        for n in range(3):
            await transcript.append(HERE, said(f"message-{n}"))
        await transcript.append(HERE, answered("outbound-1"))
        second = ids.message_id("chat", "shop", f"{here}/message-1")
        assert await transcript.read_by_agent(here, second) == 2
        assert (await transcript.standing(here)).agent_read_seq == 2
        assert await transcript.read_by_agent(here, None) == 3
        await transcript.read_by_agent(here, second)
        assert await transcript.standing(here) == Standing(last_seq=4, agent_read_seq=3, unread=1)

    async def test_a_mark_on_what_is_not_here_marks_nothing(self, transcript: Transcript) -> None:
        assert await transcript.read_by_agent("elsewhere", None) is None
        await transcript.append(HERE, said("message-1"))
        assert await transcript.read_by_agent(HERE.conversation_id, "a-mail") is None

    async def test_the_answer_time_is_the_middle_of_enough_answers(self, transcript: Transcript) -> None:
        for n, minutes in enumerate((1, 2, 3, 40)):
            await _asked_and_answered(transcript, n, minutes)
        assert await transcript.answer_time("shop", NOW - timedelta(days=7)) is None
        await _asked_and_answered(transcript, 9, 2)
        assert await transcript.answer_time("shop", NOW - timedelta(days=7)) == timedelta(minutes=2)
        assert await transcript.answer_time("another", NOW - timedelta(days=7)) is None
        assert await transcript.answer_time("shop", NOW + timedelta(days=7)) is None


async def _asked_and_answered(transcript: Transcript, n: int, minutes: int) -> None:
    visitor = Visitor("shop", f"v-{n}")
    there = ConversationKey(visitor.conversation_id, "shop", visitor.visitor_id)
    await transcript.append(there, said("message-1", NOW, visitor))
    await transcript.append(there, said("message-2", NOW + timedelta(seconds=30), visitor))
    await transcript.append(there, answered(f"first-{n}", NOW + timedelta(minutes=minutes)))
    await transcript.append(there, answered(f"then-{n}", NOW + timedelta(minutes=minutes + 90)))


class TestMemoryTranscript(TranscriptContract):
    @pytest.fixture
    def transcript(self, memory_transcript: Transcript) -> Transcript:
        return memory_transcript


@pytest.mark.integration
class TestMongoTranscript(TranscriptContract):
    @pytest_asyncio.fixture
    async def transcript(self, mongo: Mongo) -> MongoTranscript:
        transcript = MongoTranscript(mongo)
        await transcript.prepare()
        return transcript


@pytest.mark.integration
async def test_the_questions_asked_for_each_message_use_an_index(mongo: Mongo) -> None:
    transcript = MongoTranscript(mongo)
    await transcript.prepare()
    database = chat_database(mongo)
    await check_indexes(database, INDEXES)
    for n in range(300):
        entry, _ = await transcript.append(HERE, said(f"message-{n}"))
        if n < 299:
            await transcript.settle([(entry, entry.owes)])
    asked = {"conversation_id": HERE.conversation_id, "owes.0": {"$exists": True}}
    plan = await database.command(
        {"explain": {"find": "entries", "filter": asked, "sort": {"seq": 1}}, "verbosity": "executionStats"}
    )
    assert plan["executionStats"]["totalDocsExamined"] == 1
