"""Where a conversation is cut in two when only a part of it moves."""

from dataclasses import dataclass
from datetime import datetime

from omnifil_contracts.dossier import ConversationUnlinked, TimelineEntry


@dataclass(frozen=True)
class Cut:
    """What is behind it goes: by (`at`, `seq`), as people read; without `at` by `seq`, as it was written here."""

    seq: int
    at: datetime | None = None
    message_id: str | None = None
    """The message that somebody pointed to."""

    def takes(self, seq: int, at: datetime) -> bool:
        """Whether an entry of this `seq`, which occurred at `at`, goes."""
        return seq >= self.seq if self.at is None else (at, seq) >= (self.at, self.seq)

    def takes_entry(self, entry: TimelineEntry) -> bool:
        return self.takes(entry.seq, entry.occurred_at)


def cut_of(event: ConversationUnlinked) -> Cut | None:
    """The cut that the event tells of; None: all went."""
    return Cut(event.since_seq, event.since_at, event.since_message_id) if event.since_seq is not None else None
