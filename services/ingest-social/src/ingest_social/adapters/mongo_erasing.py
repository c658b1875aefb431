"""Replies to a person who is erased, and how far they had read, in the ledger."""

from collections.abc import Mapping

from omnifil_contracts.erasure import ERASED
from omnifil_mongostore import Mongo, translate
from omnifil_mongostore.erasures import Order

from ingest_social.domain.page import MESSENGER


class ErasedReplies:
    """Which pieces of a reply are sent stays, so that none is sent again; whose they were does not."""

    def __init__(self, mongo: Mongo) -> None:
        database = mongo.database("social")
        self._deliveries = database["deliveries"]
        self._pieces = database["pieces"]
        self._reads = database["reads"]

    async def erase(self, order: Order) -> Mapping[str, int]:
        """Of all replies that went to them, and of their accounts on the network. Raises `Transient`."""
        outbound = list(order.person.outbound)
        handles = order.person.values(MESSENGER)
        with translate():
            pieces = await self._pieces.delete_many({"outbound_id": {"$in": outbound}})
            for handle in handles:
                page_id, _, psid = handle.rpartition(":")
                await self._pieces.delete_many({"page_id": page_id, "psid": psid})
                await self._reads.delete_one({"_id": handle})
            async for document in self._deliveries.find({"_id": {"$in": outbound}}):
                sent = dict.fromkeys(document.get("mids", {}), ERASED)
                change = {"mids": sent, "failed": "erased" if document.get("failed") else None}
                await self._deliveries.update_one({"_id": document["_id"]}, {"$set": change})
        return {"social_pieces": order.counts.get("social_pieces", 0) + int(pieces.deleted_count)}
