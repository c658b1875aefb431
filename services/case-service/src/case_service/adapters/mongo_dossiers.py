"""The projection of dossiers in MongoDB."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from omnifil_mongostore import BulkWriteError, Document, Mongo, Positions, ReplaceOne, duplicates, translate

from case_service.adapters.documents import DATABASE, DOSSIERS, WATERMARK, dossier_document, dossier_of, view_of
from case_service.domain.dossier import Dossier
from case_service.ports import InvalidPage, Page, Question


class MongoDossiers:
    """Implements `Dossiers`."""

    def __init__(self, mongo: Mongo) -> None:
        database = mongo.database(DATABASE)
        self._dossiers = database[DOSSIERS]
        self._positions = Positions(database)

    async def store(self, dossiers: Sequence[Dossier]) -> None:
        if not dossiers:
            return
        writes = [
            ReplaceOne({"_id": each.id, "seq": {"$lt": each.seq}}, dossier_document(each), upsert=True)
            for each in dossiers
        ]
        try:
            with translate():
                await self._dossiers.bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            # One that is as new, or newer, is there: the upsert finds nothing older and runs into its _id.
            for refused in duplicates(error):
                if refused.key_pattern != ("_id",):
                    raise

    async def unequal(self, dossiers: Sequence[Dossier]) -> frozenset[str]:
        with translate():
            documents = await self._dossiers.find({"_id": {"$in": [each.id for each in dossiers]}}).to_list(None)
        present = {document["_id"]: document for document in documents}
        return frozenset(
            each.id
            for each in dossiers
            if each.id in present
            and present[each.id]["seq"] == each.seq
            and present[each.id] != _as_stored(dossier_document(each))
        )

    async def correct(self, dossier: Dossier) -> None:
        with translate():
            await self._dossiers.replace_one({"_id": dossier.id, "seq": dossier.seq}, dossier_document(dossier))

    async def load(self, dossier_ids: Sequence[str]) -> dict[str, Dossier]:
        with translate():
            documents = await self._dossiers.find(
                {"_id": {"$in": list(dossier_ids)}}, {"view": True, "memory": True}
            ).to_list(None)
        return {document["_id"]: dossier_of(document) for document in documents}

    async def find(self, question: Question) -> Page:
        with translate():
            documents = (
                await self._dossiers.find(selection(question), {"view": True, "last_entry_at": True})
                .sort([("last_entry_at", -1), ("_id", -1)])
                .limit(question.limit + 1)
                .to_list(None)
            )
        shown = documents[: question.limit]
        return Page(
            dossiers=tuple(view_of(document) for document in shown),
            next_page=_page_after(shown[-1]) if len(documents) > len(shown) else None,
        )

    async def longest_waits(self) -> Mapping[str, datetime]:
        # Sorted and grouped in the order of the index: MongoDB looks at one key for each channel.
        stages: list[Document] = [
            {"$match": {"waits_on": {"$exists": True}}},
            {"$sort": {"waits_on": 1, "waits_since": 1}},
            {"$group": {"_id": "$waits_on", "since": {"$first": "$waits_since"}}},
        ]
        with translate():
            found = await self._dossiers.aggregate(stages, hint="waiting").to_list(None)
        return {each["_id"]: each["since"] for each in found}

    async def watermark(self) -> Mapping[int, int]:
        stored = await self._positions.load(WATERMARK)
        return stored.offsets if stored else {}


def _as_stored(document: Document) -> Document:
    """MongoDB keeps milliseconds."""
    return {
        name: value.replace(microsecond=value.microsecond // 1000 * 1000) if isinstance(value, datetime) else value
        for name, value in document.items()
    }


def selection(question: Question) -> Document:
    """The filter of a question; each of its fields has an index that also gives the order."""
    wanted: Document = {}
    if question.statuses:
        wanted["status"] = {"$in": sorted(status.value for status in question.statuses)}
    if question.assigned_to is not None:
        wanted["assigned_to"] = None if question.assigned_to == "none" else question.assigned_to
    if question.channel is not None:
        wanted["channels"] = question.channel
    if question.customer_id is not None:
        wanted["customer_id"] = question.customer_id
    if question.words:
        wanted["$and"] = [{"words": {"$regex": f"^{re.escape(word)}"}} for word in question.words]
    if question.after is not None:
        at, dossier_id = _page_start(question.after)
        wanted["$or"] = [{"last_entry_at": {"$lt": at}}, {"last_entry_at": at, "_id": {"$lt": dossier_id}}]
    return wanted


def _page_after(document: Document) -> str:
    token = json.dumps([document["last_entry_at"].isoformat(), document["_id"]])
    return base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


def _page_start(token: str) -> tuple[datetime, str]:
    try:
        at, dossier_id = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None or not isinstance(dossier_id, str):
            raise ValueError("not an instant and an id")
    except (ValueError, TypeError) as error:
        raise InvalidPage("This page is unknown: begin at the first.") from error
    return instant, dossier_id
