"""One history: a schedule draws whose turn it is, who dies, who is taken for dead, and when somebody writes."""

import asyncio
import random
from collections import Counter, defaultdict
from itertools import count
from types import SimpleNamespace
from typing import Any

from case_scenes.shop import Shop
from case_service.adapters.in_memory import InMemoryDossiers, InMemoryTimeline
from case_service.domain.policy import Policy
from case_service.entrypoints.relay import Relay
from case_service.handlers import Messages
from case_service.handlers.reading import Reading
from case_service.handlers.rebuilding import Rebuilding
from case_service.handlers.relaying import Relaying
from omnifil_contracts.dossier import DossierEvent, MessageLinked
from omnifil_contracts.message import IdentifiedMessage
from omnifil_mongostore import Fenced

from protocol_play.people import Client, Life, MarksFirst, ReadingLate
from protocol_play.stepped import (
    Mark,
    SteppedDossiers,
    SteppedPositions,
    SteppedTail,
    SteppedTimeline,
    SteppedTopic,
    Turns,
)

CHANNELS = ("email", "chat")
CUSTOMERS = ("customer-a", "customer-b")
_PATTERNS = Policy().patterns
_FAIR_ROUNDS = 1500


class Play:
    """`broken` names a protection that is taken away."""

    def __init__(self, rng: random.Random, broken: str = "nothing") -> None:
        self.rng, self.broken = rng, broken
        self.loop = asyncio.new_event_loop()
        self.turns = Turns()
        self.shop = Shop()
        self.store, self.documents, self.mark = InMemoryTimeline(), InMemoryDossiers(), Mark()
        self.logs: dict[str, list[IdentifiedMessage]] = {channel: [] for channel in CHANNELS}
        self.committed = dict.fromkeys(CHANNELS, 0)
        self.topic: list[DossierEvent] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.lives: dict[str, Life] = {}
        self.clients: list[Client] = []
        self.relays = 0
        self.numbers = count(1)
        self.faults: Counter[str] = Counter()

    def __enter__(self) -> "Play":
        for channel in CHANNELS:
            self.consumer_begins(channel)
        self.relay_begins()
        return self

    def __exit__(self, *ended: object) -> None:
        for task in self.tasks.values():
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*self.tasks.values(), return_exceptions=True))
        self.loop.close()

    # What may happen.

    def somebody_writes(self) -> None:
        channel = self.rng.choice(CHANNELS)
        if self.logs[channel] and self.rng.random() < 0.25:
            self.logs[channel].append(self.rng.choice(self.logs[channel]))
        else:
            self.logs[channel].append(self.shop.message(self.rng.choice(CUSTOMERS), channel=channel))

    def consumer_begins(self, channel: str) -> None:
        life = Life(f"{channel} {next(self.numbers)}", self.logs[channel], self.committed[channel])
        turn = self.turns.of(life.name)
        timeline = SteppedTimeline(self.store, turn, self.broken)
        messages = Messages(timeline, self.shop.policy, self.shop.minting, lambda: self.shop.now)
        self.lives[channel] = life
        self.tasks[life.name] = self.loop.create_task(life.run(messages, turn, self.broken))

    def consumer_is_replaced(self) -> None:
        """Its process died, or it is taken for dead and wakes later, or it hands over as it should."""
        channel = self.rng.choice(CHANNELS)
        life, how = self.lives[channel], self.rng.choice(["died", "slept", "handed over"])
        self.faults[f"consumer {how}"] += 1
        if how == "died":
            self.turns.dies(life.name)
        life.tenure.over.set()
        if how == "handed over":
            self.offsets_are_committed(channel)
        self.consumer_begins(channel)

    def offsets_are_committed(self, channel: str) -> None:
        for offset in self.lives[channel].tenure.take().values():
            self.committed[channel] = offset

    def relay_begins(self) -> None:
        self.relays += 1
        name = f"relay {self.relays}"
        turn = self.turns.of(name)
        topic = SteppedTopic(self.topic, turn)
        timeline = SteppedTimeline(self.store, turn, self.broken)
        dossiers = SteppedDossiers(self.documents, self.mark, turn, self.broken)
        made = MarksFirst if self.broken == "watermark-before-publish" else Relay
        nothing: Any = SimpleNamespace(database=lambda _: defaultdict(lambda: None))
        relay: Any = made(nothing, Relaying(timeline, dossiers, topic, _PATTERNS), topic, mark_pause_s=0)
        relay._tail = SteppedTail(self.store.appended, turn)
        relay._positions = SteppedPositions(self.mark, turn, self.broken)
        relay._lease.token = self.relays
        self.tasks[name] = self.loop.create_task(relay._follow(asyncio.Event()))

    def relay_is_replaced(self) -> None:
        how = self.rng.choice(["died", "slept"])
        self.faults[f"relay {how}"] += 1
        if how == "died":
            self.turns.dies(f"relay {self.relays}")
        self.relay_begins()

    def a_client_comes(self) -> None:
        name = f"client {len(self.clients)}"
        turn = self.turns.of(name)
        timeline = SteppedTimeline(self.store, turn, self.broken)
        dossiers = SteppedDossiers(self.documents, self.mark, turn, self.broken)
        reading = (ReadingLate if self.broken == "cursor-after-snapshot" else Reading)(timeline, dossiers)
        self.clients.append(Client())
        self.tasks[name] = self.loop.create_task(self.clients[-1].run(reading, self.topic, turn))

    def somebody_goes_on(self) -> None:
        if waiting := self.turns.those_who_wait():
            self.turns.goes_on(self.rng.choice(waiting), self.rng.randrange(2))

    def everybody_runs_until_they_wait(self) -> None:
        for _ in range(6):
            self.loop.run_until_complete(asyncio.sleep(0))
        for name, task in list(self.tasks.items()):
            if task.done():
                del self.tasks[name]
                if not isinstance(task.exception(), Fenced) and (error := task.exception()) is not None:
                    raise error

    # A whole history.

    def run(self, steps: int) -> None:
        for _ in range(steps):
            chance = self.rng.random()
            if chance < 0.04:
                self.somebody_writes()
            elif chance < 0.10:
                self.offsets_are_committed(self.rng.choice(CHANNELS))
            elif chance < 0.12:
                self.consumer_is_replaced()
            elif chance < 0.13:
                self.relay_is_replaced()
            elif chance < 0.16 and len(self.clients) < 8:
                self.a_client_comes()
            else:
                self.somebody_goes_on()
            self.everybody_runs_until_they_wait()
            self.check()
        self.everybody_finishes()

    def everybody_finishes(self) -> None:
        """Who lives gets turns, fairly, until nothing is left to do."""
        for _ in range(_FAIR_ROUNDS):
            for who in self.turns.those_who_wait():
                self.turns.goes_on(who)
            self.everybody_runs_until_they_wait()
            for channel in CHANNELS:
                self.offsets_are_committed(channel)
            if self.is_done():
                break
        self.check()
        self.check_the_end()

    def is_done(self) -> bool:
        at = self.mark.stored.resume_token if self.mark.stored else None
        return (
            all(self.committed[channel] == len(log) for channel, log in self.logs.items())
            and (at or {}).get("at", 0) == len(self.store.appended)
            and all(client.known is not None and client.at == len(self.topic) for client in self.clients)
        )

    # What must hold.

    def linked(self) -> Counter[str]:
        entries = [entry for append in self.store.appended for entry in append.entries]
        return Counter(each.event.message.message_id for each in entries if isinstance(each.event, MessageLinked))

    def check(self) -> None:
        linked = self.linked()
        assert not [each for each, count in linked.items() if count > 1], "an effect twice"
        seqs: dict[str, list[int]] = defaultdict(list)
        for append in self.store.appended:
            seqs[append.dossier_id] += [entry.seq for entry in append.entries]
        assert all(found == list(range(1, len(found) + 1)) for found in seqs.values()), "a gap, or two orders"
        for channel, offset in self.committed.items():
            assert all(each.message.message_id in linked for each in self.logs[channel][:offset]), "lost"
        if self.mark.stored is not None and self.mark.stored.resume_token is not None:
            told = {(event.dossier_id, event.entry.seq) for event in self.topic}
            for append in self.store.appended[: self.mark.stored.resume_token["at"]]:
                assert (append.dossier_id, append.last_seq) in told, "left out of the topic"
                projected = self.documents._dossiers.get(append.dossier_id)
                assert projected is not None, "left out of the projection"
                assert projected.seq >= append.last_seq, "left out of the projection"

    def check_the_end(self) -> None:
        assert self.is_done(), "somebody waits for ever"
        written = {each.message.message_id for log in self.logs.values() for each in log}
        assert set(self.linked()) == written, "lost"
        last = {append.dossier_id: append.last_seq for append in self.store.appended}
        assert len(last) == len({each.customer_id for log in self.logs.values() for each in log}), "two dossiers"
        for client in self.clients:
            assert client.known == last, "a client has missed something"
        rebuilding = Rebuilding(self.store, self.documents, _PATTERNS)
        rebuilt = self.loop.run_until_complete(rebuilding.rebuild())
        assert (rebuilt.differences, rebuilt.restored) == (0, 0), "the projection is not what the timeline says"
