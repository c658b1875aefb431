"""The port `Positions` on MongoDB."""

from omnifil_mongostore import Mongo, translate

from ingest_email.ports import Position

DATABASE = "email"


class MongoPositions:
    """Collection `positions`: one document per account and folder."""

    def __init__(self, mongo: Mongo, folders: dict[str, str]) -> None:
        self._positions = mongo.database(DATABASE)["positions"]
        self._folders = folders
        """By account: a position in another folder is another position."""

    async def load(self, account: str) -> Position | None:
        with translate():
            found = await self._positions.find_one({"_id": self._id(account)})
        return Position(int(found["uidvalidity"]), int(found["last_uid"])) if found else None

    async def save(self, account: str, position: Position) -> None:
        # plain ints: both reach beyond 2³¹, and MongoDB keeps such as 64 bits
        document = {"uidvalidity": position.uidvalidity, "last_uid": position.last_uid}
        with translate():
            await self._positions.replace_one({"_id": self._id(account)}, document, upsert=True)

    def _id(self, account: str) -> str:
        return f"{account}/{self._folders[account]}"
