"""Replies to somebody who is erased, on a network: which pieces were sent is kept, whose they were is not."""

from datetime import UTC, datetime
from typing import Any

import pytest
from ingest_social.adapters.mongo_erasing import ErasedReplies
from ingest_social.adapters.mongo_ledger import MongoLedger
from ingest_social.ports import SentPiece
from omnifil_mongostore import Mongo
from omnifil_mongostore.erasures import Order, Person

pytestmark = pytest.mark.integration

NOW = datetime(2026, 3, 2, 10, 5, tzinfo=UTC)


async def test_no_piece_is_sent_again_and_nothing_says_to_whom_it_went(mongo: Mongo, command: Any, writer: Any) -> None:
    ledger = MongoLedger(mongo)
    await ledger.prepare()
    reply = command()
    await ledger.open(reply)
    await ledger.sent(writer.page, "2000", SentPiece("m_hers", reply.outbound_id, 0), NOW)
    await ledger.sent(writer.page, "3000", SentPiece("m_his", "out-of-another", 0), NOW)
    for psid in ("2000", "3000"):
        await ledger.read(writer.page, psid, NOW)
    person = Person(identities=(f"messenger:{writer.page.page_id}:2000",), outbound=(reply.outbound_id,))
    order = Order("erasure-1", "c1", ("c1",), "copies", "request", {}, NOW, person)
    for _ in range(2):
        await ErasedReplies(mongo).erase(order)
    database = mongo.database("social")
    left = [each for name in ("deliveries", "pieces", "reads") for each in await database[name].find({}).to_list(None)]
    assert [value for value in ("2000", "m_hers") if value in str(left)] == []
    assert "3000" in str(left)
    again = await ledger.open(reply)
    assert (sorted(again.mids), again.failed) == ([0], None)
