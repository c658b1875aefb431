"""What is broken, and what is new, leaves the others alone."""

import pytest
from omnifil_contracts.topics import INBOUND
from omnifil_messaging import Outgoing, TopicTail, ensure_topics
from omnifil_messaging.outgoing import Wire
from omnifil_testkit.builders import NOON, a_sender, an_inbound_message
from omnifil_testkit.waiting import Eventually
from profile_scenes.town import Town

pytestmark = pytest.mark.integration


async def test_a_poison_record_is_set_aside_and_its_neighbours_go_through(town: Town, eventually: Eventually) -> None:
    key = "email:claire@customer.test"
    good = [an_inbound_message(subject=f"{n}") for n in range(6)]
    misplaced = an_inbound_message(channel="chat")
    await town.write(*good[:2])
    await town.producer.publish_raw([Wire(INBOUND.of("email"), key.encode(), b"{ not json")])
    await town.write(*good[2:4])
    await town.producer.publish(Outgoing(INBOUND.of("email"), key, misplaced, "misplaced", "/test", None, NOON))
    await town.write(*good[4:])
    async with town.running("consume"):
        identified = await town.identified(at_least=len(good))
        assert [each.record.message.subject for each in identified] == [message.subject for message in good]

        async def both_are_set_aside() -> None:
            tail = TopicTail(town.kafka, f"{INBOUND.of('email')}.dead-letter")
            assert sum((await tail.end_offsets()).values()) == 2

        await eventually(both_are_set_aside)


async def test_a_channel_that_appears_later_is_taken_in(town: Town) -> None:
    text = an_inbound_message(channel="sms", sender=a_sender("+33600000001", "phone"))
    async with town.running("consume"):
        await ensure_topics(town.kafka, [INBOUND], channels=["sms"])
        await town.write(text)
        (identified,) = await town.identified("sms")
    assert identified.record.message == text


async def test_only_the_channels_that_were_asked_for_are_taken(town: Town) -> None:
    town = town.with_settings(channels=("chat",))
    async with town.running("consume") as parts:
        await town.write(an_inbound_message())
        await town.write(an_inbound_message(channel="chat"))
        await town.identified("chat")
        assert await town.identified("email", at_least=0) == []
        assert (await parts.health.report()).checks["loop consume"].ok


async def test_a_redelivery_by_the_ingest_is_the_same_event(town: Town) -> None:
    message = an_inbound_message()
    async with town.running("consume"):
        await town.write(message)
        await town.write(message)
        first, second = await town.identified(at_least=2)
    assert first.event_id == second.event_id
    assert first.record == second.record
