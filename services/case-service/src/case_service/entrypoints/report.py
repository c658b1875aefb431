"""`case-service correlation-report`: what each rule took, and what agents corrected of it, on standard output."""

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from datetime import datetime

from omnifil_mongostore import connect
from omnifil_servicekit.errors import Transient

from case_service.adapters.mongo_timeline import MongoTimeline
from case_service.domain.report import Report, Suggested, Tally, by, total
from case_service.handlers.reporting import report_on
from case_service.settings import Settings

_PROGRESS_INTERVAL_S = 1.0


def run(settings: Settings, *, since: datetime | None, as_json: bool) -> int:
    """Exit code 3: MongoDB is away."""
    try:
        report = asyncio.run(_report(settings, since))
    except Transient as error:
        print(f"The report stopped half-way: {error}. Run it again.", file=sys.stderr)
        return 3
    print(json.dumps(document(report, since)) if as_json else "\n".join(lines(report)))
    return 0


def document(report: Report, since: datetime | None) -> dict[str, object]:
    """The report for other tools; the README has its shape."""
    return {
        "since": since.isoformat() if since else None,
        "dossiers": report.dossiers,
        "messages": report.messages,
        "rules": {
            rule: {**_tally(tally), "channels": _tallies({c: t for (r, c), t in report.rules.items() if r == rule})}
            for rule, tally in by(report.rules, 0).items()
        },
        "channels": _tallies(by(report.rules, 1)),
        "suggestions": {
            **_suggested(_sum(list(report.suggestions.values()))),
            "by_rule": {
                f"{rule}/{kind}": _suggested(each) for (rule, kind), each in sorted(report.suggestions.items())
            },
        },
    }


def lines(report: Report) -> list[str]:
    """The same for people."""
    told = [f"{report.messages} messages taken by rules, in {report.dossiers} dossiers.", ""]
    told.append(_row("", "taken", "kept", "corrected", "kept %"))
    for rule, tally in by(report.rules, 0).items():
        told.append(_tally_row(rule, tally))
        told += [_tally_row(f"  {c}", t) for (r, c), t in sorted(report.rules.items()) if r == rule]
    told.append(_tally_row("all", total(list(report.rules.values()))))
    told += ["", _row("suggestions", "offered", "accepted", "refused", "open")]
    for (rule, kind), each in sorted(report.suggestions.items()):
        told.append(_row(f"{kind} ({rule})", each.offered, each.accepted, each.refused, each.open))
    return told


async def _report(settings: Settings, since: datetime | None) -> Report:
    patterns = settings.policy().patterns
    async with connect(settings.mongo_uri, prefix=settings.mongo_prefix, app_name="case-service report") as mongo:
        return await report_on(MongoTimeline(mongo, patterns=patterns), since, _Progress())


class _Progress:
    def __init__(self) -> None:
        self._told_at = time.monotonic()

    def __call__(self, report: Report) -> None:
        if time.monotonic() - self._told_at >= _PROGRESS_INTERVAL_S:
            self._told_at = time.monotonic()
            print(f"{report.dossiers} dossiers, {report.messages} messages …", file=sys.stderr)


def _tally(tally: Tally) -> dict[str, int]:
    return {"taken": tally.taken, "kept": tally.kept, "corrected": tally.corrected}


def _tallies(tallies: Mapping[str, Tally]) -> dict[str, dict[str, int]]:
    return {name: _tally(tally) for name, tally in sorted(tallies.items())}


def _suggested(each: Suggested) -> dict[str, int]:
    return {
        "offered": each.offered,
        "accepted": each.accepted,
        "refused": each.refused,
        "moot": each.made_moot,
        "open": each.open,
    }


def _sum(suggested: list[Suggested]) -> Suggested:
    return Suggested(
        sum(each.offered for each in suggested),
        sum(each.accepted for each in suggested),
        sum(each.refused for each in suggested),
        sum(each.made_moot for each in suggested),
    )


def _tally_row(name: str, tally: Tally) -> str:
    percent = f"{100 * tally.kept / tally.taken:.1f}" if tally.taken else "–"
    return _row(name, tally.taken, tally.kept, tally.corrected, percent)


def _row(name: str, *figures: object) -> str:
    return f"{name:<28}" + "".join(f"{figure!s:>10}" for figure in figures)
