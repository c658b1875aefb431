"""A message, and all that the rules may look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from omnifil_contracts.identity import Evidence
from omnifil_contracts.message import IdentifiedMessage, InboundMessage

from case_service.domain.dossier import Dossier
from case_service.domain.policy import Window
from case_service.domain.references import Reference
from case_service.domain.scoring import Asked, Match, matches
from case_service.domain.view import conversation_of


@dataclass(frozen=True)
class Candidate:
    """A conversation of a dossier that a message points to, and what points there."""

    dossier: Dossier
    conversation_id: str
    evidence: Evidence

    @property
    def heard_at(self) -> datetime:
        """When the conversation was last heard there."""
        held = conversation_of(self.dossier.view, self.conversation_id)
        return (held.last_message_at if held is not None else None) or self.dossier.view.opened_at


@dataclass(frozen=True)
class Sighting:
    """A message among the dossiers that it may belong to."""

    identified: IdentifiedMessage
    by_token: Sequence[Candidate]
    by_thread: Sequence[Candidate]
    of_customer: Sequence[Dossier]
    """The customer's dossiers, oldest first; merged ones left out."""
    named: tuple[Reference, ...]
    """Order numbers and the like in this message."""
    window: Window

    @property
    def at(self) -> datetime:
        return self.identified.message.received_at

    @property
    def is_automatic(self) -> bool:
        return self.identified.message.automatic is not None

    @cached_property
    def talks(self) -> Sequence[Candidate]:
        """Where the customer has talked in this very conversation, the newest first, if it is one that goes on for
        ever: then it says little about what the matter is. Empty where threads begin and end."""
        message = self.identified.message
        if not (self.identified.assured and self.window.pause is not None and goes_on_for_ever(message)):
            return ()
        if self.is_automatic or message.direction != "inbound" or "customer" not in self.window.rules:
            return ()
        own = [each for each in self.by_thread if each.dossier.customer_id == self.identified.customer_id]
        return sorted(own, key=lambda each: each.heard_at, reverse=True)

    @cached_property
    def matches(self) -> Sequence[Match]:
        """The customer's dossiers that the message may be about, the surest first. Worked out when somebody asks."""
        return self.matches_among(self.of_customer)

    def matches_among(self, dossiers: Sequence[Dossier]) -> Sequence[Match]:
        """The same among these dossiers, which are all of one customer."""
        heard = {each.dossier.id: each.heard_at for each in reversed(self.talks)}
        return matches(Asked(self.identified, self.named, heard), dossiers, self.window)


def goes_on_for_ever(message: InboundMessage) -> bool:
    """Whether the conversation is the sender themselves (a direct message, SMS, a visitor's chat) and no thread that
    begins and ends: its key is their handle."""
    key, handle = message.conversation.key, message.sender.primary.identity.value
    return handle == key or handle.endswith(f":{key}")
