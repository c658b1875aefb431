"""What agents ask for that takes more than one other service, or more than passing it on."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from omnifil_contracts.commands import CommandRequest, PreviewRequest, ResolveSuggestion
from omnifil_contracts.customer import CustomerChanged, LinkIdentity
from omnifil_contracts.delivery import PresenceChanged
from omnifil_contracts.identity import Actor, Because, Evidence
from pydantic import BaseModel, Field
from pydantic_core import from_json, to_json

from agent_gateway.domain.cursor import Cursor, Offsets, offsets_of_watermark
from agent_gateway.ports import Answer, Cases, Presences, Profiles

PRESENCE_HOLDS = timedelta(seconds=15)


class PresenceRequest(BaseModel):
    """What an agent's screen says of itself, every ten seconds while it is so, and once when it ends."""

    activity: str = Field(pattern="^(viewing|typing|idle|read)$")
    conversation_ids: tuple[str, ...] = Field((), max_length=20, description="Whose other end may know of it.")
    read_message_id: str | None = Field(None, max_length=100)


class Desk:
    """The agents' use cases."""

    def __init__(
        self, *, cases: Cases, profiles: Profiles, presences: Presences, customers_position: Callable[[], Offsets],
        clock: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._cases = cases
        self._profiles = profiles
        self._presences = presences
        self._customers_position = customers_position
        self._clock = clock

    async def snapshot(self, path: str, query: Sequence[tuple[str, str]]) -> Answer:
        """A snapshot of case-service with a cursor that also holds the customers' position from before it."""
        customers = self._customers_position()
        answer = await self._cases.get(path, query)
        if not answer.is_success:
            return answer
        body: dict[str, Any] = from_json(answer.body)
        body["cursor"] = Cursor(offsets_of_watermark(body["cursor"]), customers).encode()
        return Answer(answer.status, to_json(body), answer.content_type)

    async def command(self, dossier_id: str, request: CommandRequest, agent: Actor) -> Answer:
        """Pass a command on. An accepted `same-customer` suggestion links the identity first; both steps take effect
        once however often they are asked for, so that a crash in between is mended by asking again."""
        if isinstance(request.command, ResolveSuggestion) and request.command.accept:
            await self._link_as_suggested(dossier_id, request.command_id, request.command.suggestion_id, agent)
        return await self._cases.command(dossier_id, request.model_dump_json().encode(), agent)

    async def preview(self, dossier_id: str, request: PreviewRequest, agent: Actor) -> Answer:
        """What a command would move; changes nothing."""
        return await self._cases.preview(dossier_id, request.model_dump_json().encode(), agent)

    async def _link_as_suggested(self, dossier_id: str, command_id: str, suggestion_id: str, agent: Actor) -> None:
        dossier = await self._cases.dossier(dossier_id)
        for suggestion in dossier.suggestions:
            if suggestion.suggestion_id != suggestion_id or suggestion.kind != "same-customer":
                continue
            if suggestion.customer_id is None or suggestion.identity is None:
                continue
            confirmed = Evidence(code="agent-confirmed", values={"agent": agent.name or agent.id})
            because = Because(rule="agent", evidence=(confirmed, *suggestion.because.evidence))
            link = LinkIdentity(identity=suggestion.identity, because=because)
            await self._profiles.link(suggestion.customer_id, _derived(command_id, "link"), link, agent)

    async def undo_link(self, link_id: str, command_id: str, agent: Actor) -> CustomerChanged:
        return await self._profiles.undo_link(link_id, command_id, agent)

    async def present(self, dossier_id: str, request: PresenceRequest, agent: Actor) -> None:
        """Tell the other agents, and the other ends of the conversations."""
        now = self._clock()
        change: dict[str, Any] = {
            "actor": agent,
            "activity": request.activity,
            "read_message_id": request.read_message_id,
            "at": now,
            "expires_at": now + PRESENCE_HOLDS,
        }
        told = [PresenceChanged(dossier_id=dossier_id, conversation_id=None, **change)]
        told += [
            PresenceChanged(dossier_id=None, conversation_id=conversation, **change)
            for conversation in request.conversation_ids
        ]
        await self._presences.say(told)


def _derived(command_id: str, step: str) -> str:
    """The id of a step of a command; the same for the same command."""
    return hashlib.sha256(f"{command_id}/{step}".encode()).hexdigest()[:32]
