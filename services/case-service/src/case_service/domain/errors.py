"""What an agent may be told: which rule of the domain a command ran into, and what to do about it."""

from collections.abc import Sequence
from datetime import datetime

from omnifil_contracts.dossier import TimelineEntry


class CommandRefused(Exception):
    """A command that cannot take effect. `str()` is a sentence for the agent."""


class DossierNotFound(CommandRefused):
    def __init__(self, dossier_id: str) -> None:
        super().__init__(f"There is no dossier {dossier_id}.")


class ConversationNotFound(CommandRefused):
    def __init__(self, conversation_id: str) -> None:
        super().__init__(f"The conversation {conversation_id} is not in this dossier (any more): see where it went.")


class EntryNotFound(CommandRefused):
    def __init__(self, what: str) -> None:
        super().__init__(f"There is no {what} in this dossier.")


class ReplyConflict(CommandRefused):
    """`entries`: the replies that came since."""

    def __init__(self, entries: Sequence[TimelineEntry]) -> None:
        super().__init__("Somebody else has answered meanwhile: read their reply, then send yours if it still helps.")
        self.entries = tuple(entries)


class DossierChanged(CommandRefused):
    """`entries`: what other agents moved or related since."""

    def __init__(self, entries: Sequence[TimelineEntry], merged_into: str | None = None) -> None:
        told = f"It has been merged into {merged_into}. " if merged_into else ""
        super().__init__(
            f"{told}Somebody else has moved something here meanwhile: look at the dossier as it is now, then decide."
        )
        self.entries = tuple(entries)


class WindowExpired(CommandRefused):
    def __init__(self, conversation_id: str, channel: str, expired_at: datetime) -> None:
        super().__init__(
            f"The network took answers on this conversation ({channel}) until {expired_at:%Y-%m-%d %H:%M} UTC. "
            "Answer on another channel, or wait until the customer writes again."
        )
        self.conversation_id = conversation_id
        self.expired_at = expired_at


class NothingToUndo(CommandRefused):
    def __init__(self, reason: str) -> None:
        super().__init__(f"There is nothing to undo: {reason}.")


class SuggestionResolvedAlready(CommandRefused):
    def __init__(self, accepted: bool) -> None:
        super().__init__(f"This suggestion has been {'accepted' if accepted else 'refused'} already.")


class InvalidCommand(CommandRefused):
    """The command cannot be meant."""
