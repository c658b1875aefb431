"""The port `Ledger` on MongoDB: one document per reply; its id is the outbound id, so there is never a second."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from omnifil_contracts.delivery import SendMessage
from omnifil_messaging.context import traceparent
from omnifil_mongostore import BulkWriteError, Document, Index, Mongo, duplicates, ensure_indexes, translate

from ingest_email.adapters.mongo_positions import DATABASE
from ingest_email.ports import Delivery

_DUE_AT_ONCE = 1_000
_KEPT = timedelta(days=180)
_INDEXES = (
    Index("deliveries", ["conversation_id", "requested_at"], partial={"open": True}, name="open"),
    Index("deliveries", ["decided_at"], partial={"to_report": True}, name="to_report"),
    # Late bounces are known by it, redeliveries come within days.
    Index("deliveries", ["decided_at"], expire_after_s=round(_KEPT.total_seconds()), name="forgotten"),
)


class MongoLedger:
    """Collection `deliveries`. `open` marks what is not decided, `to_report` what nobody was told yet; what the agent
    wrote is kept only that long."""

    def __init__(self, mongo: Mongo) -> None:
        self._database = mongo.database(DATABASE)
        self._deliveries = self._database["deliveries"]

    async def prepare(self) -> None:
        """Create the indexes."""
        await ensure_indexes(self._database, _INDEXES)

    async def take(self, commands: Sequence[SendMessage], at: datetime) -> None:
        documents: list[Document] = [
            {
                "_id": command.outbound_id,
                "command": command.model_dump(mode="json"),
                "account": command.target.conversation.account,
                "conversation_id": command.target.conversation.conversation_id,
                "requested_at": command.requested_at,
                "step": "waiting",
                "open": True,
                "to_report": False,
                "attempts": 0,
                "taken_at": at,
                "due_at": at,
                "held_until": at,
                **_trace(command),
            }
            for command in {each.outbound_id: each for each in commands}.values()
        ]
        try:
            with translate():
                await self._deliveries.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            duplicates(error)  # redelivered: they are in it already

    async def claim(
        self, at: datetime, hold: timedelta, per_account: int, in_hand: Mapping[str, int] = {}
    ) -> list[Delivery]:
        pipeline: list[Document] = [
            {"$match": {"open": True}},
            {"$sort": {"conversation_id": 1, "requested_at": 1}},
            {"$group": {"_id": "$conversation_id", "first": {"$first": "$$ROOT"}}},
            {"$replaceRoot": {"newRoot": "$first"}},
            {"$match": {"due_at": {"$lte": at}, "held_until": {"$lte": at}}},
            {"$sort": {"requested_at": 1}},
            {"$limit": _DUE_AT_ONCE},
            {"$project": {"held_until": 1, "step": 1, "account": 1}},
        ]
        claimed: list[Delivery] = []
        busy = Counter(in_hand)
        with translate():
            async for due in self._deliveries.aggregate(pipeline):
                if busy[due["account"]] >= per_account:
                    continue
                unchanged = {"_id": due["_id"], "step": due["step"], "held_until": due["held_until"]}
                held = {"$set": {"held_until": at + hold}, "$inc": {"attempts": 1}}
                found = await self._deliveries.find_one_and_update(unchanged, held, return_document=True)
                if found is not None:
                    claimed.append(_delivery(found))
                    busy[due["account"]] += 1
        return claimed

    async def hold(self, outbound_ids: Sequence[str], until: datetime) -> None:
        with translate():
            mine = {"_id": {"$in": list(outbound_ids)}, "open": True}
            await self._deliveries.update_many(mine, {"$set": {"held_until": until}})

    async def attempt(self, outbound_id: str) -> bool:
        with translate():
            result = await self._deliveries.update_one(
                {"_id": outbound_id, "step": "waiting"}, {"$set": {"step": "attempted"}}
            )
        return bool(result.modified_count)

    async def postpone(self, outbound_id: str, until: datetime, reason: str) -> None:
        waiting = {"step": "waiting", "due_at": until, "held_until": until, "reason": reason}
        await self._set([outbound_id], waiting)

    async def decide(
        self, outbound_id: str, *, sent: bool, reason: str | None, provider_message_id: str | None, at: datetime
    ) -> None:
        decision = {"step": "sent" if sent else "failed", "open": False, "to_report": True, "decided_at": at}
        # Another process may have doubted meanwhile: what is known to be sent overrules that, and never the reverse.
        undecided: Document = {} if sent else {"open": True}
        with translate():
            await self._deliveries.update_one(
                {"_id": outbound_id, **undecided},
                {"$set": {**decision, "reason": reason, "provider_message_id": provider_message_id}},
            )

    async def unreported(self, limit: int) -> list[Delivery]:
        with translate():
            found = self._deliveries.find({"to_report": True}).sort("decided_at", 1).limit(limit)
            return [_delivery(each) async for each in found]

    async def reported(self, outbound_ids: Sequence[str]) -> None:
        await self._set(outbound_ids, {"to_report": False, "command.text": "", "command.attachments": []})

    async def find(self, outbound_ids: Sequence[str]) -> Mapping[str, Delivery]:
        with translate():
            found = self._deliveries.find({"_id": {"$in": list(outbound_ids)}})
            return {each["_id"]: _delivery(each) async for each in found}

    async def _set(self, outbound_ids: Sequence[str], values: dict[str, Any]) -> None:
        with translate():
            await self._deliveries.update_many({"_id": {"$in": list(outbound_ids)}}, {"$set": values})


def _trace(command: SendMessage) -> Document:
    """No field where no trace is recorded."""
    context = traceparent(command.outbound_id)
    return {"traceparent": context} if context else {}


def _delivery(document: Document) -> Delivery:
    return Delivery(
        command=SendMessage.model_validate(document["command"]),
        step=document["step"],
        attempts=document["attempts"],
        taken_at=document["taken_at"],
        reason=document.get("reason"),
        provider_message_id=document.get("provider_message_id"),
        decided_at=document.get("decided_at"),
        traceparent=document.get("traceparent"),
    )
