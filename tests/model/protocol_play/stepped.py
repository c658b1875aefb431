"""The far side of case-service's ports, on which everybody waits for a turn before and after each piece of I/O."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from case_service.adapters.documents import append_document
from case_service.adapters.in_memory import InMemoryDossiers, InMemoryTimeline
from case_service.adapters.kafka_publications import records_of
from case_service.domain.decisions import Append, Group
from case_service.domain.dossier import Dossier
from case_service.domain.lookups import Found, Lookup
from case_service.ports import NEWEST_DOSSIERS, Lost, Page, Question
from omnifil_contracts.dossier import DossierEvent
from omnifil_contracts.topics import DOSSIER_EVENTS
from omnifil_messaging.outgoing import wire
from omnifil_mongostore import Change, ChangeBatch, Fenced, ResumeToken, StoredPosition

Turn = Callable[[], Coroutine[Any, Any, None]]


class Turns:
    """Who waits, and the drawn order in which they go on."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[asyncio.Future[None]]] = defaultdict(list)
        self._dead: set[str] = set()

    def of(self, who: str) -> Turn:
        async def wait() -> None:
            turn = asyncio.get_running_loop().create_future()
            self._waiting[who].append(turn)
            await turn

        return wait

    def dies(self, who: str) -> None:
        self._dead.add(who)

    def those_who_wait(self) -> list[str]:
        return [who for who, turns in self._waiting.items() if turns and who not in self._dead]

    def waits_for(self, who: str) -> int:
        """For how many things at once."""
        return len(self._waiting[who])

    def goes_on(self, who: str, chosen: int = 0) -> None:
        turns = self._waiting[who]
        turn = turns.pop(chosen % len(turns))
        if not turn.done():
            turn.set_result(None)


class SteppedTimeline(InMemoryTimeline):
    """Three queries, a load for each dossier, an insert for each document: others come in between."""

    def __init__(self, store: InMemoryTimeline, turn: Turn, broken: str) -> None:
        super().__init__(log=store.log)
        self._turn, self._broken = turn, broken

    async def look_up(self, lookup: Lookup, *, newest: int | None = NEWEST_DOSSIERS) -> Found:
        found = []
        for part in (Lookup(lookup.customers), Lookup(conversations=lookup.conversations), Lookup(known=lookup.known)):
            await self._turn()
            found.append(await super().look_up(part, newest=newest))
        return Found(found[0].ordinals, found[1].claims, found[2].spots)

    async def load(self, dossier_ids: Sequence[str]) -> dict[str, Dossier]:
        found: dict[str, Dossier] = {}
        for each in dossier_ids:
            await self._turn()
            found |= await super().load([each])
        return found

    async def append(self, groups: Sequence[Group]) -> dict[int, Lost]:
        lost: dict[int, Lost] = {}
        for index, group in enumerate(groups):
            await self._turn()
            for reason in (await super().append([group])).values():
                lost[index] = reason
        await self._turn()
        return lost

    def _refused(self, append: Append) -> Lost | None:
        reason = super()._refused(append)
        if self._broken == "no-unique-effect" and reason is not None and reason.effect_id is not None:
            return None
        return None if self._broken == "no-unique-place" and self.log.has_place(append) else reason


class SteppedDossiers(InMemoryDossiers):
    def __init__(self, store: InMemoryDossiers, mark: "Mark", turn: Turn, broken: str) -> None:
        super().__init__()
        self._dossiers, self._mark = store._dossiers, mark
        self._turn, self._broken = turn, broken

    async def store(self, dossiers: Sequence[Dossier]) -> None:
        for each in dossiers:
            await self._turn()
            if self._broken == "projection-goes-back":
                self._dossiers[each.id] = each
            await super().store([each])

    async def load(self, dossier_ids: Sequence[str]) -> dict[str, Dossier]:
        await self._turn()
        return await super().load(dossier_ids)

    async def find(self, question: Question) -> Page:
        await self._turn()
        return await super().find(question)

    async def watermark(self) -> Mapping[int, int]:
        await self._turn()
        return self._mark.stored.offsets if self._mark.stored else {}


class Mark:
    """The position `relay`, as MongoDB keeps it."""

    stored: StoredPosition | None = None
    fence = 0


class SteppedPositions:
    def __init__(self, mark: Mark, turn: Turn, broken: str) -> None:
        self._mark, self._turn, self._broken = mark, turn, broken

    async def claim(self, name: str, fence: int) -> StoredPosition | None:
        await self._turn()
        if self._broken != "watermark-not-claimed":
            self._fence(fence)
        return self._mark.stored

    async def save(
        self,
        name: str,
        token: ResumeToken,
        offsets: Mapping[int, int],
        *,
        fence: int,
        reached_at: datetime | None = None,
    ) -> None:
        await self._turn()
        self._fence(fence)
        self._mark.stored = StoredPosition(token, dict(offsets), datetime.now(UTC), reached_at)
        await self._turn()

    def _fence(self, fence: int) -> None:
        if fence < self._mark.fence:
            raise Fenced("Somebody with a later lease was here.")
        self._mark.fence = fence


class SteppedTail:
    """The change stream; also its first batch may bring changes."""

    def __init__(self, appended: Sequence[Append], turn: Turn) -> None:
        self._appended, self._turn = appended, turn

    async def batches(self, token: ResumeToken | None, stop: asyncio.Event) -> AsyncGenerator[ChangeBatch]:
        at = token["at"] if token else len(self._appended)
        if token is None:
            yield ChangeBatch([], {"at": at})
        while not stop.is_set():
            await self._turn()
            if found := list(self._appended[at : at + 2]):
                at += len(found)
                changes = [Change("insert", {}, append_document(each, each.entries)) for each in found]
                yield ChangeBatch(changes, {"at": at})


class SteppedTopic:
    """Implements `Publications` on one partition of `dossier.events.v1`."""

    def __init__(self, topic: list[DossierEvent], turn: Turn) -> None:
        self._topic, self._turn = topic, turn

    async def publish(self, appends: Sequence[Append]) -> Mapping[int, int]:
        end = len(self._topic)
        outgoing = [each for append in appends for each in records_of(append)]
        for each in outgoing:
            await self._turn()
            if each.topic == DOSSIER_EVENTS.name:
                self._topic.append(DossierEvent.model_validate_json(wire(each).value or b""))
                end = len(self._topic)
        await self._turn()
        return {0: end}

    async def ends(self) -> Mapping[int, int]:
        await self._turn()
        return {0: len(self._topic)}
