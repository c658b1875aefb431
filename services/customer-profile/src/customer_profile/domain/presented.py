"""A message and the handles that its sender presents, sorted out: which are proven, which are only claimed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from omnifil_contracts.identity import Assurance, AssuredIdentity, Identity
from omnifil_contracts.message import InboundMessage, Sender

from customer_profile.domain import handles


@dataclass(frozen=True, slots=True)
class Presented:
    """All handles are normalised, each is there once, the one that the channel works with first.

    `proven` are certainly the sender's. `claimed` they only say are theirs; each is in its proven form. `primary` is
    the handle that the channel works with as we know it: itself if it is proven, else the unproven one.
    """

    message: InboundMessage
    proven: tuple[AssuredIdentity, ...]
    claimed: tuple[AssuredIdentity, ...]
    primary: Identity

    @classmethod
    def by(cls, message: InboundMessage) -> Self:
        proven = _proven(message.sender)
        identity = handles.normalised(message.sender.primary.identity)
        primary = identity if identity.key in proven else handles.unproven_form(identity)
        return cls(message, tuple(proven.values()), tuple(_claimed(message.sender, proven).values()), primary)

    def sought(self) -> Iterator[str]:
        """Every identity that recognising the sender needs to know about."""
        yield self.primary.key
        for handle in (*self.proven, *self.claimed):
            yield handle.identity.key

    @property
    def kept(self) -> tuple[AssuredIdentity, ...]:
        """The handles that we keep. Who proves nothing is known by the unproven handle, and as nobody else."""
        if self.proven:
            return self.proven
        return (
            self.message.sender.primary.model_copy(
                update={"identity": self.primary, "assurance": Assurance.CLAIMED},
            ),
        )

    @property
    def is_echo(self) -> bool:
        """The company's own words, which tell nothing of the customer."""
        return self.message.direction == "echo"


def _proven(sender: Sender) -> dict[str, AssuredIdentity]:
    """By key. The channel vouches for the handle that it works with; whatever else came along needs a signature."""
    found: dict[str, AssuredIdentity] = {}
    needed = Assurance.CHANNEL
    for handle in (sender.primary, *sender.others):
        if handle.assurance.at_least(needed) and not handles.is_unproven(handle.identity.kind):
            identity = handles.normalised(handle.identity)
            found.setdefault(identity.key, _under(identity, handle))
        needed = Assurance.VERIFIED
    return found


def _claimed(sender: Sender, proven: dict[str, AssuredIdentity]) -> dict[str, AssuredIdentity]:
    found: dict[str, AssuredIdentity] = {}
    for handle in (sender.primary, *sender.others):
        identity = handles.proven_form(handle.identity)
        if identity.key not in proven:
            found.setdefault(identity.key, _under(identity, handle))
    return found


def _under(identity: Identity, handle: AssuredIdentity) -> AssuredIdentity:
    return handle if identity is handle.identity else handle.model_copy(update={"identity": identity})
