"""Customers with a past, written by the suite's own use cases: patterns for a filled database."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from case_service.adapters.in_memory import InMemoryTimeline
from case_service.adapters.mongo_timeline import MongoTimeline
from case_service.domain.decisions import Append, Group
from case_service.handlers import Commands, Deliveries, Messages
from omnifil_contracts.commands import CommandRequest
from omnifil_contracts.delivery import DeliveryReported
from omnifil_contracts.dossier import ReplyRequested
from omnifil_contracts.identity import Actor
from omnifil_contracts.message import InboundMessage
from omnifil_mongostore import Mongo

from omnifil_bench.filling import Person
from omnifil_bench.messages import Conversation, Writers
from omnifil_bench.stages import MINTING, POLICY, Stages

_AGENT = Actor(kind="agent", id="amelie", name="Amélie Roux")
_APART = timedelta(days=20)
"""Longer than the window in which a customer's live dossier takes up a new conversation."""
_MESSAGES_EACH = 1
_WRITTEN_AT_ONCE = 500


async def begin_customer(stages: Stages, writers: Writers, dossiers: int) -> str:
    """Somebody who wrote about so many matters, a mail each, twenty days apart. The id of a conversation."""
    first_name, began = writers.name().split()[0], datetime.now(UTC) - _APART * dossiers
    person = Person(-1, first_name)
    conversation_id = ""
    for thread in range(dossiers):
        conversation = Conversation("email", person.name, person.display_name, thread=thread)
        at = began + _APART * thread
        mails = [writers.next_of(conversation, at + timedelta(hours=hour)) for hour in range(_MESSAGES_EACH)]
        await _carry(stages, mails)
        conversation_id = conversation.conversation_id
    return conversation_id


async def begin_long(mongo: Mongo, writers: Writers, length: int) -> str:
    """A dossier of so many entries in one conversation: two mails, a reply, and what became of it, again and again.
    The id of the conversation."""
    stages, memory = Stages(mongo), InMemoryTimeline()
    person = Person(-length, writers.name().split()[0])
    conversation = Conversation("email", person.name, person.display_name)
    began = datetime.now(UTC) - timedelta(minutes=length)
    now = began
    messages = Messages(memory, POLICY, MINTING, lambda: now)
    commands = Commands(memory, POLICY, MINTING, lambda: now)
    deliveries = Deliveries(memory, POLICY, lambda: now)
    while (seq := memory.appended[-1].last_seq if memory.appended else 0) < length:
        now += timedelta(minutes=3)
        if seq and seq % 3 == 0 and length - seq > 4:
            await _answer(commands, deliveries, memory, conversation, now)
            continue
        identified = await stages.identify([writers.next_of(conversation, now)])
        await messages.link(identified)
    await _store(mongo, stages, memory.appended)
    return conversation.conversation_id


async def _answer(
    commands: Commands, deliveries: Deliveries, memory: InMemoryTimeline, conversation: Conversation, now: datetime
) -> None:
    last = memory.appended[-1]
    asked = {
        "type": "reply",
        "text": "It is on its way, and should be with you by the end of the week.",
        "conversation_ids": [conversation.conversation_id],
        "seen_seq": last.last_seq,
    }
    request = CommandRequest.model_validate({"command_id": str(uuid.uuid4()), "command": asked})
    await commands.execute(last.dossier_id, request, _AGENT)
    (reply,) = [entry.event for entry in memory.appended[-1].entries if isinstance(entry.event, ReplyRequested)]
    for state in ("sent", "delivered"):
        report = DeliveryReported.model_validate(
            {
                "outbound_id": reply.targets[0].outbound_id,
                "dossier_id": last.dossier_id,
                "conversation_id": conversation.conversation_id,
                "state": state,
                "provider_message_id": f"<{reply.targets[0].outbound_id}@shop.test>",
                "at": now,
            }
        )
        await deliveries.note([report])


async def _carry(stages: Stages, mails: Sequence[InboundMessage]) -> None:
    await stages.project(await stages.correlate(await stages.identify(mails)))


async def _store(mongo: Mongo, stages: Stages, appends: Sequence[Append]) -> None:
    timeline = MongoTimeline(mongo)
    for start in range(0, len(appends), _WRITTEN_AT_ONCE):
        part = appends[start : start + _WRITTEN_AT_ONCE]
        lost = await timeline.append([Group([each], [0]) for each in part])
        assert not lost, lost
        await stages.project(part)
