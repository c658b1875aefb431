"""MongoDB keeps what the contract says."""

import pytest
import pytest_asyncio
from ingest_chat.adapters.mongo_transcript import INDEXES, MongoTranscript, chat_database
from omnifil_mongostore import Mongo, check_indexes

from ..transcript_contract import HERE, TranscriptContract, said

pytestmark = pytest.mark.integration


class TestMongoTranscript(TranscriptContract):
    @pytest_asyncio.fixture
    async def transcript(self, mongo: Mongo) -> MongoTranscript:
        transcript = MongoTranscript(mongo)
        await transcript.prepare()
        return transcript


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
