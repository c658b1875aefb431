"""Identities in MongoDB: database `<prefix>_customers`, collection `identities`."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any

from omnifil_mongostore import (
    DESCENDING,
    BulkWriteError,
    Database,
    Document,
    Index,
    InsertOne,
    Mongo,
    Session,
    UpdateOne,
    duplicates,
    translate,
)

from customer_profile.adapters.identity_documents import (
    NOT_FOR_MESSAGES,
    OUTLINE,
    from_document,
    outline_from,
    related_from,
    to_document,
)
from customer_profile.domain.identities import KnownIdentity, Outline
from customer_profile.ports import Change, ChangedElsewhere, CommandReused, Related, Sighting

_FOR_MESSAGES = dict.fromkeys(NOT_FOR_MESSAGES, False)
_AT_ONCE = 1_000
"""Documents in the first answer; by itself MongoDB gives 101, and has to be asked again for the rest of a batch."""

DATABASE = "customers"
COLLECTION = "identities"

INDEXES = (
    Index(COLLECTION, ("customers",)),
    Index(COLLECTION, ("history.link_id",), unique=True),
    Index(COLLECTION, ("folded_name", ("seen_at", DESCENDING)), partial={"folded_name": {"$exists": True}}),
    Index(COLLECTION, ("commands",), unique=True, sparse=True),
    Index(COLLECTION, ("merges",), sparse=True),
    Index(COLLECTION, ("customers",), partial={"related": {"$exists": True}}, name="customers_with_related"),
)


class MongoIdentities:
    """One document per identity; its `version` is what a writer must have read."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._database: Database = mongo.database(DATABASE)
        self._identities = self._database[COLLECTION]

    async def by_keys(self, keys: Collection[str]) -> dict[str, KnownIdentity]:
        if not keys:
            return {}
        return {state.key: state for state in await self._find({"_id": {"$in": list(keys)}}, _FOR_MESSAGES)}

    async def with_facts(self, keys: Collection[str]) -> dict[str, KnownIdentity]:
        return {state.key: state for state in await self._find({"_id": {"$in": list(keys)}})} if keys else {}

    async def related(self, customer_ids: Collection[str]) -> dict[str, list[Related]]:
        wanted = set(customer_ids)
        with translate():
            documents = await self._identities.find(
                self.related_to(wanted), {"customer_id": True, "related": True}
            ).to_list(None)
        found: dict[str, list[Related]] = {}
        for document in documents:
            if document["customer_id"] in wanted:
                found.setdefault(document["customer_id"], []).extend(related_from(document))
        return found

    @staticmethod
    def related_to(customer_ids: Collection[str]) -> Document:
        """Served by an index that only those are in who have such records."""
        return {"customers": {"$in": sorted(customer_ids)}, "related": {"$exists": True}}

    async def any_related(self) -> bool:
        with translate():
            found = await self._identities.find_one(
                {"related": {"$exists": True}}, {"_id": True}, hint="customers_with_related"
            )
        return found is not None

    async def by_names(self, names: Collection[str], seen_after: datetime, at_most: int) -> dict[str, list[Outline]]:
        if not names:
            return {}
        with translate():
            groups = await self._database.aggregate(self.namesakes(names, seen_after, at_most)).to_list(None)
        return {group["name"]: [outline_from(each) for each in group["found"]] for group in groups if group["found"]}

    @staticmethod
    def namesakes(names: Collection[str], seen_after: datetime, at_most: int) -> list[dict[str, Any]]:
        """One round trip for all names, and for each no more than `at_most` documents, however many persons bear it."""
        latest: list[dict[str, Any]] = [
            {"$match": {"seen_at": {"$gte": seen_after}}},
            {"$sort": {"seen_at": DESCENDING}},
            {"$limit": at_most},
            {"$project": dict.fromkeys(OUTLINE, 1)},
        ]
        lookup = {"from": COLLECTION, "localField": "name", "foreignField": "folded_name", "as": "found"}
        return [
            {"$documents": [{"name": name} for name in names]},
            {"$lookup": {**lookup, "pipeline": latest}},
        ]

    async def of_customers(self, customer_ids: Collection[str]) -> dict[str, list[KnownIdentity]]:
        wanted = set(customer_ids)
        found: dict[str, list[KnownIdentity]] = {}
        for state in await self._find({"customers": {"$in": list(wanted)}}) if wanted else ():
            for customer_id in wanted.intersection(state.customers):
                found.setdefault(customer_id, []).append(state)
        return found

    async def naming(self, customer_ids: Collection[str]) -> dict[str, list[Outline]]:
        wanted = set(customer_ids)
        found: dict[str, list[Outline]] = {}
        if not wanted:
            return found
        with translate():
            documents = await self._identities.find(
                {"customers": {"$in": list(wanted)}}, OUTLINE, batch_size=_AT_ONCE
            ).to_list(None)
        for document in documents:
            for customer_id in wanted.intersection(document["customers"]):
                found.setdefault(customer_id, []).append(outline_from(document))
        return found

    async def by_link(self, link_id: str) -> KnownIdentity | None:
        found = await self._find({"history.link_id": link_id})
        return found[0] if found else None

    async def by_command(self, command_id: str) -> KnownIdentity | None:
        found = await self._find({"commands": command_id})
        return found[0] if found else None

    async def by_merge(self, merge_id: str) -> list[KnownIdentity]:
        return await self._find({"merges": merge_id})

    async def write(self, added: Sequence[KnownIdentity], changed: Sequence[Change]) -> None:
        """In one transaction where one identity rests on another: of two replicas that meet the same person at once
        through different handles, one writes all of them and the other none, and then sees them."""
        operations: list[InsertOne[Document] | UpdateOne] = [InsertOne(to_document(state)) for state in added]
        operations.extend(_compare_and_swap(change) for change in changed)

        async def attempt(session: Session | None = None) -> None:
            written = await self._identities.bulk_write(operations, ordered=session is not None, session=session)
            if written.matched_count != len(changed):
                raise ChangedElsewhere

        try:
            with translate():
                if len(operations) == 1 or _stand_alone(added, changed):
                    await attempt()
                else:
                    await self._mongo.transaction(attempt)
        except BulkWriteError as error:
            if any("commands" in duplicate.key_pattern for duplicate in duplicates(error)):
                raise CommandReused from error
            raise ChangedElsewhere from error

    async def sight(self, sightings: Sequence[Sighting]) -> None:
        if not sightings:
            return
        updates = [
            UpdateOne(
                {"_id": each.key, "seen_at": {"$lt": each.at}}, {"$set": {"seen_at": each.at, "channel": each.channel}}
            )
            for each in sightings
        ]
        with translate():
            await self._identities.bulk_write(updates, ordered=False)

    async def pages(self, size: int) -> AsyncIterator[list[KnownIdentity]]:
        after = ""
        while True:
            with translate():
                documents = await self._identities.find({"_id": {"$gt": after}}).sort("_id").limit(size).to_list(None)
            if not documents:
                return
            after = documents[-1]["_id"]
            yield [from_document(document) for document in documents]

    async def _find(self, wanted: dict[str, Any], fields: dict[str, Any] | None = None) -> list[KnownIdentity]:
        with translate():
            documents = await self._identities.find(wanted, fields, batch_size=_AT_ONCE).to_list(None)
        return [from_document(document) for document in documents]


def _stand_alone(added: Sequence[KnownIdentity], changed: Sequence[Change]) -> bool:
    """Whether each of these is true whatever becomes of the others."""
    return all(state.stands_alone for state in added) and all(
        change.before.links == change.after.links for change in changed
    )


def _compare_and_swap(change: Change) -> UpdateOne:
    """Everything but when it was last seen, which is written without regard to the version."""
    document = to_document(change.after)
    for untouched in ("_id", "channel", "seen_at"):
        del document[untouched]
    update: dict[str, Any] = {"$set": document}
    # What was not asked for is not written either.
    heard = change.after.facts is not change.before.facts
    if not heard:
        for untouched in NOT_FOR_MESSAGES:
            document.pop(untouched, None)
    gone = [name for name in ("folded_name", "same", *(("related",) if heard else ())) if name not in document]
    if gone:
        update["$unset"] = dict.fromkeys(gone, "")
    return UpdateOne({"_id": change.after.key, "version": change.before.version}, update)
