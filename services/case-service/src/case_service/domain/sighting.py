"""A message, and all that the rules may look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from omnifil_contracts.identity import Evidence
from omnifil_contracts.message import IdentifiedMessage

from case_service.domain.dossier import Dossier
from case_service.domain.policy import Window
from case_service.domain.references import Reference
from case_service.domain.scoring import Asked, Match, matches


@dataclass(frozen=True)
class Candidate:
    """A conversation of a dossier that a message points to, and what points there."""

    dossier: Dossier
    conversation_id: str
    evidence: Evidence


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
    def matches(self) -> Sequence[Match]:
        """The customer's dossiers that the message may be about, the surest first. Worked out when somebody asks."""
        return self.matches_among(self.of_customer)

    def matches_among(self, dossiers: Sequence[Dossier]) -> Sequence[Match]:
        """The same among these dossiers, which are all of one customer."""
        return matches(Asked(self.identified, self.named), dossiers, self.window)
