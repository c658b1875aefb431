"""The figures that several services have, on each process's `/metrics`. docs/operating.md says what each means.

Labels are resolved once where it is hot: `messages(channel, stage)` gives the same counter each time.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache

from prometheus_client import Counter, Gauge, Histogram

_QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Stage(StrEnum):
    """What a message, or a reply, has reached."""

    ACCEPTED = "accepted"
    IDENTIFIED = "identified"
    LINKED = "linked"
    CARRIED = "carried"
    SHOWN = "shown"
    REPLY_REQUESTED = "reply-requested"
    REPLY_CARRIED = "reply-carried"
    REPLY_DELIVERED = "reply-delivered"
    REPLY_FAILED = "reply-failed"


class Client(StrEnum):
    """Who is connected."""

    AGENT_WEBSOCKET = "agent-websocket"
    AGENT_SSE = "agent-sse"
    VISITOR = "visitor"


REQUEST_SECONDS = Histogram(
    "omnifil_http_request_seconds",
    "Time from a request to the end of its answer, in seconds.",
    ["method", "route", "status"],
    buckets=_QUICK,
)
MESSAGES = Counter("omnifil_messages", "Messages that have reached a stage.", ["channel", "stage"])
MESSAGE_SECONDS = Histogram(
    "omnifil_message_seconds",
    "From a message's arrival at our door until it is in its dossier, published and projected, in seconds.",
    ["channel"],
    buckets=(*_QUICK, 60, 300, 1800),
)
ACCEPT_SECONDS = Histogram(
    "omnifil_accept_seconds",
    "From taking what the outside hands over until Kafka has it, in seconds.",
    ["channel"],
    buckets=_QUICK,
)
REPLY_SECONDS = Histogram(
    "omnifil_reply_seconds",
    "From an agent's reply until it was handed over, or failed for good, in seconds.",
    ["channel"],
    buckets=(*_QUICK, 60, 300, 1800),
)
STREAM_CLIENTS = Gauge("omnifil_stream_clients", "Connections that are open now.", ["kind"])
STREAM_ENDED = Counter("omnifil_stream_ended", "Connections that the service has ended.", ["kind", "reason"])
RELAY_LAG_SECONDS = Gauge("omnifil_relay_lag_seconds", "How far a relay is behind its change stream.", ["relay"])
RELAY_ACTIVE = Gauge("omnifil_relay_active", "1 where the relay holds the lease.", ["relay"])


@cache
def messages(channel: str, stage: Stage) -> Counter:
    """The counter of one channel and stage. Channels are named by topics, not by whoever writes."""
    return MESSAGES.labels(channel, stage.value)


@cache
def message_seconds(channel: str) -> Histogram:
    """The histogram of one channel."""
    return MESSAGE_SECONDS.labels(channel)


def reply_settled(channel: str, requested_at: datetime, *, delivered: bool) -> None:
    """A reply was handed over to the outside, or has failed for good."""
    messages(channel, Stage.REPLY_DELIVERED if delivered else Stage.REPLY_FAILED).inc()
    REPLY_SECONDS.labels(channel).observe(max((datetime.now(UTC) - requested_at).total_seconds(), 0))


class RelayFigures:
    """How far one relay is. It is asked at each scrape, so that the lag of one that hangs grows."""

    def __init__(self, relay: str, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._active = RELAY_ACTIVE.labels(relay)
        self._reached_s: float | None = None
        self._active.set(0)
        RELAY_LAG_SECONDS.labels(relay).set_function(self.lag_s)

    def lag_s(self) -> float:
        """Seconds between now and the newest change that is surely carried out; 0 where it stands by."""
        return 0.0 if self._reached_s is None else max(self._clock() - self._reached_s, 0.0)

    def begins(self) -> None:
        """The lease is ours. How far the one before came is found out with the first batch."""
        self._active.set(1)
        self._reached_s = self._clock()

    def carried(self, at: datetime | None = None) -> None:
        """All changes up to this instant are carried out; None: everything there is."""
        self._reached_s = self._clock() if at is None else at.timestamp()

    def ends(self) -> None:
        """The lease is somebody else's, or nobody's."""
        self._active.set(0)
        self._reached_s = None
