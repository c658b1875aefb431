"""Replies to somebody who is erased: that they were sent is kept, to whom and what is not, and none is sent again."""

from datetime import UTC, datetime, timedelta

import pytest
from email_scenes.replies import a_reply
from ingest_email.adapters.mongo_erasing import ErasedDeliveries
from ingest_email.adapters.mongo_ledger import MongoLedger
from omnifil_mongostore import Mongo
from omnifil_mongostore.erasures import Order, Person

pytestmark = pytest.mark.integration

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


async def test_what_was_sent_stays_sent_and_what_waits_is_not_sent(mongo: Mongo) -> None:
    ledger = MongoLedger(mongo)
    await ledger.prepare()
    sent, waiting, toms = a_reply(), a_reply(), a_reply("tom@mail.example", "<toms@mail.example>")
    await ledger.take([sent, waiting, toms], NOW)
    message_id = "<reply@shop.example>"
    await ledger.decide(
        sent.outbound_id, sent=True, reason="250 clara@mail.example", provider_message_id=message_id, at=NOW
    )
    person = Person(outbound=(sent.outbound_id, waiting.outbound_id))
    order = Order("erasure-1", "c1", ("c1",), "copies", "request", {}, NOW, person)
    erasing = ErasedDeliveries(mongo)
    assert (await erasing.erase(order))["mail_deliveries"] == 2
    assert (await erasing.erase(order))["mail_deliveries"] == 0
    lines = await mongo.database("email")["deliveries"].find({"_id": {"$ne": toms.outbound_id}}).to_list(None)
    assert "mail.example" not in str(lines)
    assert "Lyon" not in str(lines)
    found = await ledger.find([sent.outbound_id, waiting.outbound_id, toms.outbound_id])
    assert (found[sent.outbound_id].step, found[waiting.outbound_id].step) == ("sent", "failed")
    assert found[toms.outbound_id].command == toms
    claimed = await ledger.claim(NOW + timedelta(hours=1), timedelta(seconds=15), 10)
    assert [each.command.outbound_id for each in claimed] == [toms.outbound_id]
    await ledger.take([sent], NOW)  # redelivered: it is in it already
    assert (await ledger.find([sent.outbound_id]))[sent.outbound_id].step == "sent"
