"""Every dossier with what stands in it, one after the other: as much is in memory as the longest of them."""

from collections.abc import AsyncIterator, Sequence

from omnifil_contracts.dossier import TimelineEntry

from case_service.domain.dossier import Dossier, evolve
from case_service.domain.exported import ExportedDossier, exported
from case_service.domain.lookups import Lookup
from case_service.domain.references import Patterns
from case_service.ports import Timeline


class Exporting:
    """Reads the timeline alone: what the relay has not projected yet is in it as well."""

    def __init__(self, timeline: Timeline, patterns: Patterns) -> None:
        self._timeline = timeline
        self._patterns = patterns

    async def dossiers(self, customer_id: str | None = None) -> AsyncIterator[ExportedDossier]:
        """All of them, or those that are this customer's now, in the order of their ids. Raises `Transient`."""
        histories = self._everybody() if customer_id is None else self._of(customer_id)
        async for dossier_id, history in histories:
            dossier: Dossier | None = None
            for entry in history:
                dossier = evolve(dossier_id, dossier, entry, self._patterns)
            if dossier is not None and customer_id in (None, dossier.customer_id):
                yield exported(dossier, history)

    async def _everybody(self) -> AsyncIterator[tuple[str, Sequence[TimelineEntry]]]:
        current: str | None = None
        history: list[TimelineEntry] = []
        async for append in self._timeline.all_appends():
            if append.dossier_id != current:
                if current is not None:
                    yield current, history
                current, history = append.dossier_id, []
            history += append.entries
        if current is not None:
            yield current, history

    async def _of(self, customer_id: str) -> AsyncIterator[tuple[str, Sequence[TimelineEntry]]]:
        """Every dossier that was ever theirs: each has claimed one of the customer's ordinals."""
        found = await self._timeline.look_up(Lookup(customers=frozenset([customer_id])), newest=None)
        for dossier_id in sorted(found.dossiers):
            yield dossier_id, await self._timeline.history(dossier_id)
