"""Folding every timeline anew, with the relay's own code, and comparing with the projection that is there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from case_service.domain.dossier import Dossier, evolve
from case_service.domain.references import Patterns
from case_service.ports import Dossiers, Timeline

_AT_ONCE = 200


@dataclass
class Rebuilt:
    """`differences`: documents that were not what their timeline says; they are now. `restored`: missing or behind."""

    dossiers: int = 0
    entries: int = 0
    differences: int = 0
    restored: int = 0


class Rebuilding:
    """Safe while the relay runs: both fold the same entries, and a document is only replaced by one as new or newer."""

    def __init__(self, timeline: Timeline, dossiers: Dossiers, patterns: Patterns) -> None:
        self._timeline = timeline
        self._dossiers = dossiers
        self._patterns = patterns

    async def rebuild(self, progress: Callable[[Rebuilt], None] = lambda rebuilt: None) -> Rebuilt:
        """Raises `Transient`; begin again then."""
        rebuilt = Rebuilt()
        folded: list[Dossier] = []
        dossier: Dossier | None = None
        async for append in self._timeline.all_appends():
            if dossier is not None and dossier.id != append.dossier_id:
                folded.append(dossier)
                dossier = None
                if len(folded) >= _AT_ONCE:
                    await self._compare(folded, rebuilt)
                    folded = []
                    progress(rebuilt)
            for entry in append.entries:
                dossier = evolve(append.dossier_id, dossier, entry, self._patterns)
                rebuilt.entries += 1
        if dossier is not None:
            folded.append(dossier)
        await self._compare(folded, rebuilt)
        progress(rebuilt)
        return rebuilt

    async def _compare(self, folded: Sequence[Dossier], rebuilt: Rebuilt) -> None:
        rebuilt.dossiers += len(folded)
        present = await self._dossiers.load([each.id for each in folded])
        # Entries may have come while this was read: fold them too, to compare like with like.
        same = [await self._advanced(each, present[each.id].seq) for each in folded if each.id in present]
        behind = [each for each in same if present[each.id].seq < each.seq]
        missing = [each for each in folded if each.id not in present]
        rebuilt.restored += len(behind) + len(missing)
        await self._dossiers.store([*behind, *missing])
        unequal = await self._dossiers.unequal(same)
        rebuilt.differences += len(unequal)
        for dossier in same:
            if dossier.id in unequal:
                await self._dossiers.correct(dossier)

    async def _advanced(self, dossier: Dossier, seq: int) -> Dossier:
        if dossier.seq >= seq:
            return dossier
        for entry in await self._timeline.entries(dossier.id, after_seq=dossier.seq, before_seq=seq + 1, limit=0):
            dossier = evolve(dossier.id, dossier, entry, self._patterns)
        return dossier
