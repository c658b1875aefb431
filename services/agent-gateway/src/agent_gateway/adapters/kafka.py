"""Topics for the live stream, and presence on its way out."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

import structlog
from omnifil_contracts import ids
from omnifil_contracts.delivery import PresenceChanged
from omnifil_contracts.topics import PRESENCE_EVENTS
from omnifil_messaging import OffsetsGone, Outgoing, Producer, Received, TopicTail
from omnifil_messaging.context import recorded_context
from pydantic_core import from_json, to_json

from agent_gateway.domain.cursor import Offsets
from agent_gateway.domain.log import LogRecord, TraceOnce
from agent_gateway.ports import PositionGone

log = structlog.get_logger(__name__)

_SOURCE = "/omnifil/agent-gateway"
_READER = "agent-gateway"
_IDLE_S = 5.0


class KafkaTopicReader:
    """A topic as JSON lines. What is no JSON object is left out: it would break every client's stream."""

    def __init__(self, tail: TopicTail[bytes], on_sign_of_life: Callable[[], None]) -> None:
        self._tail = tail
        self._on_sign_of_life = on_sign_of_life

    async def end_offsets(self) -> dict[int, int]:
        return await self._tail.end_offsets()

    async def read(
        self, offsets: Offsets, stop: asyncio.Event, *, lag_told: bool = False
    ) -> AsyncGenerator[Sequence[LogRecord], None]:
        try:
            async for batch in self._tail.read(offsets, stop, idle_s=_IDLE_S, reader=_READER if lag_told else None):
                self._on_sign_of_life()
                yield [record for received in batch if (record := _line(received)) is not None]
        except OffsetsGone as error:
            raise PositionGone(str(error)) from error


class KafkaPresences:
    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    async def say(self, changes: Sequence[PresenceChanged]) -> None:
        await self._producer.publish_all([_outgoing(change) for change in changes])


def _outgoing(change: PresenceChanged) -> Outgoing:
    about = change.conversation_id or change.dossier_id or ""
    event_id = ids.event_id("presence", about, change.actor.id, change.activity, change.at.isoformat())
    return Outgoing(PRESENCE_EVENTS.name, about, change, event_id, _SOURCE, about, change.at)


def _line(received: Received[bytes]) -> LogRecord | None:
    """The record's JSON on one line, as server-sent events need it."""
    try:
        value = from_json(received.record)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        log.error("record_left_out", topic=received.topic, partition=received.partition, offset=received.offset)
        return None
    trace = TraceOnce(context) if (context := recorded_context(received.headers)) is not None else None
    channel, erases = _message_channel(value), _erases(value)
    return LogRecord(received.partition, received.offset, to_json(value), channel, trace, erases)


def _erases(value: dict[str, Any]) -> bool:
    """Whether this tells of a person's erasure: in a dossier, or of the customer."""
    match value:
        case {"entry": {"event": {"type": "customer_erased"}}}:
            return True
    return value.get("erased_at") is not None


def _message_channel(value: dict[str, Any]) -> str | None:
    """The channel of the message that this record tells of for the first time, if it tells of one."""
    match value:
        case {"entry": {"event": {"type": "message_linked", "message": {"channel": str(channel)}, **rest}}}:
            return None if rest.get("moved_from") else channel
    return None
