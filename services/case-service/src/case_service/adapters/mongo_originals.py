"""The timeline as it lies in MongoDB, for erasing a person: found by reading all of it, emptied in place."""

import json
import re
from collections.abc import Iterable, Mapping

from omnifil_contracts.dossier import TimelineEntry
from omnifil_mongostore import Document, Mongo, translate

from case_service.adapters.documents import DATABASE, TIMELINE, entries_of
from case_service.domain.erasing import Sought

_HASH = re.compile(r'"sha256":"([0-9a-f]{64})"')


class MongoOriginals:
    """Implements `Originals`."""

    def __init__(self, mongo: Mongo) -> None:
        self._timeline = mongo.database(DATABASE)[TIMELINE]

    async def concerning(self, sought: Sought) -> frozenset[str]:
        # No index leads from a person to every place where they are mentioned, and one would cost each message.
        found: set[str] = set()
        with translate():
            async for document in self._timeline.find(
                {"entries": {"$regex": _any_of([*sought.customer_ids, *sought.handles])}}, {"dossier_id": True}
            ):
                found.add(document["dossier_id"])
        return frozenset(found)

    async def rewrite(
        self, dossier_id: str, entries: Mapping[int, TimelineEntry], conversations: frozenset[str]
    ) -> None:
        bounds = {"$gt": f"{dossier_id}:", "$lt": f"{dossier_id};"}
        with translate():
            documents = await self._timeline.find({"_id": bounds}).sort("_id", 1).to_list(None)
            for document in documents:
                change = _change(document, entries, conversations)
                if change:
                    await self._timeline.update_one({"_id": document["_id"]}, change)

    async def referred_to(self, blobs: frozenset[str]) -> frozenset[str]:
        found: set[str] = set()
        if not blobs:
            return frozenset()
        with translate():
            wanted = {"entries": {"$regex": _any_of(blobs)}}
            async for document in self._timeline.find(wanted, {"entries": True}):
                found.update(sha256 for text in document["entries"] for sha256 in _HASH.findall(text))
        return frozenset(found & blobs)


def _change(document: Document, entries: Mapping[int, TimelineEntry], conversations: frozenset[str]) -> Document:
    """The update that this append needs, if any. An index goes by whether a field exists, so an empty one goes."""
    kept: Document = {}
    gone: Document = {}
    present = entries_of(document)
    if any(each.seq in entries for each in present):
        kept["entries"] = [
            entries[each.seq].model_dump_json() if each.seq in entries else text
            for each, text in zip(present, document["entries"], strict=True)
        ]
    claims = [each for each in document.get("claims", ()) if each not in conversations]
    known = [each for each in document.get("known", ()) if each["conversation_id"] not in conversations]
    for name, left in (("claims", claims), ("known", known)):
        if name in document and len(left) != len(document[name]):
            if left:
                kept[name] = left
            else:
                gone[name] = ""
    return {operator: fields for operator, fields in (("$set", kept), ("$unset", gone)) if fields}


def _any_of(values: Iterable[str]) -> str:
    """A regular expression for any of these as JSON text has them, in whatever case."""
    written = sorted(json.dumps(value, ensure_ascii=False)[1:-1] for value in values)
    return "(?i)" + "|".join(re.escape(each) for each in written)
