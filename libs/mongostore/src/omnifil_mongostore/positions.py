"""How far a reader has come: a resume token and the Kafka offsets that belong to it, written together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .driver import Database, Document, DuplicateKeyError, ResumeToken
from .failures import translate


class Fenced(Exception):
    """Somebody with a newer lease has written this position: the one who is writing now must stop."""


@dataclass(frozen=True)
class StoredPosition:
    """`offsets` keeps its keys as saved (partition numbers, or names). `saved_at` and `reached_at` (when the newest
    change that it includes was made, if the reader says so) are the server's clock, UTC."""

    resume_token: ResumeToken | None
    offsets: dict[Any, int]
    saved_at: datetime
    reached_at: datetime | None = None


class Positions:
    """Named positions in the collection `positions` of a database. Majority and journaled."""

    def __init__(self, database: Database) -> None:
        self._positions = database["positions"]

    async def load(self, name: str) -> StoredPosition | None:
        with translate():
            found = await self._positions.find_one({"_id": name})
        return _position(found)

    async def claim(self, name: str, fence: int) -> StoredPosition | None:
        """Load, and from this very moment keep out whoever holds an earlier lease: what is loaded cannot change under
        its reader's feet. `fence` is the token of the caller's lease; raises `Fenced` when a later one was here."""
        try:
            with translate():
                found = await self._positions.find_one_and_update(
                    _not_fenced(name, fence), {"$set": {"fence": fence}}, upsert=True, return_document=True
                )
        except DuplicateKeyError as error:
            raise Fenced(f"Position {name} was claimed under a later lease than {fence}.") from error
        return _position(found)

    async def save(
        self,
        name: str,
        resume_token: ResumeToken | None,
        offsets: Mapping[Any, int] | None = None,
        *,
        fence: int | None = None,
        reached_at: datetime | None = None,
    ) -> None:
        """`fence` is the token of the caller's lease; raises `Fenced` when somebody with a later one has saved."""
        # Pairs instead of a document: partition numbers stay numbers, and topic names have dots.
        pairs = [[key, offset] for key, offset in (offsets or {}).items()]
        selected: dict[str, Any] = {"_id": name}
        change: dict[str, Any] = {
            "$set": {"resume_token": resume_token, "offsets": pairs, "reached_at": reached_at},
            "$currentDate": {"saved_at": True},
        }
        if fence is not None:
            selected = _not_fenced(name, fence)
            change["$set"]["fence"] = fence
        try:
            with translate():
                await self._positions.update_one(selected, change, upsert=True)
        except DuplicateKeyError as error:
            raise Fenced(f"Position {name} was saved under a later lease than {fence}.") from error


def _not_fenced(name: str, fence: int) -> Document:
    return {"_id": name, "$or": [{"fence": {"$lte": fence}}, {"fence": None}]}


def _position(found: Document | None) -> StoredPosition | None:
    """None also for one that was claimed and never saved."""
    if found is None or "saved_at" not in found:
        return None
    offsets = {key: value for key, value in found["offsets"]}
    return StoredPosition(found["resume_token"], offsets, found["saved_at"], found.get("reached_at"))
