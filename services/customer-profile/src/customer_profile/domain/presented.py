"""A message and the handles that its sender presents, sorted out: which are proven, which are only claimed."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Self

from omnifil_contracts.identity import Assurance, AssuredIdentity, Evidence, Identity
from omnifil_contracts.message import InboundMessage

from customer_profile.domain import handles


@dataclass(frozen=True, slots=True)
class Presented:
    """All handles are normalised, each is there once, the one that the channel works with first.

    `proven` are certainly the sender's. `claimed` they only say are theirs; each is in its proven form. `primary` is
    the handle that the channel works with as we know it: itself if it is proven, else the unproven one. `spellings`
    are how the message has them, by key, and `formers` under which they may have been stored, where that is another.
    """

    message: InboundMessage
    proven: tuple[AssuredIdentity, ...]
    claimed: tuple[AssuredIdentity, ...]
    primary: Identity
    spellings: Mapping[str, str]
    formers: Mapping[str, Identity]

    @classmethod
    def by(cls, message: InboundMessage, region: str | None = None) -> Self:
        """`region` (ISO 3166): where phone numbers without `+` are dialled."""
        sorting = _Sorting(region)
        proven = sorting.proven(message)
        primary = sorting.primary
        if primary.key not in proven:
            primary = sorting.compared(message.sender.primary.identity, handles.unproven_form)
        claimed = sorting.claimed(proven)
        return cls(
            message, tuple(proven.values()), tuple(claimed.values()), primary, sorting.spellings, sorting.formers
        )

    def sought(self) -> Iterator[str]:
        """Every identity that recognising the sender needs to know about."""
        yield self.primary.key
        for handle in (*self.proven, *self.claimed):
            yield handle.identity.key
        for former in self.formers.values():
            yield former.key

    def as_stored(self, known: Collection[str]) -> Self:
        """The same, with the handles that are stored in a former form alone in that form."""
        if not self.formers:
            return self
        stored = {key: former for key, former in self.formers.items() if key not in known and former.key in known}
        if not stored:
            return self
        return replace(
            self,
            proven=tuple(_under(stored.get(each.identity.key, each.identity), each) for each in self.proven),
            claimed=tuple(_under(stored.get(each.identity.key, each.identity), each) for each in self.claimed),
            primary=stored.get(self.primary.key, self.primary),
            spellings={stored[key].key if key in stored else key: text for key, text in self.spellings.items()},
        )

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


class _Sorting:
    """Handles as they are compared, and what they were."""

    primary: Identity

    def __init__(self, region: str | None) -> None:
        self._region = region
        self._unproven: list[AssuredIdentity] = []
        self.spellings: dict[str, str] = {}
        self.formers: dict[str, Identity] = {}

    def compared(
        self, identity: Identity, form: Callable[[Identity, str | None], Identity] = handles.normalised
    ) -> Identity:
        compared = form(identity, self._region)
        if compared.value != identity.value:
            self.spellings[compared.key] = identity.value
            former = handles.former(Identity(kind=compared.kind, value=identity.value))
            if former.value != compared.value:
                self.formers[compared.key] = former
        return compared

    def proven(self, message: InboundMessage) -> dict[str, AssuredIdentity]:
        """By key. The channel vouches for the handle that it works with, and for what that implies; whatever else came
        along needs a signature."""
        found: dict[str, AssuredIdentity] = {}
        sender = message.sender
        self.primary = self.compared(sender.primary.identity)
        for handle in (sender.primary, *sender.others) if sender.others else (sender.primary,):
            identity = self.primary if handle is sender.primary else self.compared(handle.identity)
            needed = Assurance.CHANNEL if handle is sender.primary else Assurance.VERIFIED
            if handle.assurance.at_least(needed) and handles.can_be_proven(identity):
                found.setdefault(identity.key, _under(identity, handle))
                if (implied := handles.implied(identity)) is not None:
                    found.setdefault(implied.key, _implied_by(handle, implied))
            else:
                self._unproven.append(handle)
        return found

    def claimed(self, proven: Mapping[str, AssuredIdentity]) -> dict[str, AssuredIdentity]:
        found: dict[str, AssuredIdentity] = {}
        for handle in self._unproven:
            identity = self.compared(handle.identity, handles.proven_form)
            if identity.key not in proven:
                found.setdefault(identity.key, _under(identity, handle))
        return found


def _implied_by(handle: AssuredIdentity, implied: Identity) -> AssuredIdentity:
    evidence = Evidence(code="number-of-account", values={"network": handle.identity.kind})
    return AssuredIdentity(identity=implied, assurance=handle.assurance, evidence=(evidence, *handle.evidence))


def _under(identity: Identity, handle: AssuredIdentity) -> AssuredIdentity:
    return handle if identity is handle.identity else handle.model_copy(update={"identity": identity})
