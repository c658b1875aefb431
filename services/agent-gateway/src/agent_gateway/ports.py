"""What the gateway needs of others, in its own words."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from omnifil_contracts.customer import CustomerChanged, LinkIdentity, MergePreview
from omnifil_contracts.delivery import PresenceChanged
from omnifil_contracts.dossier import DossierView
from omnifil_contracts.identity import Actor
from omnifil_contracts.message import Attachment
from omnifil_contracts.profile import ProfileUpdated

from agent_gateway.domain.cursor import Offsets
from agent_gateway.domain.log import LogRecord


@dataclass(frozen=True)
class Answer:
    """What an internal service answered; passed on to the agent as it is."""

    status: int
    body: bytes
    content_type: str

    @property
    def is_success(self) -> bool:
        return self.status < 400


class Refused(Exception):
    """An internal service refused; its answer says why and goes to the agent."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"refused with {answer.status}")
        self.answer = answer


class Cases(Protocol):
    """case-service. Every method raises `Transient` when it cannot be reached."""

    async def get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> Answer:
        """A read, by its path below the service, such as `/dossiers`."""
        ...

    async def dossier(self, dossier_id: str) -> DossierView:
        """Raises `Refused`."""
        ...

    async def dossiers_of(self, customer_id: str) -> tuple[DossierView, ...]:
        """Newest activity first. Raises `Refused`."""
        ...

    async def command(self, dossier_id: str, body: bytes, agent: Actor) -> Answer:
        """Pass a `CommandRequest` on, in the agent's name."""
        ...

    async def preview(self, dossier_id: str, body: bytes, agent: Actor) -> Answer:
        """Pass a `PreviewRequest` on, in the agent's name."""
        ...


class Profiles(Protocol):
    """customer-profile. Every method raises `Transient` when it cannot be reached and `Refused` when it says no."""

    async def customer(self, customer_id: str) -> CustomerChanged: ...

    async def link(self, customer_id: str, command_id: str, link: LinkIdentity, agent: Actor) -> CustomerChanged: ...

    async def push(self, update: ProfileUpdated) -> Answer:
        """Pass on what a source says of somebody; raises `Transient`, never `Refused`."""
        ...

    async def undo_link(self, link_id: str, command_id: str, agent: Actor) -> CustomerChanged: ...

    async def merge_preview(self, customer_id: str, other_id: str) -> MergePreview: ...

    async def command(self, path: str, body: bytes, agent: Actor) -> Answer:
        """Pass on what an agent asks of customers, by its path there; raises `Transient`, never `Refused`."""
        ...


class TopicReader(Protocol):
    """One topic, read without a consumer group."""

    async def end_offsets(self) -> dict[int, int]: ...

    def read(
        self, offsets: Offsets, stop: asyncio.Event, *, lag_told: bool = False
    ) -> AsyncGenerator[Sequence[LogRecord], None]:
        """Batches, also empty ones now and then, from these offsets on, until `stop`.

        Raises `PositionGone` when retention has passed them.
        """
        ...


class PositionGone(Exception):
    """The topic no longer holds what comes after the position."""


class Files(Protocol):
    """The blob store."""

    async def put(self, content: AsyncIterator[bytes], filename: str, media_type: str) -> Attachment:
        """Raises `FileTooLarge`."""
        ...

    async def open(self, sha256: str) -> tuple[int, AsyncIterator[bytes]]:
        """Size in bytes, and the content. Raises `FileMissing`."""
        ...


class FileTooLarge(Exception):
    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The file is larger than {limit_bytes // 1_000_000} MB.")
        self.limit_bytes = limit_bytes


class FileMissing(Exception):
    """No file of this hash."""


class Presences(Protocol):
    """Where presence is said and heard."""

    async def say(self, changes: Sequence[PresenceChanged]) -> None: ...


class Agents(Protocol):
    """Who has ever signed in here, so that a dossier can be given to them."""

    async def saw(self, agent: Actor) -> None: ...

    async def all(self) -> list[Actor]: ...
