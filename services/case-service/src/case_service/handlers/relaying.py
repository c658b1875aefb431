"""The way out of the timeline: publish and project, side by side, batch after batch."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime

from cachetools import LRUCache
from omnifil_contracts.dossier import CustomerErased, MessageLinked, ReplyRequested
from omnifil_servicekit.metrics import Stage, message_seconds, messages

from case_service.domain.decisions import Append
from case_service.domain.dossier import Dossier, evolve
from case_service.domain.references import Patterns
from case_service.ports import Dossiers, Publications, Timeline

_CACHED_DOSSIERS = 10_000
_SCANNED = 500


class Relaying:
    """Carries appends out. One at a time in the whole installation: `forget` when somebody else may have been at it."""

    def __init__(
        self,
        timeline: Timeline,
        dossiers: Dossiers,
        publications: Publications,
        patterns: Patterns,
    ) -> None:
        self._timeline = timeline
        self._dossiers = dossiers
        self._publications = publications
        self._patterns = patterns
        self._folded: LRUCache[str, Dossier] = LRUCache(_CACHED_DOSSIERS)

    def forget(self) -> None:
        self._folded.clear()

    async def carry(self, appends: Sequence[Append]) -> Mapping[int, int]:
        """Publish and project these. Returns, by partition, the offsets behind what was published.

        Repeating appends is harmless: readers and the projection go by `seq`. Raises `Transient`.
        """
        published, projected = await asyncio.gather(
            self._publications.publish(appends), self.project(appends), return_exceptions=True
        )
        if isinstance(published, BaseException):
            raise published
        if isinstance(projected, BaseException):
            raise projected
        _count(appends, datetime.now(UTC))
        return published

    async def suspects(self, since: datetime | None) -> AsyncIterator[list[Append]]:
        """What may not have been carried out: appended since then, or ahead of the projection. None: everything."""
        async for appends in self._chunks():
            if since is not None:
                projected = await self._dossiers.load(list({append.dossier_id for append in appends}))
                appends = [
                    append
                    for append in appends
                    if append.entries[-1].at >= since
                    or append.dossier_id not in projected
                    or append.last_seq > projected[append.dossier_id].seq
                ]
            if appends:
                yield appends

    async def _chunks(self) -> AsyncIterator[list[Append]]:
        chunk: list[Append] = []
        async for append in self._timeline.all_appends():
            chunk.append(append)
            if len(chunk) >= _SCANNED:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    async def project(self, appends: Sequence[Append]) -> None:
        """Fold these into the projection."""
        concerned = list(dict.fromkeys(append.dossier_id for append in appends))
        unknown = [each for each in concerned if each not in self._folded]
        folded = {each: self._folded[each] for each in concerned if each in self._folded}
        folded |= await self._dossiers.load(unknown) if unknown else {}
        before = {dossier_id: dossier.seq for dossier_id, dossier in folded.items()}
        for append in appends:
            dossier = await self._fold(folded.get(append.dossier_id), append)
            folded[append.dossier_id] = dossier
        await self._dossiers.store([each for each in folded.values() if each.seq > before.get(each.id, 0)])
        self._folded.update(folded)

    async def _fold(self, dossier: Dossier | None, append: Append) -> Dossier:
        seq = dossier.seq if dossier else 0
        entries = append.entries
        if any(isinstance(entry.event, CustomerErased) for entry in entries):
            # What was folded before was emptied in the timeline: nothing of it may be kept.
            dossier, seq = None, 0
        if append.first_seq > seq + 1:
            # The projection was behind more than this stream tells: the timeline knows the rest.
            missing = await self._timeline.entries(
                append.dossier_id, after_seq=seq, before_seq=append.first_seq, limit=0
            )
            entries = [*missing, *entries]
        for entry in entries:
            dossier = evolve(append.dossier_id, dossier, entry, self._patterns)
        assert dossier is not None  # noqa: S101 an append has entries
        return dossier


def _count(appends: Sequence[Append], now: datetime) -> None:
    carried: Counter[tuple[str, Stage]] = Counter()
    for append in appends:
        for entry in append.entries:
            event = entry.event
            if isinstance(event, MessageLinked):
                if event.moved_from is None:
                    channel, at = event.message.channel, event.message.received_at
                    carried[channel, Stage.CARRIED] += 1
                    message_seconds(channel).observe(max((now - at).total_seconds(), 0))
            elif isinstance(event, ReplyRequested):
                carried.update((target.conversation.channel, Stage.REPLY_CARRIED) for target in event.targets)
    for (channel, stage), number in carried.items():
        messages(channel, stage).inc(number)
