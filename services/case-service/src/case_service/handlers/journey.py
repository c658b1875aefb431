"""All contacts of a customer in time, page by page."""

from datetime import datetime

from omnifil_contracts.views import Contact, Journey

from case_service.domain import contacts
from case_service.ports import Dossiers, Question, Timeline

_OF_CUSTOMER = 200
"""MongoDB merges as many scans of an index without sorting (`internalQueryMaxScansToExplode`)."""
_ROUNDS = 5
"""What was moved away is skipped; who moved thousands of messages gets a shorter page rather than a longer wait."""


class JourneyReading:
    """Reads what the dossiers of one customer hold, newest first."""

    def __init__(self, timeline: Timeline, dossiers: Dossiers) -> None:
        self._timeline = timeline
        self._dossiers = dossiers

    async def of(self, customer_id: str, before: datetime | None, limit: int) -> Journey:
        """At least nothing, mostly `limit` contacts and those of the same millisecond as the last.

        `next_before` is null when there is nothing before. Of more than 200 dossiers the 200 newest are read.
        """
        views = {
            view.dossier_id: view
            for view in (await self._dossiers.find(Question(customer_id=customer_id, limit=_OF_CUSTOMER))).dossiers
        }
        if not views:
            return Journey(contacts=())
        found: list[Contact] = []
        for _ in range(_ROUNDS):
            said = await self._timeline.said(sorted(views), before, limit)
            found += contacts.contacts(said, views, before)
            before = said.complete_from
            if before is None or len(found) >= limit:
                break
        return _page(found, limit, before)


def _page(found: list[Contact], limit: int, more_before: datetime | None) -> Journey:
    if len(found) <= limit:
        return Journey(contacts=tuple(found), next_before=more_before)
    last = found[limit - 1].at
    shown = [each for each in found if each.at >= last]
    more = more_before is not None or len(shown) < len(found)
    return Journey(contacts=tuple(shown), next_before=last if more else None)
