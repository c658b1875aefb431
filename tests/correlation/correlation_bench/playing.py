"""Plays a simulation to the engine, in batches, with what agents do in between."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from case_service.domain.policy import Policy
from omnifil_contracts.dossier import Suggestion
from omnifil_contracts.message import InboundMessage
from omnifil_testkit.simulator import AgentReplies, Said, SentReply, ShopTells, Simulation, with_replies

from correlation_bench.engine import Engine

Judge = Callable[[str, Suggestion], Awaitable[bool]]
"""Whether a suggestion in a dossier is right; an agent who accepts suggestions knows."""


@dataclass
class Played:
    """The engine afterwards, and each message as it came in."""

    simulation: Simulation
    engine: Engine
    messages: dict[str, InboundMessage] = field(default_factory=dict)


async def play(
    simulation: Simulation, policy: Policy, *, batch: int = 200, judge: Callable[["Played"], Judge] | None = None
) -> Played:
    """`judge`: agents who answer accept what is right among the suggestions of the dossier; None: nobody does."""
    played = Played(simulation, Engine(policy))
    await _Play(played, batch, judge(played) if judge else None).through()
    return played


class _Play:
    def __init__(self, played: Played, batch: int, judge: Judge | None) -> None:
        self._played, self._engine = played, played.engine
        self._size, self._judge = batch, judge
        self._batch: list[InboundMessage] = []
        self._circles: set[str] = set()
        """Whose messages are in the batch: what an agent does for one of them waits until it is decided."""
        self._sent: dict[str, SentReply] = {}

    async def through(self) -> None:
        for event in self._played.simulation.events:
            if isinstance(event, Said):
                if event.quotes is not None and event.circle in self._circles:
                    await self._decide()
                await self._hear(event)
                continue
            if event.circle in self._circles:
                await self._decide()
            if isinstance(event, AgentReplies):
                await self._reply(event)
            elif isinstance(event, ShopTells):
                await self._engine.told(event.update)
            else:
                await self._engine.close(event.message_id, event.at)
        await self._decide()

    async def _hear(self, said: Said) -> None:
        number = self._engine.number_of(said.quotes) if said.quotes else None
        message = with_replies(said, self._sent, number)
        self._played.messages[message.message_id] = message
        self._batch.append(message)
        self._circles.add(said.circle)
        if len(self._batch) >= self._size:
            await self._decide()

    async def _reply(self, event: AgentReplies) -> None:
        if self._judge is not None:
            for dossier_id, suggestion in self._engine.open_suggestions(event.message_id):
                if await self._judge(dossier_id, suggestion):
                    await self._engine.accept(dossier_id, suggestion, event.at)
        sent = await self._engine.reply(event.message_id, event.text, event.at, closes=event.closes)
        if sent is not None:
            self._sent[event.key] = sent

    async def _decide(self) -> None:
        if self._batch:
            batch, self._batch = self._batch, []
            self._circles.clear()
            await self._engine.hear(batch)
