"""`case-service export`: the dossiers as one JSON document, or for people to read, on standard output."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator

from omnifil_mongostore import connect
from omnifil_servicekit.errors import Transient

from case_service.adapters.mongo_timeline import MongoTimeline
from case_service.domain.exported import ExportedDossier
from case_service.handlers.exporting import Exporting
from case_service.settings import Settings

_TEXT_CHARS = 72


def run(settings: Settings, *, customer_id: str | None, as_json: bool) -> int:
    """Exit code 1: the customer has no dossier; 3: MongoDB went away, and what was written is not whole."""
    try:
        return asyncio.run(_export(settings, customer_id, as_json=as_json))
    except Transient as error:
        print(f"The export is not complete: {error}. Run it again.", file=sys.stderr)
        return 3
    except BrokenPipeError:
        # Whoever read has enough (`| head`): what Python still wants to flush goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


async def _export(settings: Settings, customer_id: str | None, *, as_json: bool) -> int:
    patterns = settings.policy().patterns
    async with connect(settings.mongo_uri, prefix=settings.mongo_prefix, app_name="case-service export") as mongo:
        dossiers = Exporting(MongoTimeline(mongo, patterns=patterns), patterns).dossiers(customer_id)
        number = await (_as_json(dossiers) if as_json else _for_people(dossiers))
    if customer_id is not None and not number:
        print(f"The customer {customer_id} has no dossier.", file=sys.stderr)
        return 1
    return 0


async def _as_json(dossiers: AsyncIterator[ExportedDossier]) -> int:
    """One line for each dossier, so that it is read by people, too."""
    number = 0
    sys.stdout.write('{"dossiers": [')
    async for dossier in dossiers:
        sys.stdout.write(("," if number else "") + "\n" + dossier.model_dump_json())
        number += 1
    sys.stdout.write("\n]}\n")
    sys.stdout.flush()
    return number


async def _for_people(dossiers: AsyncIterator[ExportedDossier]) -> int:
    number = messages = 0
    async for dossier in dossiers:
        number += 1
        messages += len(dossier.messages)
        print("\n".join(_lines(dossier)))
    print(f"{number} dossiers, {messages} messages. With --json: all of it, for other tools.")
    return number


def _lines(dossier: ExportedDossier) -> list[str]:
    where = f", merged into {dossier.merged_into}" if dossier.merged_into else ""
    lines = [f"{dossier.number}  {dossier.status.value}{where}  {dossier.subject or ''}".rstrip()]
    for message in dossier.messages:
        who = (
            f"{message.sender.value} ({message.sender.assurance})" if message.direction == "inbound" else "the company"
        )
        facts = ", ".join(each.code for each in message.because.evidence)
        text = " ".join(message.text.split())[:_TEXT_CHARS]
        lines.append(f"    {message.at:%Y-%m-%d %H:%M}  {message.channel:<8} {who}: {text}")
        lines.append(f"    {'':16}  {'':8} because {message.because.rule}" + (f": {facts}" if facts else ""))
    return [*lines, ""]
