"""Replies to a person who is erased, in the ledger."""

from collections.abc import Mapping
from datetime import UTC, datetime

from omnifil_contracts.delivery import SendMessage
from omnifil_contracts.erasure import emptied
from omnifil_mongostore import Document, Mongo, translate
from omnifil_mongostore.erasures import Order

from ingest_email.adapters.mongo_positions import DATABASE


class ErasedDeliveries:
    """A line of the ledger stays, so that its reply is never sent again; who it went to and what it said does not."""

    def __init__(self, mongo: Mongo) -> None:
        self._deliveries = mongo.database(DATABASE)["deliveries"]

    async def erase(self, order: Order) -> Mapping[str, int]:
        """Of all replies that went to them; one that waits is not sent any more. Raises `Transient`."""
        gone = 0
        with translate():
            async for document in self._deliveries.find({"_id": {"$in": list(order.person.outbound)}}):
                if document.get("erased"):
                    continue
                command = emptied(SendMessage.model_validate(document["command"]))
                change: Document = {
                    "command": command.model_dump(mode="json"),
                    "reason": None,
                    "provider_message_id": None,
                    "erased": True,
                }
                if document["open"]:
                    now = datetime.now(UTC)
                    change |= {"open": False, "to_report": False, "step": "failed", "decided_at": now}
                await self._deliveries.update_one({"_id": document["_id"]}, {"$set": change})
                gone += 1
        return {"mail_deliveries": order.counts.get("mail_deliveries", 0) + gone}
