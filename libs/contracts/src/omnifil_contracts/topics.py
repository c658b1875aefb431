"""The topics: their keys, records, partitions, retention, who writes and who reads. Topics are made from this."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.delivery import DeliveryReported, PresenceChanged, SendMessage
from omnifil_contracts.dossier import DossierEvent
from omnifil_contracts.message import IdentifiedMessage, InboundMessage, RawMessage
from omnifil_contracts.profile import ProfileUpdated
from omnifil_contracts.record import Record

BUILT_IN_CHANNELS = ("email", "chat", "social")


@dataclass(frozen=True)
class Topic:
    """A topic, or with `<channel>` in its name a family of them, one per channel."""

    name: str
    key: str
    record: type[Record]
    partitions: int
    retention: timedelta | None
    compacted: bool
    produced_by: tuple[str, ...]
    read_by: tuple[str, ...]
    dead_letter: bool = True
    """Whether consumers set records aside; presence is worth nothing a moment later."""

    def of(self, channel: str) -> str:
        """The name for one channel (of a family) or the name itself."""
        return self.name.replace("<channel>", channel)

    @property
    def is_family(self) -> bool:
        return "<channel>" in self.name


INBOUND = Topic(
    "inbound.<channel>.v1", "sender identity", InboundMessage, 6, timedelta(days=7), False,
    ("ingest-<channel>", "any integrator"), ("customer-profile",),
)  # fmt: skip
RAW_EMAIL = Topic(
    "inbound.email.raw.v1", "account", RawMessage, 1, timedelta(days=7), False,
    ("replay of dead letters",), ("ingest-email",),
)  # fmt: skip
"""Its dead letter holds the mails that could not be parsed; replaying one puts it here, to be tried again."""
RAW_SOCIAL = Topic(
    "inbound.social.raw.v1", "account", RawMessage, 1, timedelta(days=7), False,
    ("replay of dead letters",), ("ingest-social",),
)  # fmt: skip
"""The same for signed webhooks that could not be understood."""
IDENTIFIED = Topic(
    "identified.<channel>.v1", "customer id", IdentifiedMessage, 6, timedelta(days=7), False,
    ("customer-profile",), ("case-service",),
)  # fmt: skip
OUTBOUND = Topic(
    "outbound.<channel>.v1", "conversation id", SendMessage, 6, timedelta(days=7), False,
    ("case-service relay",), ("ingest-<channel> deliver",),
)  # fmt: skip
DOSSIER_EVENTS = Topic(
    "dossier.events.v1", "dossier id", DossierEvent, 6, timedelta(days=14), False,
    ("case-service relay",), ("agent-gateway", "integrators"),
)  # fmt: skip
PROFILE_UPDATES = Topic(
    "profile.updates.v1", "identity", ProfileUpdated, 6, timedelta(days=7), False,
    ("any integrator", "customer-profile api"), ("customer-profile updates",),
)  # fmt: skip
CUSTOMER_EVENTS = Topic(
    "customer.events.v1", "customer id", CustomerChanged, 6, None, True,
    ("customer-profile relay",), ("case-service", "agent-gateway", "integrators"),
)  # fmt: skip
DELIVERY_EVENTS = Topic(
    "delivery.events.v1", "dossier id", DeliveryReported, 6, timedelta(days=7), False,
    ("ingest-<channel>", "ingest-<channel> deliver"), ("case-service",),
)  # fmt: skip
PRESENCE_EVENTS = Topic(
    "presence.events.v1", "dossier or conversation id", PresenceChanged, 3, timedelta(minutes=10), False,
    ("agent-gateway", "ingest-chat"), ("agent-gateway", "ingest-chat"), dead_letter=False,
)  # fmt: skip

REGISTRY = (
    INBOUND,
    RAW_EMAIL,
    RAW_SOCIAL,
    IDENTIFIED,
    OUTBOUND,
    DOSSIER_EVENTS,
    PROFILE_UPDATES,
    CUSTOMER_EVENTS,
    DELIVERY_EVENTS,
    PRESENCE_EVENTS,
)

DEAD_LETTER_SUFFIX = ".dead-letter"
DEAD_LETTER_RETENTION = timedelta(days=90)


def dead_letter_of(topic: str) -> str:
    """The topic that takes what cannot be processed from `topic`."""
    return topic + DEAD_LETTER_SUFFIX


def named(channels: Iterable[str] = BUILT_IN_CHANNELS) -> Iterator[tuple[str, Topic]]:
    """Every topic by name, families spelled out for these channels; without dead letters."""
    for topic in REGISTRY:
        if topic.is_family:
            yield from ((topic.of(channel), topic) for channel in channels)
        else:
            yield topic.name, topic
