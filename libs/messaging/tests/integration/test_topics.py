import asyncio
from datetime import timedelta

import pytest
from omnifil_contracts.topics import REGISTRY, Topic
from omnifil_devstack.ports import free_ports
from omnifil_messaging import KafkaSettings, ensure_topics
from omnifil_messaging.topics import existing_topics
from omnifil_servicekit.errors import Transient
from structlog.testing import capture_logs

from .conftest import Thing, topic

pytestmark = pytest.mark.integration


async def test_topics_are_created_once_with_their_dead_letters(kafka_settings: KafkaSettings) -> None:
    first = await ensure_topics(kafka_settings, REGISTRY)
    assert {"inbound.email.v1", "inbound.email.v1.dead-letter", "customer.events.v1"} < set(first.created)
    assert "presence.events.v1.dead-letter" not in first.created
    again = await ensure_topics(kafka_settings, REGISTRY)
    assert (again.created, again.drift) == ((), ())
    assert set(again.existing) == set(first.created) == set(await existing_topics(kafka_settings))


async def test_several_may_do_it_at_the_same_time(kafka_settings: KafkaSettings) -> None:
    reports = await asyncio.gather(*(ensure_topics(kafka_settings, [topic()]) for _ in range(5)))
    assert sorted(name for report in reports for name in report.created) == ["things.v1", "things.v1.dead-letter"]


async def test_a_topic_that_differs_is_reported_and_left_as_it_is(kafka_settings: KafkaSettings) -> None:
    await ensure_topics(kafka_settings, [topic(partitions=3)])
    other = Topic("things.v1", "key", Thing, 5, timedelta(days=2), True, (), ())
    with capture_logs() as logs:
        report = await ensure_topics(kafka_settings, [other])
    told = {each.what: (each.planned, each.actual) for each in report.drift}
    assert told == {
        "partitions": ("5", "3"),
        "retention.ms": ("172800000", "86400000"),
        "cleanup.policy": ("compact,delete", "delete"),
    }
    assert {each["what"] for each in logs if each["event"] == "topic_differs"} == told.keys()
    assert "planned 5" in str(next(each for each in report.drift if each.what == "partitions"))


async def test_without_a_broker_it_is_one_clear_sentence() -> None:
    settings = KafkaSettings(f"127.0.0.1:{free_ports(1)[0]}")
    with pytest.raises(Transient, match="does not answer: start it"):
        await ensure_topics(settings, [topic()])
