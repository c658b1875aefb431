"""Who is told what, and that a database away for a moment ends no loop."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from ingest_chat.domain.visitor import Visitor
from ingest_chat.entrypoints.hub import AgentPresenceFeed, AgentRead, AgentTyping, Hub
from ingest_chat.ports import Transcript
from omnifil_contracts.delivery import PresenceChanged
from omnifil_contracts.identity import Actor
from omnifil_messaging import OffsetsGone, Received
from omnifil_servicekit.errors import Transient
from omnifil_testkit.builders import NOON

HERE = Visitor("shop", "v-1").conversation_id


def presence(activity: Any, actor: str = "agent", conversation_id: str | None = HERE) -> PresenceChanged:
    return PresenceChanged(
        conversation_id=conversation_id,
        actor=Actor(kind=actor, id="amelie", name="Amélie"),
        activity=activity,
        at=NOON,
        expires_at=NOON + timedelta(seconds=10),
    )


class Tail:
    """Says these, one batch each; an exception is raised instead. Then it stops."""

    def __init__(self, stop: asyncio.Event, *said: PresenceChanged | Exception) -> None:
        self._said = list(said)
        self._stop = stop

    async def read(self, _offsets: str, stop: asyncio.Event, **_: Any) -> AsyncIterator[list[Received[Any]]]:
        while self._said:
            each = self._said.pop(0)
            if isinstance(each, Exception):
                raise each
            yield [Received(each, "k", "e", {}, "presence.events.v1", 0, 0)]
        self._stop.set()


class AwayTranscript:
    async def read_by_agent(self, conversation_id: str, message_id: str | None) -> int | None:
        raise Transient("away")


async def told(transcript: Any, *said: PresenceChanged | Exception) -> list[Any]:
    stop, hub, heard = asyncio.Event(), Hub(), list[Any]()
    tail: Any = Tail(stop, *said)
    with hub.listening(HERE, heard.append):
        await asyncio.wait_for(AgentPresenceFeed(tail, transcript, hub, lambda: None).run(stop), 30)
    return heard


async def test_agents_who_type_are_shown_and_visitors_and_other_conversations_are_not(
    memory_transcript: Transcript,
) -> None:
    heard = await told(
        memory_transcript,
        presence("typing", actor="customer"),
        presence("typing", conversation_id="elsewhere"),
        presence("typing", conversation_id=None),
        presence("viewing"),
        presence("read"),
        presence("typing"),
        presence("idle"),
    )
    assert heard == [AgentTyping("Amélie", True), AgentTyping("Amélie", False)]


@pytest.mark.parametrize("trouble", [OffsetsGone("presence.events.v1", {}), Transient("away")])
async def test_presence_goes_on_after_trouble(memory_transcript: Transcript, trouble: Exception) -> None:
    assert await told(memory_transcript, trouble, presence("typing")) == [AgentTyping("Amélie", True)]


async def test_a_read_mark_that_cannot_be_kept_ends_nothing() -> None:
    assert await told(AwayTranscript(), presence("read"), presence("typing")) == [AgentTyping("Amélie", True)]


def test_who_has_left_is_told_nothing() -> None:
    hub, heard = Hub(), list[Any]()
    with hub.listening(HERE, heard.append), hub.listening(HERE, heard.append):
        hub.tell(HERE, AgentRead(1))
    hub.tell(HERE, AgentRead(2))
    assert heard == [AgentRead(1)]
    assert not hub.hears(HERE)
