"""A visitor and an agent talk through real Kafka and MongoDB, and nothing that can go wrong loses or doubles a word."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from omnifil_contracts import ids
from omnifil_contracts.delivery import DeliveryReported, PresenceChanged, SendMessage
from omnifil_contracts.dossier import ReplyTarget
from omnifil_contracts.identity import Actor, Identity
from omnifil_contracts.message import Conversation, InboundMessage
from omnifil_messaging import KafkaSettings, Outgoing, Producer
from omnifil_servicekit.errors import Transient

pytestmark = pytest.mark.integration

AGENT = Actor(kind="agent", id="amelie", name="Amélie Roux")


async def reply(kafka: KafkaSettings, visitor: Any, text: str, *, reply_id: str = "reply-1", times: int = 1) -> None:
    """An agent answers, as the relay says it."""
    key = ids.conversation_id("chat", "shop", "x")
    conversation = Conversation(conversation_id=visitor.conversation_id, channel="chat", account="shop", key=key)
    outbound_id = ids.outbound_id(reply_id, visitor.conversation_id)
    record = SendMessage(
        outbound_id=outbound_id,
        reply_id=reply_id,
        dossier_id="dossier-1",
        target=ReplyTarget(
            outbound_id=outbound_id,
            conversation=conversation,
            recipient=Identity(kind="visitor", value="v"),
            reference="r",
        ),
        text=text,
        agent=AGENT,
        requested_at=datetime.now(UTC),
    )
    async with Producer(kafka) as producer:
        for _ in range(times):
            await producer.publish(
                Outgoing(
                    "outbound.chat.v1",
                    visitor.conversation_id,
                    record,
                    ids.event_id("send", outbound_id),
                    "/omnifil/case-service",
                    outbound_id,
                    datetime.now(UTC),
                )
            )


async def presence(kafka: KafkaSettings, visitor: Any, activity: Any, message_id: str | None = None) -> None:
    now = datetime.now(UTC)
    record = PresenceChanged(
        conversation_id=visitor.conversation_id,
        actor=AGENT,
        activity=activity,
        read_message_id=message_id,
        at=now,
        expires_at=now + timedelta(seconds=10),
    )
    async with Producer(kafka) as producer:
        await producer.publish(
            Outgoing("presence.events.v1", visitor.conversation_id, record, f"p-{now}", "/omnifil/gateway", None, now)
        )


class FlakyRecords:
    """Kafka as it is when it is away, and when a crash comes right after it."""

    def __init__(self) -> None:
        self.published: list[InboundMessage] = []
        self.reports: list[DeliveryReported] = []
        self.failing = True

    async def publish(self, messages: Any, reports: Any) -> None:
        if self.failing:
            raise Transient("away")
        self.published += messages
        self.reports += reports

    async def publish_presence(self, presence: PresenceChanged) -> None: ...


async def test_a_message_is_a_record_before_it_is_accepted(replica: Any, records_of: Any, eventually: Any) -> None:
    visitor = await replica.visitor().connect(language="fr")
    sent = await visitor.send("Bonjour, où est ma commande 4711 ?")
    accepted = (await eventually(lambda: visitor.all("accepted") or False))[0]
    records = await records_of("inbound.chat.v1")
    assert accepted["client_message_id"] == sent
    assert (accepted["entry"]["seq"], accepted["entry"]["state"]) == (1, "accepted")
    assert [record["text"] for record in records] == ["Bonjour, où est ma commande 4711 ?"]
    message = InboundMessage.model_validate(records[0])
    assert message.conversation.conversation_id == visitor.conversation_id
    assert message.provider_message_id == f"{visitor.conversation_id}/{sent}"
    assert message.language == "fr"
    assert records[0]["key"] == message.sender.primary.identity.key
    assert message.sender.primary.assurance == "channel"
    assert message.sender.others == ()
    await visitor.disconnect()


async def test_the_same_message_again_has_one_effect(replica: Any, records_of: Any, eventually: Any) -> None:
    visitor = await replica.visitor().connect()
    for _ in range(3):
        await visitor.send("Once", "same-message-id")
    await eventually(lambda: len(visitor.all("accepted")) == 3)
    assert {frame["entry"]["seq"] for frame in visitor.all("accepted")} == {1}
    assert [record["text"] for record in await records_of("inbound.chat.v1")] == ["Once"]
    await visitor.disconnect()


async def test_many_messages_keep_their_order(replica: Any, records_of: Any, eventually: Any) -> None:
    visitor = await replica.visitor().connect()
    for number in range(20):
        await visitor.send(f"{number}")
    await eventually(lambda: len(visitor.all("accepted")) == 20)
    records = await records_of("inbound.chat.v1")
    assert [record["text"] for record in records] == [f"{number}" for number in range(20)]
    assert sorted(visitor.entries) == list(range(1, 21))
    await visitor.disconnect()


async def test_a_lost_accepted_is_told_again_after_reconnecting(replica: Any, records_of: Any, eventually: Any) -> None:
    visitor = await replica.visitor().connect()
    await visitor.send("Did it arrive?", "message-one")
    await visitor._socket.close()  # the answer finds nobody
    await eventually(lambda: visitor.closed is not None)
    await visitor.connect(after=0)
    await visitor.send("Did it arrive?", "message-one")
    await eventually(lambda: visitor.all("accepted") or False)
    await eventually(lambda: visitor.entries.get(1, {}).get("state") == "accepted")
    assert list(visitor.entries) == [1]
    messages = [record["message_id"] for record in await records_of("inbound.chat.v1")]
    assert len(set(messages)) == 1
    await visitor.disconnect()


async def test_nothing_is_accepted_while_kafka_is_away_and_nothing_is_lost(
    settings: Any, run: Any, eventually: Any
) -> None:
    records = FlakyRecords()
    async with run(settings, "serve", records=records) as replica:
        visitor = await replica.visitor().connect()
        await visitor.send("Hello?", "message-one")
        await visitor.send("Anybody?", "message-two")
        await eventually(lambda: len(visitor.all("error")) == 2)
        assert {(frame["code"], frame["retry"]) for frame in visitor.all("error")} == {("unavailable", True)}
        assert not visitor.all("accepted")
        await eventually(lambda: [entry["state"] for entry in visitor.entries.values()] == ["pending", "pending"])
        records.failing = False
        await visitor.send("Anybody?", "message-two")
        await eventually(lambda: visitor.all("accepted") or False)
        assert [message.text for message in records.published] == ["Hello?", "Anybody?"]
        await eventually(lambda: [entry["state"] for entry in visitor.entries.values()] == ["accepted", "accepted"])
        await visitor.disconnect()


async def test_what_a_crash_left_between_store_and_publish_is_published_by_the_next_start(
    settings: Any, run: Any, eventually: Any, records_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with run(settings, "serve", records=FlakyRecords()) as crashing:
        visitor = await crashing.visitor().connect()
        await visitor.send("Half way", "message-one")
        await eventually(lambda: visitor.all("error") or False)
        await visitor.disconnect()
    monkeypatch.setattr("ingest_chat.entrypoints.replies._UNTOUCHED_FOR", timedelta(0))
    async with run(settings, "serve") as next_start:

        async def is_published() -> None:
            assert [record["text"] for record in await records_of("inbound.chat.v1")] == ["Half way"]

        await eventually(is_published)
        visitor.base = next_start.base
        await visitor.connect(after=0)
        await eventually(lambda: visitor.entries.get(1, {}).get("state") == "accepted")
        await visitor.disconnect()


async def test_a_reply_while_away_is_there_on_return_once(
    replica: Any, kafka_settings: KafkaSettings, records_of: Any, eventually: Any
) -> None:
    visitor = await replica.visitor().connect()
    await visitor.send("Hello")
    await eventually(lambda: visitor.all("accepted") or False)
    await visitor.disconnect()
    await reply(kafka_settings, visitor, "Good morning!", times=2)

    async def is_reported() -> None:
        reports = await records_of("delivery.events.v1")
        assert {(each["state"], each["dossier_id"]) for each in reports} == {("sent", "dossier-1")}
        assert len({each["event_id"] for each in reports}) == 1

    await eventually(is_reported)
    await visitor.connect(after=1)
    await eventually(lambda: visitor.all("live") or False)
    assert [(entry["seq"], entry["author"], entry["name"]) for entry in visitor.entries.values()] == [
        (2, "agent", "Amélie Roux")
    ]
    await visitor.disconnect()


async def test_a_reply_delivered_by_one_replica_reaches_the_visitor_of_another(
    settings: Any, run: Any, kafka_settings: KafkaSettings, records_of: Any, eventually: Any
) -> None:
    async with run(settings, "serve") as serving, run(settings, "deliver"):
        visitor = await serving.visitor().connect()
        await visitor.send("Hello")
        await eventually(lambda: visitor.all("accepted") or False)
        await reply(kafka_settings, visitor, "From the other side")
        await eventually(lambda: visitor.entries.get(2, {}).get("text") == "From the other side")
        await visitor.say({"type": "delivered", "seq": 2})
        await visitor.say({"type": "read", "seq": 2})
        await visitor.say({"type": "read", "seq": 2})

        async def is_reported() -> None:
            states = [each["state"] for each in await records_of("delivery.events.v1")]
            assert sorted(states) == ["delivered", "read", "sent"]

        await eventually(is_reported)
        await eventually(lambda: visitor.entries[2]["state"] == "read")
        await visitor.disconnect()


async def test_read_marks_that_could_not_be_reported_are_reported_later(
    settings: Any, run: Any, kafka_settings: KafkaSettings, records_of: Any, eventually: Any
) -> None:
    records = FlakyRecords()
    records.failing = False
    async with run(settings, "serve", records=records) as serving, run(settings, "deliver"):
        visitor = await serving.visitor().connect()
        await reply(kafka_settings, visitor, "Hello")
        await eventually(lambda: 1 in visitor.entries)
        records.failing = True
        await visitor.say({"type": "read", "seq": 1})
        await eventually(lambda: visitor.entries[1]["state"] == "read")
        records.failing = False
        await visitor.send("Thank you")
        await eventually(lambda: visitor.all("accepted") or False)
        assert [report.state for report in records.reports] == ["delivered", "read"]
        await visitor.disconnect()


async def test_typing_and_reading_show_on_the_other_side(
    replica: Any, kafka_settings: KafkaSettings, records_of: Any, eventually: Any
) -> None:
    visitor = await replica.visitor().connect()
    sent = await visitor.send("Hello")
    await eventually(lambda: visitor.all("accepted") or False)
    await visitor.say({"type": "typing", "active": True})

    async def is_typing() -> None:
        told = await records_of("presence.events.v1")
        assert [(each["conversation_id"], each["activity"]) for each in told] == [(visitor.conversation_id, "typing")]

    await eventually(is_typing)
    await presence(kafka_settings, visitor, "typing")
    await eventually(lambda: visitor.all("typing") == [{"type": "typing", "active": True, "name": "Amélie Roux"}])
    message_id = ids.message_id("chat", "shop", f"{visitor.conversation_id}/{sent}")
    await presence(kafka_settings, visitor, "read", message_id)
    await eventually(lambda: visitor.all("read") == [{"type": "read", "seq": 1}])
    await visitor.disconnect()
    await visitor.connect(after=1)
    await eventually(lambda: visitor.all("hello") or False)
    assert visitor.all("hello")[0]["read_seq"] == 1
    await visitor.disconnect()


async def test_a_reply_for_another_channel_is_set_aside_and_its_neighbour_goes_through(
    replica: Any, kafka_settings: KafkaSettings, records_of: Any, eventually: Any
) -> None:
    visitor = await replica.visitor().connect()
    wrong = Conversation(conversation_id="elsewhere", channel="email", account="support", key="k")
    target = ReplyTarget(
        outbound_id="o-1", conversation=wrong, recipient=Identity(kind="email", value="a@b.example"), reference="r"
    )
    record = SendMessage(
        outbound_id="o-1", reply_id="r-0", dossier_id="d", target=target, text="x", agent=AGENT,
        requested_at=datetime.now(UTC),
    )  # fmt: skip
    async with Producer(kafka_settings) as producer:
        now = datetime.now(UTC)
        await producer.publish(
            Outgoing("outbound.chat.v1", visitor.conversation_id, record, "e-1", "/omnifil/case-service", None, now)
        )
    await reply(kafka_settings, visitor, "Fine")
    await eventually(lambda: visitor.entries.get(1, {}).get("text") == "Fine")

    async def is_set_aside() -> None:
        assert len(await records_of("outbound.chat.v1.dead-letter")) == 1

    await eventually(is_set_aside)
    await visitor.disconnect()


async def test_two_windows_of_one_visitor_see_the_same(replica: Any, eventually: Any) -> None:
    first = await replica.visitor().connect()
    second = replica.visitor()
    second.session_token = first.session_token
    await second.connect()
    await asyncio.gather(*(window.send(f"{n}") for n in range(5) for window in (first, second)))
    await eventually(lambda: sorted(first.entries) == sorted(second.entries) == list(range(1, 11)))
    assert {seq: entry["text"] for seq, entry in first.entries.items()} == {
        seq: entry["text"] for seq, entry in second.entries.items()
    }
    await first.disconnect()
    await second.disconnect()
