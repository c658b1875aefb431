"""The agents' side: replies on one and several conversations, notes, assignments, closings; commands sent twice."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
from omnifil_contracts.commands import AddNote, Assign, ChangeStatus, Command, CommandRequest, Reply, Unassign
from omnifil_contracts.dossier import DossierView, Status
from omnifil_contracts.identity import Actor
from omnifil_contracts.views import DossierSnapshot

from chaos_play.ledger import NOTE, REPLY, Mark
from chaos_play.rhythm import Rhythm
from chaos_play.screen import Screen

_AGAIN_AFTER_S = 0.5
_ANSWER_WITHIN_S = 20
_CONFLICTS = ("reply-conflict",)


@dataclass
class Desk:
    """One agent, at one screen; gives commands with ids of its own, the same again until the gateway has answered."""

    screen: Screen
    random: Random
    commands: int = 0
    conflicts: int = 0
    """Replies that another agent's reply forbade: the agent would look and write again."""
    refused: list[str] = field(default_factory=list)
    other_answers: list[str] = field(default_factory=list)
    """Commands sent twice that were answered in two ways."""

    async def work(self, rhythm: Rhythm) -> None:
        """One command after the other, in dossiers that the screen shows."""
        acts: list[Callable[[DossierView], Awaitable[None]]] = [
            *[self._reply] * 6, *[self._note] * 3, self._assign, self._unassign, self._close,
        ]  # fmt: skip
        while await rhythm.next():
            mine = list(self.screen.timelines)
            if mine and (dossier := await self._look_at(self.random.choice(mine))) is not None:
                await self.random.choice(acts)(dossier)

    async def _reply(self, dossier: DossierView) -> None:
        targets = [each.conversation.conversation_id for each in dossier.conversations if each.identity]
        if not targets:
            return
        chosen = self.random.sample(targets, k=self.random.randint(1, min(3, len(targets))))
        mark = Mark(f"{REPLY}-{self.screen.name}", self.commands)
        text = self.screen.ledger.text(mark, "We are on it.")
        await self._give(
            dossier, Reply(text=text, conversation_ids=tuple(chosen), seen_seq=dossier.seq, status_after=None), mark
        )

    async def _note(self, dossier: DossierView) -> None:
        mark = Mark(f"{NOTE}-{self.screen.name}", self.commands)
        await self._give(dossier, AddNote(text=self.screen.ledger.text(mark, "Called the carrier.")), mark)

    async def _assign(self, dossier: DossierView) -> None:
        agent = Actor(kind="agent", id=self.screen.login.username, name=self.screen.name)
        await self._give(dossier, Assign(agent=agent))

    async def _unassign(self, dossier: DossierView) -> None:
        await self._give(dossier, Unassign())

    async def _close(self, dossier: DossierView) -> None:
        await self._give(dossier, ChangeStatus(status=Status.CLOSED))

    async def _look_at(self, dossier_id: str) -> DossierView | None:
        answer = await self._insist("GET", f"dossiers/{dossier_id}")
        if answer.is_error:
            self.refused.append(f"GET {dossier_id}: {answer.text[:200]}")
            return None
        return DossierSnapshot.model_validate_json(answer.content).dossier

    async def _give(self, dossier: DossierView, command: Command, mark: Mark | None = None) -> None:
        self.commands += 1
        ledger = self.screen.ledger
        if mark:
            ledger.send(mark)
        body = CommandRequest(command_id=uuid.uuid4().hex, command=command).model_dump_json()
        answer = await self._insist("POST", f"dossiers/{dossier.dossier_id}/commands", body)
        if answer.is_error:
            problem: dict[str, Any] = answer.json()
            if problem.get("code") in _CONFLICTS:
                self.conflicts += 1
            else:
                self.refused.append(f"{command.type}: {answer.text[:200]}")
            return
        if mark:
            ledger.acknowledge(mark)
        if not self.random.randrange(5):
            again = await self._insist("POST", f"dossiers/{dossier.dossier_id}/commands", body)
            ledger.sent_again["command"] += 1
            # Of a command that changed nothing nothing is kept, so its answer may be a newer one.
            if mark and (again.status_code, again.json()) != (answer.status_code, answer.json()):
                self.other_answers.append(f"{command.type}: {answer.text[:200]} and then {again.text[:200]}")

    async def _insist(self, method: str, path: str, body: str | None = None) -> httpx.Response:
        """The same request until the answer says yes, or no for good."""
        while True:
            try:
                answer = await self.screen.http.request(
                    method,
                    f"{self.screen.gateway}/api/v1/{path}",
                    content=body,
                    headers=self.screen.headers | {"content-type": "application/json"},
                    timeout=_ANSWER_WITHIN_S,
                )
                if answer.status_code == 401:
                    await self.screen.sign_in()  # a gateway whose clock is wrong takes the token for one of tomorrow
                elif answer.status_code < 500:
                    return answer
            except httpx.TransportError:
                pass
            await asyncio.sleep(_AGAIN_AFTER_S)
