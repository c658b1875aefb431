"""The transcript of somebody who is erased: gone, and a browser that is still open counts on."""

from datetime import UTC, datetime

import pytest
from ingest_chat.adapters.mongo_erasing import ErasedTranscripts
from ingest_chat.adapters.mongo_transcript import MongoTranscript, chat_database
from ingest_chat.domain.entry import ConversationKey, Draft
from ingest_chat.domain.message import inbound, written
from ingest_chat.domain.visitor import Visitor
from omnifil_mongostore import Mongo
from omnifil_mongostore.erasures import Order, Person

pytestmark = pytest.mark.integration

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def key(visitor: Visitor) -> ConversationKey:
    return ConversationKey(visitor.conversation_id, visitor.account, visitor.visitor_id)


def said(visitor: Visitor, number: int) -> Draft:
    message = f"message-{visitor.visitor_id}-{number}"
    record = inbound(written(message, "It is me, Claire", ()), visitor, "shop", NOW, "fr")
    return Draft("visitor", "Claire", "It is me, Claire", (), NOW, client_message_id=message, inbound=record)


def answered(number: int) -> Draft:
    return Draft("agent", "Amélie", "Dear Claire", (), NOW, outbound_id=f"outbound-{number}", dossier_id="d")


@pytest.mark.parametrize("known_by", ["conversation", "handle"])
async def test_nothing_of_it_is_left_but_its_place(mongo: Mongo, known_by: str) -> None:
    transcript = MongoTranscript(mongo)
    await transcript.prepare()
    hers, his = Visitor("shop", "visitor-hers"), Visitor("shop", "visitor-his")
    for number in range(3):
        await transcript.append(key(hers), said(hers, number))
        await transcript.append(key(his), said(his, number))
    await transcript.append(key(hers), answered(1))
    person = {
        "conversation": Person(conversations=(hers.conversation_id,)),
        "handle": Person(identities=("visitor:visitor-hers",)),
    }[known_by]
    order = Order("erasure-1", "c1", ("c1",), "copies", "request", {}, NOW, person)
    erasing = ErasedTranscripts(mongo, ["shop", "other"])
    assert (await erasing.erase(order))["chat_entries"] == 3
    assert (await erasing.erase(order))["chat_entries"] == 0
    left = await chat_database(mongo)["entries"].find({"conversation_id": hers.conversation_id}).to_list(None)
    assert [word for word in ("Claire", "visitor-hers") if word in str(left)] == []
    assert await transcript.newest(hers.conversation_id, None, 10) == []
    assert await transcript.owing(hers.conversation_id) == []
    assert (await transcript.standing(hers.conversation_id)).unread == 0
    assert len(await transcript.newest(his.conversation_id, None, 10)) == 3
    entry, is_new = await transcript.append(key(hers), said(hers, 9))
    assert (entry.seq, is_new) == (5, True)
