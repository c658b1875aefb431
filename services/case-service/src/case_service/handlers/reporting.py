"""The report on correlation, from all timelines, one dossier after the other."""

from collections.abc import Callable
from datetime import datetime

from case_service.domain.report import Report, Reporting
from case_service.ports import Timeline


async def report_on(
    timeline: Timeline, since: datetime | None = None, progress: Callable[[Report], None] = lambda report: None
) -> Report:
    """What was decided at or after `since`. Never holds more than one dossier. Raises `Transient`; begin again then."""
    reporting = Reporting(since)
    dossier_id: str | None = None
    async for append in timeline.all_appends():
        if dossier_id is not None and append.dossier_id != dossier_id:
            reporting.ends()
            progress(reporting.report)
        dossier_id = append.dossier_id
        for entry in append.entries:
            reporting.add(entry)
    if dossier_id is not None:
        reporting.ends()
    return reporting.report
