"""The agent's side: answers through all of it, each reply on every conversation of a dossier, and resends commands."""

import asyncio
import uuid
from dataclasses import dataclass, field
from random import Random

import httpx
from omnifil_contracts.commands import CommandRequest, CommandResult, Reply
from omnifil_contracts.dossier import DeliveryState, DeliveryUpdated, MessageLinked, ReplyRequested
from omnifil_contracts.views import DossierSnapshot
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.agent import Agent

from chaos_play.ledger import Ledger, Mark

_AGAIN_AFTER_S = 0.3
REPLY_THREAD = "reply"


@dataclass
class Desk:
    """Gives commands with ids of its own, the same again until the gateway has answered."""

    stack: Stack
    http: httpx.AsyncClient
    agent: Agent
    ledger: Ledger
    random: Random
    stop: asyncio.Event
    replies: int = 0
    refused: list[str] = field(default_factory=list)

    async def answer(self, pause_s: float) -> None:
        """Reply in one dossier of this run after another until told to stop."""
        while not self.stop.is_set():
            mine = sorted({dossier_id for dossier_id, _, _ in self.linked()})
            if mine:
                await self._reply_in(self.random.choice(mine))
            try:
                async with asyncio.timeout(pause_s):
                    await self.stop.wait()
            except TimeoutError:
                continue

    def linked(self) -> list[tuple[str, MessageLinked, Mark]]:
        """The customers' messages of this run, as the stream shows them."""
        return [
            (dossier_id, entry.event, mark)
            for dossier_id, entry in self.agent.entries()
            if isinstance(entry.event, MessageLinked)
            and entry.event.message.direction == "inbound"
            and (mark := self.ledger.mark_in(entry.event.message.text))
        ]

    def requested(self) -> list[tuple[Mark, ReplyRequested]]:
        """The replies of this run."""
        return [
            (mark, entry.event)
            for _, entry in self.agent.entries()
            if isinstance(entry.event, ReplyRequested) and (mark := self.ledger.mark_in(entry.event.text))
        ]

    def delivery_states(self) -> dict[str, set[DeliveryState]]:
        """By outbound id."""
        states: dict[str, set[DeliveryState]] = {}
        for _, entry in self.agent.entries():
            if isinstance(entry.event, DeliveryUpdated):
                states.setdefault(entry.event.outbound_id, set()).add(entry.event.state)
        return states

    async def _reply_in(self, dossier_id: str) -> None:
        mark = Mark(REPLY_THREAD, self.replies)
        self.replies += 1
        answer = await self._insist("GET", f"dossiers/{dossier_id}")
        dossier = DossierSnapshot.model_validate_json(answer.content).dossier
        targets = tuple(each.conversation.conversation_id for each in dossier.conversations if each.identity)
        if not targets:
            return
        reply = Reply(
            text=self.ledger.text(mark, "We are on it."),
            conversation_ids=targets[-3:],
            seen_seq=dossier.seq,
            status_after=None,
        )
        self.ledger.sent.add(mark)
        body = CommandRequest(command_id=uuid.uuid4().hex, command=reply).model_dump_json()
        answer = await self._insist("POST", f"dossiers/{dossier_id}/commands", body)
        if answer.is_error:
            self.refused.append(answer.text)
            return
        CommandResult.model_validate_json(answer.content)
        self.ledger.acknowledged.add(mark)

    async def _insist(self, method: str, path: str, body: str | None = None) -> httpx.Response:
        """The same request until the answer says yes, or no for good."""
        while True:
            try:
                answer = await self.http.request(
                    method,
                    f"{self.stack.agent_gateway.url}/api/v1/{path}",
                    content=body,
                    headers=self.agent.headers | {"content-type": "application/json"},
                )
                if answer.status_code < 500:
                    return answer
            except httpx.TransportError:
                pass
            await asyncio.sleep(_AGAIN_AFTER_S)
