"""Whole timelines, as far as one command needs them: each is read once."""

from collections.abc import Collection, Sequence

from omnifil_contracts.dossier import TimelineEntry

from case_service.domain.dossier import Dossier
from case_service.domain.opening import Opening
from case_service.domain.standing import Standing, standing
from case_service.ports import Timeline


class Histories:
    """Histories that go with the state they are asked for: what came between makes the append lose."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._read: dict[str, list[TimelineEntry]] = {}
        self._standing: dict[str, tuple[int, Standing]] = {}

    async def of(self, dossier: Dossier) -> Sequence[TimelineEntry]:
        """All entries up to `dossier.seq`."""
        read = self._read.setdefault(dossier.id, [])
        if len(read) < dossier.seq:
            read += await self._timeline.entries(dossier.id, after_seq=len(read), limit=0)
        return read if len(read) == dossier.seq else read[: dossier.seq]

    async def standing(self, dossier: Dossier) -> Standing:
        """What stands there then. Not to be changed."""
        known = self._standing.get(dossier.id)
        if known is None or known[0] != dossier.seq:
            known = self._standing[dossier.id] = (dossier.seq, standing(await self.of(dossier)))
        return known[1]

    async def replies_there(self, source: Dossier, destination: Dossier | Opening) -> Collection[str]:
        """Those that stand in the destination, where replies may come from the source to be counted with them."""
        if isinstance(destination, Opening) or not (await self.standing(source)).replies:
            return ()
        return (await self.standing(destination)).replies.keys()
