"""The proof of a run finds what a run must not do."""

from datetime import UTC, datetime

import pytest
from omnifil_bench.arrivals import Arrivals, NotProven, Stalled
from omnifil_bench.messages import Batch, Mix, Writers
from omnifil_contracts.dossier import DossierEvent, MessageLinked, TimelineEntry
from omnifil_contracts.identity import SYSTEM, Because
from omnifil_contracts.message import InboundMessage
from omnifil_contracts.topics import DOSSIER_EVENTS
from omnifil_messaging import KafkaSettings, Producer, ensure_topics
from omnifil_messaging.outgoing import Wire

pytestmark = pytest.mark.integration

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def entry(message: InboundMessage, seq: int) -> Wire:
    event = MessageLinked(
        message=message,
        conversation_id=message.conversation.conversation_id,
        customer_id="customer",
        assured=True,
        because=Because(rule="thread"),
    )
    line = TimelineEntry(seq=seq, at=NOW, occurred_at=NOW, actor=SYSTEM, effect_id=f"{seq}", event=event)
    value = DossierEvent(dossier_id="dossier", entry=line).model_dump_json().encode()
    return Wire(DOSSIER_EVENTS.name, b"dossier", value)


@pytest.fixture
def batch() -> Batch:
    return Writers(1).batch(Mix(4, 4))


async def proven(kafka: KafkaSettings, batch: Batch, wires: list[Wire]) -> int:
    await ensure_topics(kafka, [DOSSIER_EVENTS])
    async with Arrivals.opened(kafka) as arrivals, Producer(kafka) as producer:
        await producer.publish_raw(wires)
        await arrivals.wait_for(len(wires), patience_s=10)
        return (await arrivals.proof(batch.messages)).messages


async def test_each_once_and_in_order_is_proven(kafka_settings: KafkaSettings, batch: Batch) -> None:
    wires = [entry(message, seq) for seq, message in enumerate(batch.messages, 1)]

    assert await proven(kafka_settings, batch, wires) == 4


async def test_a_lost_message_is_found(kafka_settings: KafkaSettings, batch: Batch) -> None:
    wires = [entry(message, seq) for seq, message in enumerate(batch.messages[:3], 1)]

    with pytest.raises(NotProven, match="1 are not linked and 0 more than once"):
        await proven(kafka_settings, batch, wires)


async def test_a_message_that_took_effect_twice_is_found(kafka_settings: KafkaSettings, batch: Batch) -> None:
    wires = [entry(message, seq) for seq, message in enumerate([*batch.messages, batch.messages[0]], 1)]

    with pytest.raises(NotProven, match="0 are not linked and 1 more than once"):
        await proven(kafka_settings, batch, wires)


async def test_a_turned_order_is_found(kafka_settings: KafkaSettings, batch: Batch) -> None:
    wires = [entry(message, seq) for seq, message in enumerate(reversed(batch.messages), 1)]

    with pytest.raises(NotProven, match="1 are in another order"):
        await proven(kafka_settings, batch, wires)


async def test_a_gap_is_found(kafka_settings: KafkaSettings, batch: Batch) -> None:
    wires = [entry(message, seq) for seq, message in zip((1, 2, 4, 5), batch.messages, strict=True)]

    with pytest.raises(NotProven, match="of 1 dossiers 1 have gaps"):
        await proven(kafka_settings, batch, wires)


async def test_what_never_comes_is_not_waited_for_without_end(kafka_settings: KafkaSettings) -> None:
    await ensure_topics(kafka_settings, [DOSSIER_EVENTS])
    async with Arrivals.opened(kafka_settings) as arrivals:
        with pytest.raises(Stalled, match="0 of 1 entries"):
            await arrivals.wait_for(1, patience_s=0.2)
