"""What the network remembers: messages, pictures, and the webhooks that the app has not taken yet."""

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_SCHEMA = """
create table if not exists message (
    mid text primary key, psid text not null, author text not null, at_ms integer not null, body text not null,
    delivered_ms integer, read_ms integer
);
create index if not exists message_of_person on message (psid, at_ms);
create table if not exists picture (id text primary key, media_type text not null, content blob not null);
create table if not exists webhook (id integer primary key autoincrement, body blob not null);
"""


@dataclass(frozen=True)
class Message:
    """One message of a conversation between a person and the page."""

    mid: str
    psid: str
    author: str
    """`person`, `app` (the page by the Send API) or `page` (the page by its own inbox)."""
    at_ms: int
    text: str = ""
    pictures: tuple[str, ...] = ()
    """Ids of pictures."""
    metadata: str | None = None
    delivered_ms: int | None = field(default=None)
    read_ms: int | None = field(default=None)


class Memory:
    """SQLite; each call is one short transaction."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._db.execute("pragma journal_mode=wal")
        # With a write-ahead log this outlives the process, if not the machine: no wait for the disk at each message.
        self._db.execute("pragma synchronous=normal")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def add(self, message: Message) -> None:
        """Remember a message."""
        body = {"text": message.text, "pictures": message.pictures, "metadata": message.metadata}
        self._db.execute(
            "insert into message (mid, psid, author, at_ms, body, delivered_ms) values (?, ?, ?, ?, ?, ?)",
            (message.mid, message.psid, message.author, message.at_ms, json.dumps(body), message.delivered_ms),
        )

    def conversation(self, psid: str) -> list[Message]:
        """All messages with a person, oldest first."""
        rows = self._db.execute(
            "select mid, psid, author, at_ms, body, delivered_ms, read_ms from message"
            " where psid = ? order by at_ms, rowid",
            (psid,),
        )
        return [_message(row) for row in rows]

    def last_written_ms(self, psid: str) -> int | None:
        """When the person last wrote; the reply window counts from there."""
        row = self._db.execute(
            "select max(at_ms) from message where psid = ? and author = 'person'", (psid,)
        ).fetchone()
        return None if row is None or row[0] is None else int(row[0])

    def mark_delivered(self, psid: str) -> list[str]:
        """The page's messages have reached the person's phone; returns the ids of those that are new there."""
        return self._mark("delivered_ms", psid)

    def mark_read(self, psid: str) -> list[str]:
        """The person has looked; returns the ids of the page's messages that are newly read."""
        return self._mark("read_ms", psid)

    def _mark(self, column: str, psid: str) -> list[str]:
        rows = self._db.execute(
            f"update message set {column} = ? where psid = ? and author <> 'person' and {column} is null"  # noqa: S608 - one of two literals
            " returning mid",
            (now_ms(), psid),
        )
        return [str(row[0]) for row in rows.fetchall()]

    def keep_picture(self, picture_id: str, media_type: str, content: bytes) -> None:
        """Keep a picture under an id."""
        self._db.execute("insert or replace into picture values (?, ?, ?)", (picture_id, media_type, content))

    def picture(self, picture_id: str) -> tuple[str, bytes] | None:
        """Its media type and content."""
        row = self._db.execute("select media_type, content from picture where id = ?", (picture_id,)).fetchone()
        return None if row is None else (str(row[0]), bytes(row[1]))

    def queue(self, body: bytes) -> None:
        """Keep a webhook body until the app has taken it."""
        self._db.execute("insert into webhook (body) values (?)", (body,))

    def next_webhook(self) -> tuple[int, bytes] | None:
        """The oldest one that waits."""
        row = self._db.execute("select id, body from webhook order by id limit 1").fetchone()
        return None if row is None else (int(row[0]), bytes(row[1]))

    def taken(self, webhook_id: int) -> None:
        """The app answered 200."""
        self._db.execute("delete from webhook where id = ?", (webhook_id,))

    def waiting(self) -> int:
        """How many webhooks wait."""
        return int(self._db.execute("select count(*) from webhook").fetchone()[0])


def now_ms() -> int:
    """Milliseconds since 1970, the network's clock."""
    return time.time_ns() // 1_000_000


def _message(row: Sequence[Any]) -> Message:
    mid, psid, author, at_ms, body, delivered_ms, read_ms = row
    told = json.loads(body)
    return Message(
        mid, psid, author, at_ms, told["text"], tuple(told["pictures"]), told["metadata"], delivered_ms, read_ms
    )


def as_json(message: Message) -> dict[str, Any]:
    """For the chat page."""
    return asdict(message)
