"""What `/metrics` says of a message on its way through the whole suite."""

import uuid
from collections.abc import Awaitable, Callable

import httpx
import pytest
from omnifil_contracts.dossier import MessageLinked
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.agent import Agent
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

pytestmark = pytest.mark.e2e

SEEN_WITHIN_S = 40
WRITER = "6100000000000102"
STAGES = {
    "accepted": "ingest-social",
    "identified": "customer-profile",
    "linked": "case-service",
    "carried": "case-service",
    "shown": "agent-gateway",
}
Eventually = Callable[..., Awaitable[object]]


async def figures(stack: Stack, http: httpx.AsyncClient, service: str) -> list[Metric]:
    answer = await http.get(f"{stack.services[service]}/metrics")
    assert answer.is_success
    return list(text_string_to_metric_families(answer.text))


async def value(stack: Stack, http: httpx.AsyncClient, service: str, name: str, **labels: str) -> float | None:
    """The sum of the samples that have these labels; None when there is none."""
    found = [
        sample.value
        for family in await figures(stack, http, service)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return sum(found) if found else None


async def stages(stack: Stack, http: httpx.AsyncClient) -> dict[str, float]:
    return {
        stage: await value(stack, http, service, "omnifil_messages_total", channel="social", stage=stage) or 0
        for stage, service in STAGES.items()
    }


async def test_a_message_is_counted_at_each_stage_and_leaves_no_lag(
    stack: Stack, http: httpx.AsyncClient, agent: Agent, eventually: Eventually
) -> None:
    before = await stages(stack, http)
    text = f"Do you also have it in blue? {uuid.uuid4().hex}"
    wrote = await http.post(f"{stack.pages.network}/people/{WRITER}/messages", data={"text": text})
    assert wrote.is_success

    def arrived() -> bool | None:
        events = (entry.event for _, entry in agent.entries())
        return any(isinstance(event, MessageLinked) and event.message.text == text for event in events) or None

    await agent.until(arrived, "the message", SEEN_WITHIN_S)

    async def is_counted() -> None:
        after = await stages(stack, http)
        assert {stage: after[stage] - before[stage] for stage in STAGES} == dict.fromkeys(STAGES, 1)

    await eventually(is_counted)

    async def nothing_lags() -> None:
        for service, group, topic in (
            ("customer-profile", "customer-profile.social", "inbound.social.v1"),
            ("case-service", "case-service.social", "identified.social.v1"),
            ("agent-gateway", "agent-gateway", "dossier.events.v1"),
        ):
            for unit in ("records", "seconds"):
                lag = await value(stack, http, service, f"omnifil_lag_{unit}", group=group, topic=topic)
                assert lag == 0, (group, unit)

    await eventually(nothing_lags)

    async def relays_keep_up() -> None:
        for service, relay in (("case-service", "dossiers"), ("customer-profile", "customers")):
            assert await value(stack, http, service, "omnifil_relay_active", relay=relay) == 1
            behind_s = await value(stack, http, service, "omnifil_relay_lag_seconds", relay=relay)
            assert behind_s is not None
            assert behind_s < 5

    await eventually(relays_keep_up)
    assert await value(stack, http, "agent-gateway", "omnifil_stream_clients", kind="agent-websocket") == 1
    taken = await value(stack, http, "case-service", "omnifil_message_seconds_count", channel="social")
    assert taken is not None
    assert taken >= 1


async def test_who_waits_for_an_answer_is_told(
    stack: Stack, http: httpx.AsyncClient, agent: Agent, eventually: Eventually
) -> None:
    text = f"Hello? {uuid.uuid4().hex}"
    assert (await http.post(f"{stack.pages.network}/people/{WRITER}/messages", data={"text": text})).is_success

    async def somebody_waits() -> None:
        waits_s = await value(stack, http, "case-service", "omnifil_oldest_unanswered_seconds", channel="social")
        assert waits_s is not None
        assert waits_s > 0

    await eventually(somebody_waits, timeout_s=60)
