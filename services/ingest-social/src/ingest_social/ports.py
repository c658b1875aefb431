"""What the service needs of others, in its own words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from omnifil_contracts.delivery import DeliveryReported, SendMessage
from omnifil_contracts.message import Attachment, InboundMessage

from ingest_social.domain.page import Page
from ingest_social.domain.reply import Piece


class FileGone(Exception):
    """The network no longer has the file, or it is none that we take."""


class SendRefused(Exception):
    """The network will never take this message; the sentence is for the agent."""


@dataclass(frozen=True)
class Broken:
    """A webhook, or a part of one, that was not understood."""

    account: str
    body: bytes
    reason: str


class Network(Protocol):
    """The Graph API of one network. `Transient` where it may work later."""

    async def name_of(self, page: Page, psid: str) -> str | None:
        """The person's name; None where the network does not tell. Never raises: a name is not worth a message."""
        ...

    async def fetch(self, page: Page, url: str) -> tuple[bytes, str, str]:
        """Content, media type and file name of an attachment. Raises `FileGone`, `Transient`."""
        ...

    async def send(self, page: Page, psid: str, piece: Piece, content: bytes | None, metadata: str) -> str:
        """Send a text or a file (with its `content`); its mid. Raises `SendRefused`, `Transient`."""
        ...


class Files(Protocol):
    """The blob store."""

    async def put(self, content: bytes, media_type: str, filename: str) -> Attachment: ...

    async def get(self, file: Attachment) -> bytes:
        """Raises `FileGone`."""
        ...


class Records(Protocol):
    """Kafka. Every method returns when all is acknowledged, and raises `Transient` when it is not."""

    async def received(self, messages: Sequence[InboundMessage]) -> None: ...

    async def set_aside(self, broken: Sequence[Broken]) -> None: ...

    async def report(self, reports: Sequence[DeliveryReported]) -> None: ...


@dataclass(frozen=True)
class SentPiece:
    """A piece of a reply that the network has taken, and for which receipts will come."""

    mid: str
    outbound_id: str
    piece: int


@dataclass(frozen=True)
class Delivery:
    """How far a reply has come. `mids` by piece; `attempted` is the piece that may or may not have been taken;
    `attempts` counts how often one was begun."""

    command: SendMessage
    mids: dict[int, str]
    attempted: int | None = None
    failed: str | None = None
    attempts: int = 0


class Ledger(Protocol):
    """What was sent, so that nothing is sent twice and receipts find their reply."""

    async def open(self, command: SendMessage) -> Delivery:
        """The delivery as it stands; a new one if it is the first time."""
        ...

    async def attempting(self, outbound_id: str, piece: int, attempts: int) -> bool:
        """Say, before sending, that this piece is about to be sent. False when somebody has begun another attempt
        since there were so many: it is theirs now."""
        ...

    async def sent(self, page: Page, psid: str, piece: SentPiece, at: datetime) -> None:
        """The network took the piece, at this time of its clock. Known from the answer or from the echo, or both."""
        ...

    async def failed(self, outbound_id: str, reason: str) -> None: ...

    async def echoed(self, outbound_id: str, piece: int) -> str | None:
        """The mid of a piece, if its echo has come."""
        ...

    async def delivered(self, page: Page, mids: Sequence[str], at: datetime) -> None: ...

    async def read(self, page: Page, psid: str, watermark: datetime) -> None: ...

    async def unreported(self, page: Page, psid: str) -> list[DeliveryReported]:
        """Receipts of this conversation whose reply is known and that have not been reported yet."""
        ...

    async def reported(self, reports: Sequence[DeliveryReported]) -> None: ...
