"""The whole play: raise the field, let everybody write and answer, strike, wait until all has arrived, reckon."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx
from chaos_field.field import Field, Shape
from omnifil_contracts.topics import REGISTRY
from omnifil_messaging import KafkaSettings, ensure_topics
from omnifil_testkit.waiting import eventually_ as eventually

from chaos_play.crowd import Crowd
from chaos_play.desk import Desk
from chaos_play.evidence import Evidence
from chaos_play.http import client
from chaos_play.ledger import Ledger
from chaos_play.rebuilding import rebuilt
from chaos_play.reckoning import (
    Reckoning,
    reckon_letters,
    reckon_messages,
    reckon_published,
    reckon_replies,
    reckon_reply_order,
    reckon_screen,
)
from chaos_play.recovery import Recovery
from chaos_play.replies import Replies, arrived_at
from chaos_play.rhythm import Rhythm
from chaos_play.screen import Screen
from chaos_play.stalls import Stall, Times, stalls, stalls_under_fire
from chaos_play.striker import Striker
from chaos_play.topic_door import CHANNEL, FORM

_SCREENS = 4
_COMMANDS_PER_S = 0.4
"""Of each desk."""
_ARRIVED_WITHIN_S = 120
_ANSWERED_WITHIN_S = 120
"""Of the end of the faults: who was not answered until then is not answered at all."""


@dataclass(frozen=True)
class Wanted:
    """What a run is to be."""

    seed: int
    seconds: float
    messages: int
    shape: str
    folder: Path
    port_base: int
    pause_s: tuple[float, float] = (0.5, 3.0)
    """Between two faults."""
    stall_s: float = 30.0
    """How long after the end of a fault something may still stand."""
    only: str = ""
    """Which faults, as `Striker` takes it."""


@dataclass
class Play:
    """One run."""

    wanted: Wanted
    told: Reckoning = field(init=False)

    def __post_init__(self) -> None:
        self.told = Reckoning(seed=self.wanted.seed, shape=self.wanted.shape)

    async def run(self) -> Reckoning:
        """All of it."""
        started = time.monotonic()
        wanted = self.wanted
        ledger = Ledger.begun(wanted.folder)
        async with (
            Field.raised(Shape(wanted.shape), wanted.folder / "home", wanted.port_base, seed=wanted.seed) as stage,
            client() as http,
        ):
            stack = stage.stack
            await ensure_topics(KafkaSettings(stack.kafka, client_id="chaos"), REGISTRY, channels=[CHANNEL, FORM])
            crowd = Crowd(stack, http, ledger, Random(wanted.seed + 1), wanted.messages / wanted.seconds)
            random = Random(wanted.seed)
            faults = stage.faults(random)
            self.told.skipped = faults.skipped
            async with self._screens(stage, http, ledger) as screens, crowd.gathered():
                recovered = Recovery(ledger, screens, wanted.stall_s).recovered
                striker = Striker(
                    faults, random, wanted.folder / "faults.jsonl", wanted.pause_s, recovered, wanted.only
                )
                desks = [Desk(screen, Random(wanted.seed + 2 + each)) for each, screen in enumerate(screens)]
                await self._act(crowd, desks, striker)
                await stage.settled(120)
                evidence = await self._all_arrived(stack, ledger, screens, crowd)
                await self._reckon(ledger, evidence, screens, desks, crowd, striker)
                self.told.rebuilt = await rebuilt(stage.plan)
        self.told.complain([1] * self.told.rebuilt.get("differences", 1), "Dossiers that a rebuild made otherwise")
        self.told.seconds = time.monotonic() - started
        return self.told

    @asynccontextmanager
    async def _screens(self, stage: Field, http: httpx.AsyncClient, ledger: Ledger) -> AsyncIterator[list[Screen]]:
        """By WebSocket and by server-sent events, on the gateways in turn."""
        agents = stage.stack.issuer.agents
        screens = [
            Screen(
                name=f"{kind}{number}",
                kind=kind,
                gateway=stage.gateways[number % len(stage.gateways)],
                stack=stage.stack,
                http=http,
                login=agents[number % len(agents)],
                ledger=ledger,
            )
            for number in range(_SCREENS)
            for kind in (("ws", "sse")[number // 2],)
        ]
        async with AsyncExitStack() as opened:
            for screen in screens:
                await opened.enter_async_context(screen.open())
            yield screens

    async def _act(self, crowd: Crowd, desks: list[Desk], striker: Striker) -> None:
        stop, clock = asyncio.Event(), asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(None) as limit, crowd.writing(stop), asyncio.TaskGroup() as working:
                for desk in desks:
                    working.create_task(desk.work(Rhythm(_COMMANDS_PER_S, stop, desk.random)))
                try:
                    await striker.strike(self.wanted.seconds)
                finally:
                    stop.set()
                    limit.reschedule(clock() + _ANSWERED_WITHIN_S)
        except TimeoutError:
            self.told.problems.append(f"Somebody was not answered within {_ANSWERED_WITHIN_S} s of the last fault.")

    async def _all_arrived(self, stack: Any, ledger: Ledger, screens: list[Screen], crowd: Crowd) -> Evidence:
        """Whatever is not there after that is missing, which the reckoning says."""
        evidence = Evidence()

        async def all_there() -> None:
            nonlocal evidence
            for screen in screens:
                assert ledger.acknowledged.keys() <= screen.first_seen.keys()
            evidence = await Evidence.gathered(stack)
            replies = Replies.of(evidence, ledger)
            assert replies.decided
            assert ledger.poison_taken <= {ledger.mark_in(letter.text) for letter in evidence.letters}
            for end in crowd.ends():
                assert (
                    not Counter(replies.due_at(end))
                    - Counter(await arrived_at(end, ledger))
                    - Counter(replies.given_up)
                )
            counts = {sum(map(len, screen.timelines.values())) for screen in screens}
            assert counts == {sum(map(len, evidence.stored.values()))}

        try:
            await eventually(all_there, _ARRIVED_WITHIN_S)
        except AssertionError:
            evidence = await Evidence.gathered(stack)
        return evidence

    async def _reckon(
        self,
        ledger: Ledger,
        evidence: Evidence,
        screens: list[Screen],
        desks: list[Desk],
        crowd: Crowd,
        striker: Striker,
    ) -> None:
        told = self.told
        told.sent, told.acknowledged = len(ledger.sent), len(ledger.acknowledged)
        told.sent_again = dict(ledger.sent_again)
        told.faults = striker.by_kind()
        reckon_messages(ledger, evidence, told)
        reckon_published(evidence, told)
        for screen in screens:
            reckon_screen(evidence, screen, told)
        replies = Replies.of(evidence, ledger)
        told.replies_given_up = len(replies.given_up)
        told.complain(replies.failed, "Replies that are said to have failed")
        for end in crowd.ends():
            arrived = await arrived_at(end, ledger)
            reckon_replies(replies.due_at(end), replies.given_up, arrived, end.name, told)
            reckon_reply_order(replies.sequences_at(end), replies.given_up, arrived, end.name, told)
        reckon_letters(ledger, evidence, told)
        told.complain(crowd.poisoner.let_in, "Let in")
        for desk in desks:
            told.complain(desk.refused, "Commands refused")
            told.replies_twice += told.complain(desk.other_answers, "A command sent twice was answered in two ways")
        for visitor in crowd.visitors:
            own = Counter(mark for text in visitor.own() for mark in ledger.marks_in(text))
            told.duplicated += told.complain(+(own - Counter(list(own))), "A visitor sees an own message twice")
            told.duplicated += told.complain([1] * visitor.contradictions, "A chat entry changed its text")
        self._reckon_stalls(ledger, screens, striker)
        told.complain(
            [f"{b.kind} {b.target}: {b.failed}" for b in striker.blows if b.failed], "Faults that did not go as planned"
        )

    def _reckon_stalls(self, ledger: Ledger, screens: list[Screen], striker: Striker) -> None:
        """All go to a file; what is too long is a problem."""
        times = Times(ledger.sent, ledger.acknowledged, {screen.name: screen.first_seen for screen in screens})
        found, under_fire = stalls(striker.blows, times), stalls_under_fire(striker.blows, times)
        lines = [
            json.dumps([kind, round(stall.seconds, 1), [blow.number for blow in stall.blows], stall.cause, stall.what])
            for kind, all_of_them in (("after a barrage", found), ("under fire", under_fire))
            for stall in all_of_them
        ]
        (self.wanted.folder / "stalls.jsonl").write_text("\n".join(lines))

        def longest(of: list[Stall]) -> float:
            return of[0].seconds if of else 0.0

        self.told.longest_stall_s, self.told.longest_stall_under_fire_s = longest(found), longest(under_fire)
        self.told.complain(
            [f"{s.seconds:.0f} s after {s.cause} ({s.what})" for s in found if s.seconds > self.wanted.stall_s],
            f"Stalls over {self.wanted.stall_s:.0f} s",
        )
