"""How correlation is set up, per channel and account."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from case_service.domain.references import DEFAULT_PATTERNS, ReferencePattern

SWITCHABLE = frozenset({"token", "thread", "customer"})
"""Rules that a setting may turn off; `new` is what is left when no other fires."""


@dataclass(frozen=True)
class Window:
    """How one channel or account is correlated. Times count from the last message or reply of a dossier, or from its
    closing."""

    joins: timedelta = timedelta(days=14)
    """How long a live dossier takes up a new conversation of its customer (rule `customer`)."""
    reopens: timedelta = timedelta(days=14)
    """How long a closed dossier is reopened by a message; later a new one follows it."""
    names: timedelta = timedelta(days=60)
    """How long a dossier is found by an order number or the like that it shares with a message."""
    pause: timedelta | None = timedelta(hours=2)
    """In a conversation that goes on for ever (a direct message, SMS, a visitor's chat): after such a silence what is
    said next may be about something else. None: whatever is said there is about the same."""
    threshold: int = 60
    """Percent of certainty from which the rule `customer` joins."""
    suggests: int = 25
    """Percent of certainty from which an agent is asked, where it is not enough to join."""
    unproven_goes_on: bool = True
    """Whether a sender who proves nothing goes on in a thread begun under the very handle. Nobody can tell them from
    one who forges the handle and knows the thread: where that is worse than a dossier for each such mail, no."""
    rules: frozenset[str] = SWITCHABLE
    """Which rules are on."""


@dataclass(frozen=True)
class Policy:
    default: Window = Window()
    channels: Mapping[str, Window] = field(default_factory=dict)
    """By `<channel>/<account>` or `<channel>`; the more exact one counts."""
    patterns: tuple[ReferencePattern, ...] = DEFAULT_PATTERNS

    def of(self, channel: str, account: str | None = None) -> Window:
        if not self.channels:
            return self.default
        of_channel = self.channels.get(channel, self.default)
        return of_channel if account is None else self.channels.get(f"{channel}/{account}", of_channel)
