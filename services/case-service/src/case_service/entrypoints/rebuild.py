"""`case-service rebuild`: the projection from the timeline, and proof that it was right."""

import asyncio
import json
import sys
import time

from omnifil_mongostore import connect, ensure_indexes
from omnifil_servicekit.errors import Transient

from case_service.adapters.documents import DATABASE, INDEXES
from case_service.adapters.mongo_dossiers import MongoDossiers
from case_service.adapters.mongo_timeline import MongoTimeline
from case_service.handlers.rebuilding import Rebuilding, Rebuilt
from case_service.settings import Settings

_PROGRESS_INTERVAL_S = 1.0


def run(settings: Settings) -> int:
    """Progress on standard error, one JSON object as the last line of standard output. Exit code 1: there were
    differences (they are corrected); 3: MongoDB is away."""
    started = time.monotonic()
    try:
        rebuilt = asyncio.run(_rebuild(settings))
    except Transient as error:
        print(f"The rebuild stopped half-way, nothing is broken: {error}. Run it again.", file=sys.stderr)
        return 3
    outcome = {
        "dossiers": rebuilt.dossiers,
        "entries": rebuilt.entries,
        "differences": rebuilt.differences,
        "restored": rebuilt.restored,
        "seconds": round(time.monotonic() - started, 3),
    }
    print(json.dumps(outcome))
    return 1 if rebuilt.differences else 0


async def _rebuild(settings: Settings) -> Rebuilt:
    policy = settings.policy()
    async with connect(settings.mongo_uri, prefix=settings.mongo_prefix, app_name="case-service rebuild") as mongo:
        await ensure_indexes(mongo.database(DATABASE), INDEXES)
        timeline = MongoTimeline(mongo, patterns=policy.patterns)
        rebuilding = Rebuilding(timeline, MongoDossiers(mongo), policy.patterns)
        return await rebuilding.rebuild(_Progress())


class _Progress:
    def __init__(self) -> None:
        self._told_at = time.monotonic()

    def __call__(self, rebuilt: Rebuilt) -> None:
        if time.monotonic() - self._told_at >= _PROGRESS_INTERVAL_S:
            self._told_at = time.monotonic()
            print(f"{rebuilt.dossiers} dossiers, {rebuilt.entries} entries …", file=sys.stderr)
