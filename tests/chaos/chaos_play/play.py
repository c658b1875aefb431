"""The whole play: gather the crowd, let everybody write, kill, wait until all has arrived, reckon."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from random import Random

import httpx
from omnifil_contracts.dossier import DeliveryState
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.agent import Agent
from omnifil_testkit.waiting import eventually_ as eventually

from chaos_play import faults
from chaos_play.crowd import Crowd, End
from chaos_play.desk import REPLY_THREAD, Desk
from chaos_play.ledger import Ledger, Mark
from chaos_play.reckoning import Reckoning, Standing, reckon_messages, reckon_replies, reckon_timelines

SERVICES = ("case-service", "customer-profile", "ingest-email", "ingest-chat", "ingest-social", "agent-gateway")
SERVERS = ("mongod", "kafka")
_BACK_WITHIN_S = 90
_ARRIVED_WITHIN_S = 60
_REPLY_EVERY_S = 1.5


class Play:
    """One run on a stack that is up."""

    def __init__(self, stack: Stack, http: httpx.AsyncClient, seed: int) -> None:
        self._stack = stack
        self._http = http
        self._random = Random(seed)
        self._ledger = Ledger(run=f"{time.time_ns():x}")
        self._told = Reckoning(seed=seed)

    async def run(self, victims: Sequence[str]) -> Reckoning:
        """Kill these one after the other, in an order drawn from the seed, while everybody writes."""
        started = time.monotonic()
        stop = asyncio.Event()
        async with (
            Agent.signed_in(self._stack, self._http) as agent,
            Crowd.gathered(self._stack, self._http, self._ledger, stop) as crowd,
        ):
            desk = Desk(self._stack, self._http, agent, self._ledger, self._random, stop)
            async with crowd.writing(stop), asyncio.TaskGroup() as answering:
                answering.create_task(desk.answer(_REPLY_EVERY_S))
                try:
                    for victim in self._random.sample(list(victims), k=len(victims)):
                        await self._kill(victim)
                    await self._more_is_written(10)
                finally:
                    stop.set()
            self._told.sent, self._told.acknowledged = len(self._ledger.sent), len(self._ledger.acknowledged)
            await self._wait_for_all(desk, crowd)
            await self._reckon(agent, desk, crowd)
        self._told.seconds = time.monotonic() - started
        return self._told

    async def _kill(self, victim: str) -> None:
        await self._more_is_written(self._random.randint(5, 25))
        killed = faults.kill(victim)
        self._told.faults.append(victim)
        await faults.back(killed, victim, self._http, _BACK_WITHIN_S)

    async def _more_is_written(self, count: int) -> None:
        goal = len(self._ledger.acknowledged) + count
        await eventually(lambda: len(self._ledger.acknowledged) >= goal, _BACK_WITHIN_S)

    async def _wait_for_all(self, desk: Desk, crowd: Crowd) -> None:
        """Whatever is not there after that is missing, which the reckoning says."""

        async def all_there() -> None:
            seen = {mark for _, _, mark in desk.linked()} | {mark for mark, _ in desk.requested()}
            assert self._ledger.acknowledged <= seen
            states = desk.delivery_states()
            requested = [target.outbound_id for _, reply in desk.requested() for target in reply.targets]
            assert all(states.get(outbound_id) for outbound_id in requested)
            for end in crowd.ends:
                assert self._due_at(end, desk) <= await self._arrived_at(end)

        try:
            await eventually(all_there, _ARRIVED_WITHIN_S)
        except AssertionError:
            return

    async def _reckon(self, agent: Agent, desk: Desk, crowd: Crowd) -> None:
        standing = Standing()
        mine = {dossier_id for dossier_id, _, _ in desk.linked()}
        for dossier_id in sorted(mine):
            asked = await agent.whole_timeline(dossier_id)
            reckon_timelines(dossier_id, agent.timelines[dossier_id], asked, self._told)
            standing.add(dossier_id, asked)
        reckon_messages(self._ledger, standing, REPLY_THREAD, self._told)
        for end in crowd.ends:
            reckon_replies(self._due_at(end, desk), await self._arrived_at(end), end.thread, self._told)
        taken = {mark for mark in self._ledger.acknowledged if mark.thread == REPLY_THREAD}
        forgotten = sorted(taken - {mark for mark, _ in desk.requested()})
        self._told.lost += self._told.complain(len(forgotten), f"Commands accepted without effect: {forgotten[:10]}")
        failed = [each for each, states in desk.delivery_states().items() if DeliveryState.FAILED in states]
        self._told.complain(len(failed), f"Replies that are said to have failed: {failed[:10]}")
        self._told.complain(len(desk.refused), f"Replies refused: {desk.refused[:3]}")
        self._told.gaps += self._told.complain(agent.conflicts, "The stream showed two entries under one seq.")
        for visitor in crowd.visitors:
            self._told.duplicated += self._told.complain(visitor.contradictions, "A chat entry changed its text.")
            own = self._ledger.marks_in(" ".join(visitor.own()))
            again = len(list(own)) - len(set(own))
            self._told.duplicated += self._told.complain(again, "A visitor sees an own message twice.")

    def _due_at(self, end: End, desk: Desk) -> Counter[Mark]:
        """The replies that went out on conversations of this end."""
        held = {event.conversation_id for _, event, mark in desk.linked() if mark.thread.startswith(end.thread)}
        return Counter(
            mark
            for mark, reply in desk.requested()
            for target in reply.targets
            if target.conversation.conversation_id in held
        )

    async def _arrived_at(self, end: End) -> Counter[Mark]:
        marks = [mark for text in await end.seen() for mark in self._ledger.marks_in(text)]
        return Counter(mark for mark in marks if mark.thread == REPLY_THREAD)
