"""Snapshots that a stream of events continues."""

from collections.abc import Mapping

from omnifil_contracts.dossier import DossierView, TimelineEntry

from case_service.domain.errors import DossierNotFound
from case_service.ports import Dossiers, Page, Question, Timeline

_OF_CUSTOMER = 200


class Reading:
    """Answers questions. The watermark is read before what it belongs to: the stream after it repeats, never misses."""

    def __init__(self, timeline: Timeline, dossiers: Dossiers) -> None:
        self._timeline = timeline
        self._dossiers = dossiers

    async def inbox(self, question: Question) -> tuple[Mapping[int, int], Page]:
        """Raises `InvalidPage`."""
        watermark = await self._dossiers.watermark()
        return watermark, await self._dossiers.find(question)

    async def snapshot(
        self, dossier_id: str, limit: int
    ) -> tuple[Mapping[int, int], DossierView, tuple[TimelineEntry, ...]]:
        """The dossier as of now (it may be ahead of the watermark) and its newest entries, up to the same one."""
        watermark = await self._dossiers.watermark()
        view = await self._view(dossier_id)
        entries = await self._timeline.entries(dossier_id, before_seq=view.seq + 1, limit=limit)
        return watermark, view, tuple(entries)

    async def timeline(
        self, dossier_id: str, *, after_seq: int, before_seq: int | None, limit: int
    ) -> tuple[TimelineEntry, ...]:
        await self._view(dossier_id)
        return tuple(await self._timeline.entries(dossier_id, after_seq=after_seq, before_seq=before_seq, limit=limit))

    async def of_customer(self, customer_id: str) -> tuple[DossierView, ...]:
        """Newest activity first."""
        return (await self._dossiers.find(Question(customer_id=customer_id, limit=_OF_CUSTOMER))).dossiers

    async def _view(self, dossier_id: str) -> DossierView:
        found = (await self._timeline.load([dossier_id])).get(dossier_id)
        if found is None:
            raise DossierNotFound(dossier_id)
        return found.view
