"""What the gateway's live stream says, over WebSocket and server-sent events."""

from typing import Annotated, Literal

from pydantic import Field

from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.delivery import PresenceChanged
from omnifil_contracts.dossier import DossierEvent
from omnifil_contracts.record import Value


class StreamHello(Value):
    """The first answer: how many events there are to catch up with."""

    type: Literal["hello"] = "hello"
    behind: int = Field(ge=0, description="How many events there are to catch up with.")


class StreamEvents(Value):
    """Dossier events in their order, and the cursor behind the last of them."""

    type: Literal["events"] = "events"
    cursor: str = Field(description="Where the stream continues behind the last event; opaque.")
    events: tuple[DossierEvent, ...] = Field(description="In the order of their dossiers.")


class StreamCustomers(Value):
    """Customers that have changed, whole."""

    type: Literal["customers"] = "customers"
    customers: tuple[CustomerChanged, ...] = Field(description="Each whole, as it is now.")


class StreamPresence(Value):
    """Who looks, types or has read."""

    type: Literal["presence"] = "presence"
    presence: tuple[PresenceChanged, ...] = Field(description="Each true until it expires.")


class StreamLive(Value):
    """Everything up to now has been sent."""

    type: Literal["live"] = "live"


class StreamPing(Value):
    """Answer with `{"type": "pong"}`; a connection that does not is closed."""

    type: Literal["ping"] = "ping"


class StreamReset(Value):
    """The cursor cannot be continued: fetch snapshots again and come back with theirs."""

    type: Literal["reset"] = "reset"
    reason: str = Field(description="Why, as a sentence.")


StreamMessage = Annotated[
    StreamHello | StreamEvents | StreamCustomers | StreamPresence | StreamLive | StreamPing | StreamReset,
    Field(discriminator="type"),
]
