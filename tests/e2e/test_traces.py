"""One trace from the network's webhook to the agent's client, over Kafka and the timeline; and back with the reply."""

import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Awaitable, Callable

import httpx
import pytest
from e2e_spans.collector import CollectedSpan, SpanCollector
from omnifil_contracts.commands import Reply
from omnifil_contracts.dossier import DeliveryState, DeliveryUpdated, MessageLinked
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.agent import Agent

pytestmark = pytest.mark.e2e

SEEN_WITHIN_S = 40
SOMEBODY = "6100000000000103"
NAME = "Benali"
Eventually = Callable[..., Awaitable[object]]

INWARDS = [
    ("ingest-social", "POST /webhooks/messenger"),
    ("ingest-social", "send inbound.social.v1"),
    ("customer-profile", "process inbound.social.v1"),
    ("customer-profile", "send identified.social.v1"),
    ("case-service", "process identified.social.v1"),
    ("case-service", "relay timeline"),
    ("case-service", "send dossier.events.v1"),
    ("agent-gateway", "show agent-stream"),
]
OUTWARDS = [
    ("agent-gateway", "POST /api/v1/dossiers/{dossier_id}/commands"),
    ("case-service", "POST /dossiers/{dossier_id}/commands"),
    ("case-service", "relay timeline"),
    ("case-service", "send outbound.social.v1"),
    ("ingest-social", "process outbound.social.v1"),
    ("ingest-social", "send delivery.events.v1"),
    ("case-service", "process delivery.events.v1"),
    ("case-service", "relay timeline"),
    ("case-service", "send dossier.events.v1"),
    ("agent-gateway", "show agent-stream"),
]
SAID = {
    "error.type", "http.request.method", "http.response.status_code", "http.route", "messaging.consumer.group.name",
    "messaging.batch.message_count", "messaging.destination.name", "messaging.operation.name",
    "messaging.operation.type", "messaging.system",
}  # fmt: skip


def new_trace() -> tuple[str, str]:
    """A trace id, and the `traceparent` of somebody who records it."""
    trace = secrets.token_hex(16)
    return trace, f"00-{trace}-{secrets.token_hex(8)}-01"


async def write(stack: Stack, http: httpx.AsyncClient, text: str, traceparent: str) -> None:
    """What the network tells when somebody writes."""
    parties = {"sender": {"id": SOMEBODY}, "recipient": {"id": stack.messenger.page_id}}
    message = {"mid": f"m_{uuid.uuid4().hex}", "text": text}
    entry = {"id": stack.messenger.page_id, "messaging": [{**parties, "message": message}]}
    body = json.dumps({"object": "page", "entry": [entry]}).encode()
    signature = hmac.new(stack.messenger.app_secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={signature}", "traceparent": traceparent}
    assert (await http.post(stack.messenger.webhook_url, content=body, headers=headers)).status_code == 200


def linked(agent: Agent, text: str) -> tuple[str, MessageLinked] | None:
    for dossier_id, entry in agent.entries():
        if isinstance(entry.event, MessageLinked) and entry.event.message.text == text:
            return dossier_id, entry.event
    return None


def chain(spans: list[CollectedSpan], way: list[tuple[str, str]]) -> list[CollectedSpan]:
    """The spans of this way, each the parent of the next. Fails naming how far it goes."""

    def longest(behind: list[CollectedSpan], left: list[tuple[str, str]]) -> list[CollectedSpan]:
        if not left:
            return behind
        service, name = left[0]
        found = [
            longest([*behind, span], left[1:])
            for span in spans
            if (span.service, span.name) == (f"omnifil-{service}", name)
            and (not behind or span.parent == behind[-1].span)
        ]
        return max([behind, *found], key=len)

    found = longest([], way)
    told = [(span.service, span.name, span.parent[:4], span.span[:4]) for span in spans]
    assert len(found) == len(way), f"after {found[-1].name if found else 'nothing'} no {way[len(found)]}; got {told}"
    return found


async def test_a_message_is_one_trace_from_the_webhook_to_the_agents_client(
    stack: Stack, http: httpx.AsyncClient, agent: Agent, collector: SpanCollector, eventually: Eventually
) -> None:
    trace, caller = new_trace()
    text = f"Is my parcel on its way? {trace}"
    await write(stack, http, text, caller)
    _, event = await agent.until(lambda: linked(agent, text), "the message", SEEN_WITHIN_S)

    way = await eventually(lambda: chain(collector.of_trace(trace), INWARDS), timeout_s=30)
    assert isinstance(way, list)
    assert way[0].parent == caller.split("-")[2]
    assert way[2].attributes["messaging.consumer.group.name"] == "customer-profile.social"
    assert way[5].attributes["messaging.system"] == "mongodb"
    batches = {span.name for span in collector.linked_to(trace)}
    assert {"process inbound.social.v1 batch", "process identified.social.v1 batch", "relay timeline batch"} <= batches

    everything = [*collector.of_trace(trace), *collector.linked_to(trace)]
    assert {name for span in everything for name in span.attributes} <= SAID
    told = json.dumps([[span.name, span.attributes] for span in everything])
    assert not [secret for secret in (text, SOMEBODY, NAME, event.message.message_id, "@") if secret in told]


async def test_a_reply_is_one_trace_from_the_agents_command_to_what_became_of_it(
    stack: Stack, http: httpx.AsyncClient, agent: Agent, collector: SpanCollector, eventually: Eventually
) -> None:
    text = f"And my other parcel? {uuid.uuid4().hex}"
    # By the played network itself, which lets nobody answer who was not written to.
    wrote = await http.post(f"{stack.pages.network}/people/{SOMEBODY}/messages", data={"text": text})
    assert wrote.is_success
    dossier_id, event = await agent.until(lambda: linked(agent, text), "the message", SEEN_WITHIN_S)
    trace, caller = new_trace()
    http.headers["traceparent"] = caller
    seen = max(agent.timelines[dossier_id])
    reply = Reply(text="It left today.", conversation_ids=(event.conversation_id,), seen_seq=seen)
    try:
        requested = await agent.command(dossier_id, reply)
    finally:
        del http.headers["traceparent"]

    def sent() -> bool | None:
        states = [
            entry.event.state
            for seq, entry in agent.timelines[dossier_id].items()
            if seq > requested.seq and isinstance(entry.event, DeliveryUpdated)
        ]
        return DeliveryState.SENT in states or None

    await agent.until(sent, "that the reply was sent", SEEN_WITHIN_S)
    way = await eventually(lambda: chain(collector.of_trace(trace), OUTWARDS), timeout_s=30)
    assert isinstance(way, list)
    told = json.dumps([span.attributes for span in collector.of_trace(trace)])
    assert not [secret for secret in ("It left today", dossier_id, SOMEBODY) if secret in told]
