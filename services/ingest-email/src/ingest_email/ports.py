"""What the use cases need from outside, in words of the domain."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from omnifil_contracts.delivery import DeliveryReported, SendMessage
from omnifil_contracts.identity import AssuredIdentity
from omnifil_contracts.message import InboundMessage
from omnifil_servicekit.errors import Transient

from ingest_email.domain.authenticity import Answers
from ingest_email.domain.mailbox import OurMailbox
from ingest_email.domain.normalise import Draft
from ingest_email.domain.outgoing import OutgoingMail

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Pending:
    """A mail in a folder that was not taken yet."""

    uid: int
    size_bytes: int


@dataclass(frozen=True)
class Position:
    """Up to where a folder was taken. UIDs mean something only together with their UIDVALIDITY (RFC 3501 §2.3.1.1)."""

    uidvalidity: int
    last_uid: int


class MailboxAway(Transient):
    """The mail server does not answer, refuses us, or says what cannot be understood."""


class Folder(Protocol):
    """A mailbox's folder, open. Every method raises `MailboxAway` when the server is; then open it again."""

    @property
    def uidvalidity(self) -> int: ...

    @property
    def last_uid(self) -> int:
        """The highest UID that was given when it was opened."""
        ...

    async def pending(self, after: int) -> list[Pending]:
        """Mails with a UID above `after`, seen or not, in order."""
        ...

    async def unseen(self) -> list[Pending]:
        """Mails that nobody has seen, in order."""
        ...

    async def fetch(self, uids: Sequence[int]) -> dict[int, bytes]:
        """The mails, unchanged by the reading; those that are gone meanwhile are left out."""
        ...

    def stream(self, mail: Pending) -> AsyncIterator[bytes]:
        """One mail in pieces: for a giant."""
        ...

    async def mark_seen(self, uids: Sequence[int]) -> None: ...

    async def wait(self, limit_s: float) -> None:
        """Return as soon as there may be something new, at the latest after `limit_s`."""
        ...

    def wake(self) -> None:
        """End a `wait` now."""
        ...


class Mailboxes(Protocol):
    def open(self, account: str) -> AbstractAsyncContextManager[Folder]:
        """Connect and open the account's folder. Raises `MailboxAway`."""
        ...


class Positions(Protocol):
    async def load(self, account: str) -> Position | None: ...

    async def save(self, account: str, position: Position) -> None: ...


@dataclass(frozen=True)
class Stored:
    """Content in the blob store."""

    sha256: str
    size_bytes: int


class Blobs(Protocol):
    async def put(self, content: bytes | AsyncIterator[bytes], media_type: str) -> Stored:
        """Durable when it returns. Raises `Transient`."""
        ...

    async def get(self, sha256: str) -> bytes:
        """Raises `ContentMissing`, `Transient`."""
        ...


class ContentMissing(Exception):
    """The blob store does not have this content."""


class DnsUnavailable(Transient):
    """DNS gave no answer; that is not the answer that there is nothing."""


class Dns(Protocol):
    async def txt(self, name: str) -> tuple[str, ...]:
        """The TXT records of a name; empty when there are none. Raises `DnsUnavailable`."""
        ...


class Reader(Protocol):
    """Reads hostile mail within bounds of time and memory."""

    async def draft(self, raw: bytes, us: OurMailbox) -> Draft:
        """Raises `BrokenMail`."""
        ...

    async def prove(self, raw: bytes, us: OurMailbox, answers: Answers) -> AssuredIdentity:
        """Raises `BrokenMail`."""
        ...


@dataclass(frozen=True)
class SetAside:
    """A mail that cannot be normalised, with its bytes or, where Kafka cannot hold them, where they are."""

    account: str
    cause: str
    detail: str
    content: bytes | Stored


class Records(Protocol):
    """Kafka, as this service writes it. Returns when acknowledged; raises `Transient`."""

    async def received(self, messages: Sequence[InboundMessage]) -> None: ...

    async def set_aside(self, mails: Sequence[SetAside]) -> None: ...

    async def reported(self, reports: Sequence[DeliveryReported]) -> None: ...


DeliveryStep = Literal["waiting", "attempted", "sent", "failed"]


@dataclass(frozen=True)
class Delivery:
    """A reply in the ledger. `attempted`: its content was on the way to the SMTP server, whose answer is not known."""

    command: SendMessage
    step: DeliveryStep
    attempts: int
    taken_at: datetime
    reason: str | None = None
    provider_message_id: str | None = None
    decided_at: datetime | None = None
    traceparent: str | None = None
    """The trace in which it was taken, where that is recorded: sending and reporting go on in it."""

    @property
    def outbound_id(self) -> str:
        return self.command.outbound_id


class Ledger(Protocol):
    """What becomes of every reply: each is in it once, whatever is redelivered. Raises `Transient`."""

    async def take(self, commands: Sequence[SendMessage], at: datetime) -> None:
        """Add those that are new, as `waiting`, each with the trace that is recorded under its `outbound_id`."""
        ...

    async def claim(
        self, at: datetime, hold: timedelta, per_account: int, in_hand: Mapping[str, int] = {}
    ) -> list[Delivery]:
        """Deliveries that are due, for this caller alone until `hold` has passed: of each conversation the oldest
        that is `waiting` (or `attempted`, by somebody whose hold is over). Of each account so many that with those
        `in_hand` there are at most `per_account`."""
        ...

    async def hold(self, outbound_ids: Sequence[str], until: datetime) -> None:
        """Keep what was claimed for longer."""
        ...

    async def attempt(self, outbound_id: str) -> bool:
        """Note, durably, that the content goes out now. False: somebody else has done so."""
        ...

    async def postpone(self, outbound_id: str, until: datetime, reason: str) -> None:
        """Back to `waiting`."""
        ...

    async def decide(
        self, outbound_id: str, *, sent: bool, reason: str | None, provider_message_id: str | None, at: datetime
    ) -> None:
        """`sent` or `failed`, to be reported."""
        ...

    async def unreported(self, limit: int) -> list[Delivery]: ...

    async def reported(self, outbound_ids: Sequence[str]) -> None: ...

    async def find(self, outbound_ids: Sequence[str]) -> Mapping[str, Delivery]: ...


class Refused(Exception):
    """The SMTP server refuses this mail for good (5xx). The text is a sentence for the agent."""


class Postman(Protocol):
    async def send(self, account: str, mail: OutgoingMail, before_content: Callable[[], Awaitable[None]]) -> None:
        """Hand the mail to the account's SMTP server. `before_content` is awaited when all recipients are accepted
        and nothing of the content has gone out. Raises `Refused`, `Transient`, `Uncertain`."""
        ...


class Uncertain(Exception):
    """The connection broke after the content went out and before the answer came: it may have been sent."""
