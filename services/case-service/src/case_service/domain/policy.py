"""How correlation is set up, per channel."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from case_service.domain.references import DEFAULT_PATTERNS, ReferencePattern


@dataclass(frozen=True)
class Window:
    """Times of one channel, counted from the last message or reply of a dossier, or from its closing."""

    joins: timedelta = timedelta(days=14)
    """How long a live dossier takes up a new conversation of its customer (rule `customer`)."""
    reopens: timedelta = timedelta(days=14)
    """How long a closed dossier is reopened by a message; later a new one follows it."""


@dataclass(frozen=True)
class Policy:
    default: Window = Window()
    channels: Mapping[str, Window] = field(default_factory=dict)
    patterns: tuple[ReferencePattern, ...] = DEFAULT_PATTERNS

    def of(self, channel: str) -> Window:
        return self.channels.get(channel, self.default)
