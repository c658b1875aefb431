"""No query on the way of a message reads a whole collection, also when the collection is not small."""

from typing import Any

import pytest
from case_service.adapters.documents import DATABASE, TIMELINE
from case_service.adapters.mongo_timeline import MongoTimeline
from case_service.domain.casebook import Lookup
from case_service.domain.policy import Policy
from case_service.domain.tokens import Minting
from case_service.handlers import Messages
from omnifil_mongostore import Mongo
from omnifil_testkit.builders import NOON, an_identified_message

pytestmark = pytest.mark.integration

DOSSIERS = 300


async def test_everything_that_is_asked_of_a_timeline_has_an_index(mongo: Mongo, mongo_timeline: MongoTimeline) -> None:
    batch = [an_identified_message(customer_id=f"customer-{number}") for number in range(DOSSIERS)]
    messages = Messages(mongo_timeline, Policy(), Minting((b"key",)), lambda: NOON)
    await messages.link(batch)
    database = mongo.database(DATABASE)
    await database.command({"profile": 2})
    try:
        asked = MongoTimeline(mongo)
        one = batch[0]
        found = await asked.look_up(
            Lookup(
                customers=frozenset([one.customer_id]),
                conversations=frozenset([one.message.conversation.conversation_id]),
                known=frozenset([one.message.message_id]),
            )
        )
        (dossier_id,) = found.dossiers
        assert (await asked.load([dossier_id])).keys() == {dossier_id}
        assert len(await asked.history(dossier_id)) == 3
        assert len(await asked.entries(dossier_id, before_seq=3, limit=1)) == 1
        assert await asked.answer_to("nobody-asked") is None
    finally:
        await database.command({"profile": 0})
    wanted = {"ns": f"{database.name}.{TIMELINE}", "op": "query"}
    queries: list[dict[str, Any]] = await database["system.profile"].find(wanted).to_list(None)
    assert len(queries) >= 6
    for query in queries:
        assert "COLLSCAN" not in query["planSummary"], query["command"]
        assert query["docsExamined"] < 5, query["command"]
