"""The ledger of replies in MongoDB: database `<prefix>_social`.

`deliveries` has a document per reply, `pieces` one per message of the network, `reads` how far a person has read.
Receipts may come before the network's answer does, so both sides write to the same document of a piece and whichever
comes second completes it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from omnifil_contracts.delivery import DeliveryReported, SendMessage
from omnifil_contracts.dossier import DeliveryState
from omnifil_mongostore import Index, Mongo, ensure_indexes, translate

from ingest_social.domain.page import Page
from ingest_social.ports import Delivery, SentPiece

_INDEXES = (
    Index("pieces", ("page_id", "psid", "outbound_id"), name="conversation"),
    Index("pieces", ("outbound_id", "piece"), name="reply"),
)


class MongoLedger:
    def __init__(self, mongo: Mongo) -> None:
        self._database = mongo.database("social")
        self._deliveries = self._database["deliveries"]
        self._pieces = self._database["pieces"]
        self._reads = self._database["reads"]

    async def prepare(self) -> None:
        """Create the indexes. Raises `Transient`, `IndexMismatch`."""
        with translate():
            await ensure_indexes(self._database, _INDEXES)

    async def open(self, command: SendMessage) -> Delivery:
        with translate():
            await self._deliveries.update_one(
                {"_id": command.outbound_id},
                {
                    "$setOnInsert": {
                        "dossier_id": command.dossier_id,
                        "conversation_id": command.target.conversation.conversation_id,
                        "mids": {},
                        "attempted": None,
                        "failed": None,
                        "attempts": 0,
                    }
                },
                upsert=True,
            )
            document = await self._deliveries.find_one({"_id": command.outbound_id})
        found: Mapping[str, Any] = document or {}
        mids = {int(piece): str(mid) for piece, mid in found.get("mids", {}).items()}
        return Delivery(command, mids, found.get("attempted"), found.get("failed"), found.get("attempts", 0))

    async def attempting(self, outbound_id: str, piece: int, attempts: int) -> bool:
        unchanged = {"_id": outbound_id, "attempts": attempts if attempts else {"$in": [0, None]}}
        with translate():
            result = await self._deliveries.update_one(
                unchanged, {"$set": {"attempted": piece, "attempts": attempts + 1}}
            )
        return bool(result.matched_count)

    async def sent(self, page: Page, psid: str, piece: SentPiece, at: datetime) -> None:
        with translate():
            await self._pieces.update_one(
                {"_id": piece.mid},
                {
                    "$set": {
                        "page_id": page.page_id,
                        "psid": psid,
                        "outbound_id": piece.outbound_id,
                        "piece": piece.piece,
                    },
                    # Our clock and the network's differ: the earlier one misses no read mark.
                    "$min": {"sent_at": at},
                },
                upsert=True,
            )
            await self._deliveries.update_one({"_id": piece.outbound_id}, {"$set": {f"mids.{piece.piece}": piece.mid}})

    async def failed(self, outbound_id: str, reason: str) -> None:
        with translate():
            await self._deliveries.update_one({"_id": outbound_id}, {"$set": {"failed": reason}})

    async def echoed(self, outbound_id: str, piece: int) -> str | None:
        with translate():
            found = await self._pieces.find_one({"outbound_id": outbound_id, "piece": piece}, {"_id": 1})
        return None if found is None else str(found["_id"])

    async def delivered(self, page: Page, mids: Sequence[str], at: datetime) -> None:
        with translate():
            for mid in mids:
                changes = {"$set": {"page_id": page.page_id}, "$min": {"delivered_at": at}}
                await self._pieces.update_one({"_id": mid}, changes, upsert=True)

    async def read(self, page: Page, psid: str, watermark: datetime) -> None:
        with translate():
            await self._reads.update_one({"_id": _person(page, psid)}, {"$max": {"watermark": watermark}}, upsert=True)

    async def unreported(self, page: Page, psid: str) -> list[DeliveryReported]:
        with translate():
            read = await self._reads.find_one({"_id": _person(page, psid)})
            known = {
                "page_id": page.page_id,
                "psid": psid,
                "outbound_id": {"$exists": True},
                "reported": {"$ne": "read"},
            }
            pieces = await self._pieces.find(known).to_list(None)
            ids = sorted({piece["outbound_id"] for piece in pieces})
            deliveries = await self._deliveries.find({"_id": {"$in": ids}}).to_list(None)
        return _reports(pieces, deliveries, read["watermark"] if read else None)

    async def reported(self, reports: Sequence[DeliveryReported]) -> None:
        with translate():
            for report in reports:
                await self._pieces.update_many(
                    {"outbound_id": report.outbound_id, "reported": {"$ne": DeliveryState.READ.value}},
                    {"$set": {"reported": report.state.value}},
                )


def _person(page: Page, psid: str) -> str:
    return f"{page.page_id}:{psid}"


def _reports(
    pieces: Sequence[Mapping[str, Any]], deliveries: Sequence[Mapping[str, Any]], watermark: datetime | None
) -> list[DeliveryReported]:
    """A reply is delivered, or read, when each of its pieces is."""
    reports = []
    for delivery in deliveries:
        mine = [piece for piece in pieces if piece["outbound_id"] == delivery["_id"]]
        is_read = watermark is not None and all(piece["sent_at"] <= watermark for piece in mine)
        is_delivered = all("delivered_at" in piece for piece in mine)
        was_told = any("reported" in piece for piece in mine)
        if is_read and watermark is not None:
            reports.append(_report(delivery, DeliveryState.READ, watermark))
        elif is_delivered and not was_told:
            at = max(piece["delivered_at"] for piece in mine)
            reports.append(_report(delivery, DeliveryState.DELIVERED, at))
    return reports


def _report(delivery: Mapping[str, Any], state: DeliveryState, at: datetime) -> DeliveryReported:
    return DeliveryReported(
        outbound_id=delivery["_id"],
        dossier_id=delivery["dossier_id"],
        conversation_id=delivery["conversation_id"],
        state=state,
        at=at,
    )
