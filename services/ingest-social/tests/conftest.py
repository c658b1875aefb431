"""A page, webhooks as Messenger writes them, and fakes of what is outside."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ingest_social.domain.page import Page
from ingest_social.domain.reply import Piece
from ingest_social.ports import Broken, Delivery, FileGone, SentPiece
from omnifil_contracts.delivery import DeliveryReported, SendMessage
from omnifil_contracts.dossier import DeliveryState, ReplyTarget
from omnifil_contracts.identity import Actor, Identity
from omnifil_contracts.ids import conversation_id
from omnifil_contracts.message import Attachment, Conversation, InboundMessage
from omnifil_servicekit.errors import Transient
from pydantic import SecretStr

NOW = datetime(2026, 3, 2, 10, 5, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
PAGE_ID, PSID = "1000", "2000"


def a_page(**changes: Any) -> Page:
    secrets = {name: SecretStr(f"{name}-for-tests") for name in ("app_secret", "verify_token", "page_token")}
    return Page.model_validate({"account": "page-brume", "page_id": PAGE_ID, **secrets, **changes})


class Writer:
    """Writes webhooks as Messenger does."""

    page = a_page()

    def body(self, *events: dict[str, Any], page_id: str = PAGE_ID) -> bytes:
        entry = {"id": page_id, "time": NOW_MS, "messaging": list(events)}
        return json.dumps({"object": "page", "entry": [entry]}).encode()

    def event(self, *, from_page: bool = False, timestamp: Any = NOW_MS, **what: Any) -> dict[str, Any]:
        person, page = {"id": PSID}, {"id": PAGE_ID}
        sender, recipient = (page, person) if from_page else (person, page)
        return {"sender": sender, "recipient": recipient, "timestamp": timestamp, **what}

    def text(self, text: str, mid: str = "m_1", **rest: Any) -> dict[str, Any]:
        return self.event(message={"mid": mid, "text": text, **rest})

    def signature(self, body: bytes, secret: str = "app_secret-for-tests") -> str:
        return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class FakeNetwork:
    """What the network was asked; `away` makes it unreachable, `lose_answers` takes messages without saying so."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Piece, bytes | None, str]] = []
        self.files: dict[str, tuple[bytes, str, str]] = {}
        self.away = False
        self.lose_answers = 0
        self.refusal: Exception | None = None

    async def name_of(self, page: Page, psid: str) -> str | None:
        return "Clara Martin"

    async def fetch(self, page: Page, url: str) -> tuple[bytes, str, str]:
        if self.away:
            raise Transient("away")
        if url not in self.files:
            raise FileGone(url)
        return self.files[url]

    async def send(self, page: Page, psid: str, piece: Piece, content: bytes | None, metadata: str) -> str:
        if self.away:
            raise Transient("away")
        if self.refusal is not None:
            raise self.refusal
        self.sent.append((psid, piece, content, metadata))
        if self.lose_answers:
            self.lose_answers -= 1
            raise Transient("the connection broke before the answer")
        return f"mid-{len(self.sent)}"


class FakeFiles:
    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    async def put(self, content: bytes, media_type: str, filename: str) -> Attachment:
        sha256 = hashlib.sha256(content).hexdigest()
        self.contents[sha256] = content
        return Attachment(sha256=sha256, filename=filename, media_type=media_type, size_bytes=len(content), inline=True)

    async def get(self, file: Attachment) -> bytes:
        if file.sha256 not in self.contents:
            raise FileGone(file.sha256)
        return self.contents[file.sha256]


class FakeRecords:
    def __init__(self) -> None:
        self.messages: list[InboundMessage] = []
        self.broken: list[Broken] = []
        self.reports: list[DeliveryReported] = []
        self.away = False

    async def received(self, messages: Sequence[InboundMessage]) -> None:
        if self.away:
            raise Transient("Kafka is away")
        self.messages += messages

    async def set_aside(self, broken: Sequence[Broken]) -> None:
        self.broken += broken

    async def report(self, reports: Sequence[DeliveryReported]) -> None:
        if self.away:
            raise Transient("Kafka is away")
        self.reports += reports


class FakeLedger:
    """In memory; held to the real one by `LedgerContract`."""

    def __init__(self) -> None:
        self._deliveries: dict[str, dict[str, Any]] = {}
        self._pieces: dict[str, dict[str, Any]] = {}
        self._reads: dict[tuple[str, str], datetime] = {}

    async def open(self, command: SendMessage) -> Delivery:
        found = self._deliveries.setdefault(
            command.outbound_id, {"command": command, "mids": {}, "attempted": None, "failed": None, "attempts": 0}
        )
        return Delivery(command, dict(found["mids"]), found["attempted"], found["failed"], found["attempts"])

    async def attempting(self, outbound_id: str, piece: int, attempts: int) -> bool:
        found = self._deliveries[outbound_id]
        if found["attempts"] != attempts:
            return False
        found.update(attempted=piece, attempts=attempts + 1)
        return True

    async def sent(self, page: Page, psid: str, piece: SentPiece, at: datetime) -> None:
        known = self._pieces.setdefault(piece.mid, {})
        known |= {"page": page.page_id, "psid": psid, "outbound_id": piece.outbound_id, "piece": piece.piece}
        known["sent_at"] = min(at, known.get("sent_at", at))
        if piece.outbound_id in self._deliveries:
            self._deliveries[piece.outbound_id]["mids"][piece.piece] = piece.mid

    async def failed(self, outbound_id: str, reason: str) -> None:
        self._deliveries[outbound_id]["failed"] = reason

    async def echoed(self, outbound_id: str, piece: int) -> str | None:
        for mid, known in self._pieces.items():
            if known.get("outbound_id") == outbound_id and known["piece"] == piece:
                return mid
        return None

    async def delivered(self, page: Page, mids: Sequence[str], at: datetime) -> None:
        for mid in mids:
            self._pieces.setdefault(mid, {"page": page.page_id}).setdefault("delivered_at", at)

    async def read(self, page: Page, psid: str, watermark: datetime) -> None:
        key = (page.page_id, psid)
        self._reads[key] = max(watermark, self._reads.get(key, watermark))

    async def unreported(self, page: Page, psid: str) -> list[DeliveryReported]:
        watermark = self._reads.get((page.page_id, psid))
        reports = []
        for outbound_id, delivery in self._deliveries.items():
            mine = [
                known
                for known in self._pieces.values()
                if known.get("outbound_id") == outbound_id and known["psid"] == psid and known.get("told") != "read"
            ]
            if not mine:
                continue
            if watermark is not None and all(known["sent_at"] <= watermark for known in mine):
                reports.append(self._report(delivery["command"], DeliveryState.READ, watermark))
            elif all("delivered_at" in known and "told" not in known for known in mine):
                at = max(known["delivered_at"] for known in mine)
                reports.append(self._report(delivery["command"], DeliveryState.DELIVERED, at))
        return reports

    async def reported(self, reports: Sequence[DeliveryReported]) -> None:
        for report in reports:
            for known in self._pieces.values():
                if known.get("outbound_id") == report.outbound_id:
                    known["told"] = report.state.value

    @staticmethod
    def _report(command: SendMessage, state: DeliveryState, at: datetime) -> DeliveryReported:
        return DeliveryReported(
            outbound_id=command.outbound_id,
            dossier_id=command.dossier_id,
            conversation_id=command.target.conversation.conversation_id,
            state=state,
            at=at,
        )


def a_command(outbound_id: str = "out-1", text: str = "It is on its way.", **changes: Any) -> SendMessage:
    conversation = Conversation(
        conversation_id=conversation_id("social", "page-brume", PSID), channel="social", account="page-brume", key=PSID
    )
    target = ReplyTarget(
        outbound_id=outbound_id,
        conversation=conversation,
        recipient=Identity(kind="messenger", value=f"{PAGE_ID}:{PSID}"),
        reference="ref",
        window_ends_at=changes.pop("window_ends_at", NOW + timedelta(hours=1)),
    )
    return SendMessage(
        outbound_id=outbound_id,
        reply_id="reply-1",
        dossier_id="dossier-1",
        target=target,
        text=text,
        agent=Actor(kind="agent", id="amelie"),
        requested_at=NOW,
        **changes,
    )


@pytest.fixture
def writer() -> Writer:
    return Writer()


@pytest.fixture
def network() -> FakeNetwork:
    return FakeNetwork()


@pytest.fixture
def files() -> FakeFiles:
    return FakeFiles()


@pytest.fixture
def records() -> FakeRecords:
    return FakeRecords()


@pytest.fixture
def fake_ledger() -> FakeLedger:
    return FakeLedger()


@pytest.fixture
def command() -> Any:
    return a_command
