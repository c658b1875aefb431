"""Who was erased, and the erasing of identities, in MongoDB: database `<prefix>_customers`.

`erased_customers` says which ids were given up and when. `erased_handles` has, under a keyed hash of each handle, the
id under which whoever writes from it again becomes a new customer; the handle itself is nowhere.
"""

import hashlib
import hmac
import secrets
import time
import uuid
from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime

from omnifil_mongostore import BulkWriteError, Document, InsertOne, Mongo, UpdateOne, duplicates, translate

from customer_profile.adapters.mongo_identities import COLLECTION, DATABASE, MongoIdentities
from customer_profile.domain.forgetting import Forgotten, without
from customer_profile.erasing import Erased, Held
from customer_profile.ports import Change, ChangedElsewhere

_ASKED_AGAIN_AFTER_S = 1.0
_PAGE = 1000
_NAMING_OTHERS = ("customers", "same", "companies", "history.because.evidence.values", "history.rests_on")
"""Where an identity may hold something of somebody else."""


class MongoErased:
    """Implements `erasing.Ledger`. `key`: of the hashes; without one, a random one is made and kept beside them."""

    def __init__(self, mongo: Mongo, key: bytes | None = None) -> None:
        database = mongo.database(DATABASE)
        self._identities = database[COLLECTION]
        self._known = MongoIdentities(mongo)
        self._customers = database["erased_customers"]
        self._handles = database["erased_handles"]
        self._keys = database["erasure_key"]
        self._key = key
        self._exist = False
        self._ask_at = 0.0

    async def held_by(self, customer_id: str) -> Held:
        with translate():
            documents = await self._identities.find(
                {"customers": customer_id},
                dict.fromkeys(("customer_id", "customers", "kind", "spellings"), True),
            ).to_list(None)
            held = [each for each in documents if each["customer_id"] == customer_id]
            former = {name for each in held for name in each["customers"]} - {customer_id}
            # Who still has a handle of their own is somebody else, with whom a handle was shared or mistaken.
            found = self._identities.find({"customers": {"$in": sorted(former)}}, {"customer_id": True})
            standing = {each["customer_id"] async for each in found}
        return Held(
            identities=tuple(sorted(each["_id"] for each in held)),
            customer_ids=(customer_id, *sorted(former - standing)),
            now_with=tuple(sorted({each["customer_id"] for each in documents} - {customer_id})),
            as_written=tuple(
                sorted(f"{each['kind']}:{spelling}" for each in held for spelling in each.get("spellings", ()))
            ),
        )

    async def note(
        self, customer_ids: Collection[str], identities: Collection[str], erasure: str, at: datetime
    ) -> None:
        hashes = await self._hashes(identities)
        with translate():
            for customer_id in customer_ids:
                held = {"erasure_id": erasure, "erased_at": at}
                await self._customers.update_one({"_id": customer_id}, {"$setOnInsert": held}, upsert=True)
            known = self._handles.find({"_id": {"$in": list(hashes)}, "erasure_id": erasure}, {"_id": True})
            done = {each["_id"] async for each in known}
            fresh: list[UpdateOne] = [
                UpdateOne({"_id": each}, {"$set": {"anchor": str(uuid.uuid4()), "erasure_id": erasure}}, upsert=True)
                for each in hashes
                if each not in done
            ]
            if fresh:
                await self._handles.bulk_write(fresh, ordered=False)
        self._exist = True

    async def forget(self, customer_ids: Collection[str], identities: Collection[str]) -> None:
        gone = {"_id": {"$in": list(identities)}}
        with translate():
            names = [each.get("display_name") async for each in self._identities.find(gone, {"display_name": True})]
        forgotten = Forgotten(frozenset(customer_ids), frozenset(identities), frozenset(each for each in names if each))
        # Others first: the names that they are to forget are known as long as these are there.
        async for key in self._naming(forgotten):
            await self._rewrite(key, forgotten)
        with translate():
            await self._identities.delete_many(gone)

    async def _naming(self, forgotten: Forgotten) -> AsyncIterator[str]:
        """Others' identities that may hold something of them. No index leads there: all are read."""
        after = ""
        while True:
            with translate():
                page = (
                    await self._identities.find({"_id": {"$gt": after}}, dict.fromkeys(_NAMING_OTHERS, True))
                    .sort("_id")
                    .limit(_PAGE)
                    .to_list(None)
                )
            if not page:
                return
            after = page[-1]["_id"]
            for each in page:
                if each["_id"] not in forgotten.identities and _may_name(each, forgotten):
                    yield each["_id"]

    async def _rewrite(self, key: str, forgotten: Forgotten) -> None:
        """Until nobody has written it meanwhile: each time that somebody has, it is read anew."""
        while (state := (await self._known.with_facts([key])).get(key)) is not None:
            after = without(state, forgotten)
            if after is state:
                return
            try:
                await self._known.write([], [Change(state, after)])
            except ChangedElsewhere:
                continue
            return

    async def anchors(self, keys: Collection[str]) -> Mapping[str, str]:
        """By handle that was erased: the id of the customer that begins with it."""
        if not keys or not await self._any():
            return {}
        hashes = await self._hashes(keys)
        with translate():
            found = await self._handles.find({"_id": {"$in": list(hashes)}}).to_list(None)
        return {hashes[each["_id"]]: each["anchor"] for each in found}

    async def erased(self, customer_ids: Collection[str] | None = None) -> list[Erased]:
        """Those of these (None: all) that were erased."""
        wanted: Document = {} if customer_ids is None else {"_id": {"$in": list(customer_ids)}}
        with translate():
            found = await self._customers.find(wanted).to_list(None)
        return [Erased(each["_id"], each["erased_at"]) for each in found]

    async def _any(self) -> bool:
        """Where nobody was ever erased it costs a look a second, not one a batch. What comes in the first second after
        the first erasure comes under the former id, and is erased with it: the order drains what is in hand."""
        if not self._exist and time.monotonic() >= self._ask_at:
            with translate():
                self._exist = bool(await self._handles.estimated_document_count())
            self._ask_at = time.monotonic() + _ASKED_AGAIN_AFTER_S
        return self._exist

    async def _hashes(self, keys: Collection[str]) -> dict[str, str]:
        secret = self._key or await self._own_key()
        return {hmac.new(secret, key.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest(): key for key in keys}

    async def _own_key(self) -> bytes:
        """Made once, by whoever is first."""
        with translate():
            found = await self._keys.find_one({"_id": "key"})
            if found is None:
                try:
                    await self._keys.bulk_write([InsertOne({"_id": "key", "secret": secrets.token_bytes(32)})])
                except BulkWriteError as error:
                    duplicates(error)  # another replica made it at the same moment
                found = await self._keys.find_one({"_id": "key"})
        assert found is not None  # noqa: S101 it was inserted, by us or by somebody else
        self._key = bytes(found["secret"])
        return self._key


def _may_name(document: Document, forgotten: Forgotten) -> bool:
    """Whether one of them stands in it; that it does is for the domain to say."""
    return (
        not forgotten.customer_ids.isdisjoint(document["customers"])
        or any(f"{each['kind']}:{each['value']}" in forgotten.identities for each in document.get("same", ()))
        or any(
            customer_id in forgotten.customer_ids or account in forgotten.identities
            for _, customer_id, _, account in document.get("companies", ())
        )
        or any(_rests_on(link, forgotten) for link in document.get("history", ()))
    )


def _rests_on(link: Document, forgotten: Forgotten) -> bool:
    said = (value for each in link["because"].get("evidence", ()) for value in each.get("values", {}).values())
    return link.get("rests_on") in forgotten.identities or not forgotten.words.isdisjoint(said)
