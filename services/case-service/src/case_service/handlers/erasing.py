"""A person's part of the dossiers: shown whole to be exported, and emptied for good."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from omnifil_contracts.dossier import DossierView, Status, StatusChanged, TimelineEntry
from omnifil_contracts.identity import Actor, Because
from omnifil_servicekit.errors import Transient
from pydantic import BaseModel

from case_service.domain.decisions import Append, Group
from case_service.domain.dossier import Dossier, evolve
from case_service.domain.erasing import Cleared, Sought, clear, of_person, view_of_person
from case_service.domain.lookups import Lookup
from case_service.domain.references import Patterns
from case_service.ports import Dossiers, Timeline

_ROUNDS = 12
RULE = "erasure"


class Originals(Protocol):
    """The timeline as it lies in the store, for the one thing that changes what is in it. Raises `Transient`."""

    async def concerning(self, sought: Sought) -> frozenset[str]:
        """The dossiers in whose entries one of their customer ids or handles stands. Reads all there is."""
        ...

    async def rewrite(
        self, dossier_id: str, entries: Mapping[int, TimelineEntry], conversations: frozenset[str]
    ) -> None:
        """Put these entries, by `seq`, in the place of those that are there, and forget that the dossier has claimed
        these conversations and knows messages of them."""
        ...

    async def referred_to(self, blobs: frozenset[str]) -> frozenset[str]:
        """Those of these hashes that stand in any entry. Reads all there is."""
        ...


class Learnt(Protocol):
    """Told, before anything is emptied, of what else there is of the person elsewhere: a crash must not forget it."""

    async def __call__(self, cleared: Cleared) -> None: ...


class Holding(BaseModel):
    """What a dossier holds of a person."""

    dossier: DossierView
    entries: tuple[TimelineEntry, ...]


class Erasing:
    """Reads whole timelines, and all of them to find a person: made for once in a while, beside the daily work."""

    def __init__(
        self,
        timeline: Timeline,
        originals: Originals,
        dossiers: Dossiers,
        patterns: Patterns,
        clock: Callable[[], datetime],
    ) -> None:
        self._timeline = timeline
        self._originals = originals
        self._dossiers = dossiers
        self._patterns = patterns
        self._clock = clock

    async def holdings(self, sought: Sought) -> list[Holding]:
        """By dossier, the entries that are about the person."""
        found: list[Holding] = []
        for dossier_id in sorted(await self._concerned(sought)):
            dossier, history = await self._read(dossier_id)
            if dossier is None:
                continue
            if entries := of_person(dossier.view, history, sought):
                found.append(Holding(dossier=view_of_person(dossier.view, history, sought), entries=tuple(entries)))
        return found

    async def count(self, sought: Sought) -> Mapping[str, int]:
        """How much an erasure would empty."""
        cleared = [each async for _, each in self._each(sought)]
        blobs = frozenset(sha256 for each in cleared for sha256 in each.blobs)
        return {
            "dossiers": len(cleared),
            "entries": sum(len(each.entries) for each in cleared),
            "conversations": len({name for each in cleared for name in each.conversations}),
            "files": len(blobs),
        }

    async def erase(self, erasure_id: str, sought: Sought, by: Actor, learnt: Learnt) -> Mapping[str, int]:
        """Empty what is about the person, and say so in each dossier. Repeated, it goes on where it stopped.

        Returns the last `seq` of each dossier concerned. Raises `Transient`.
        """
        ends: dict[str, int] = {}
        async for dossier, cleared in self._each(sought):
            ends[dossier.id] = await self._erase_one(erasure_id, dossier, cleared, sought, by, learnt)
        return ends

    async def carried(self, ends: Mapping[str, int]) -> bool:
        """Whether the relay has published and projected these dossiers up to these entries."""
        projected = await self._dossiers.load(list(ends))
        return all(dossier_id in projected and projected[dossier_id].seq >= seq for dossier_id, seq in ends.items())

    async def _erase_one(
        self, erasure_id: str, dossier: Dossier, cleared: Cleared, sought: Sought, by: Actor, learnt: Learnt
    ) -> int:
        for _ in range(_ROUNDS):
            await learnt(cleared)
            await self._originals.rewrite(dossier.id, cleared.entries, frozenset(cleared.conversations))
            append = self._saying(erasure_id, dossier, cleared, by)
            lost = await self._timeline.append([Group([append], [0])])
            if not lost:
                return append.last_seq
            if lost[0].effect_id is not None:
                return dossier.seq
            # Somebody wrote into it meanwhile: that may be about the person, too.
            read, history = await self._read(dossier.id)
            dossier = read or dossier
            cleared = clear(dossier.view, history, sought)
        raise Transient(f"Dossier {dossier.id} is being written by many at once: the erasure tries again.")

    def _saying(self, erasure_id: str, dossier: Dossier, cleared: Cleared, by: Actor) -> Append:
        now = max(self._clock(), dossier.memory.appended_at)
        seq = dossier.seq
        events: list[Any] = [cleared.event]
        if cleared.event.is_theirs:
            events.append(StatusChanged(status=Status.CLOSED, because=Because(rule=RULE)))
        append = Append(dossier.id, seq + 1)
        for number, event in enumerate(events):
            append.entries.append(
                TimelineEntry(
                    seq=seq + 1 + number,
                    at=now,
                    occurred_at=now,
                    actor=by,
                    effect_id=f"ers:{erasure_id}:{dossier.id}:{number}",
                    event=event,
                )
            )
        return append

    async def _each(self, sought: Sought) -> AsyncIterator[tuple[Dossier, Cleared]]:
        """Every dossier concerned with what an erasure makes of it; also those to which something of them has moved."""
        waiting, seen = set(await self._concerned(sought)), set[str]()
        while waiting:
            dossier_id = min(waiting)
            waiting.discard(dossier_id)
            seen.add(dossier_id)
            dossier, history = await self._read(dossier_id)
            if dossier is None:
                continue
            cleared = clear(dossier.view, history, sought)
            waiting |= cleared.moved_to - seen
            if cleared.entries or cleared.event.is_theirs:
                yield dossier, cleared

    async def _concerned(self, sought: Sought) -> Iterable[str]:
        found = await self._timeline.look_up(Lookup(customers=sought.customer_ids), newest=None)
        return found.dossiers | await self._originals.concerning(sought)

    async def _read(self, dossier_id: str) -> tuple[Dossier | None, Sequence[TimelineEntry]]:
        history = await self._timeline.history(dossier_id)
        dossier: Dossier | None = None
        for entry in history:
            dossier = evolve(dossier_id, dossier, entry, self._patterns)
        return dossier, history
