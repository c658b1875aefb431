"""An identity that we know: whose it is, since when, why, and whose it was before."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol, Self

from omnifil_contracts import ids
from omnifil_contracts.identity import Actor, Assurance, Because, Evidence, Identity

from customer_profile.domain.facts import Facts

NEW_CUSTOMER = "new-customer"
SAME_SENDER = "same-sender"
SAME_AT_SOURCE = "same-at-source"
SHARED_HANDLE = "shared-handle"
AGENT = "agent"

SPELLINGS = 8
"""How many spellings of one handle are kept; the newest."""
LANGUAGES = 8
"""How many languages are kept: a person writes a few, a program as many as it likes."""
ASSURANCES = 12
"""How many changes of assurance are kept; the first one always."""


@dataclass(frozen=True, slots=True)
class Link:
    """From here on the identity is this customer's. Links are only ever added."""

    link_id: str
    customer_id: str
    assurance: Assurance
    at: datetime
    because: Because
    actor: Actor
    caused_by: str
    """Id of the message or command that made it: the same one again makes no second."""
    undoes: str | None = None
    """The link that this one takes back."""
    merge_id: str | None = None
    """The merge of two customers that it is a part of, or the undoing of one."""
    rests_on: str | None = None
    """Key of the identity that brought this one: it was linked for coming with that."""
    shared: bool = False
    """From here on several persons use the handle."""


@dataclass(frozen=True, slots=True)
class Assured:
    """The handle became as sure as this, for these reasons."""

    assurance: Assurance
    at: datetime
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Company:
    """A name, a customer and an account that the handle came with, and when first."""

    name: str | None
    customer_id: str
    at: datetime
    account: str | None = None
    """Key of a handle of which a person has one."""


NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a handle was last seen that has never written."""


class Named(Protocol):
    """What an identity tells of whom it names: enough to suggest somebody, a small part of what we keep."""

    @property
    def identity(self) -> Identity: ...
    @property
    def key(self) -> str: ...
    @property
    def customer_id(self) -> str: ...
    @property
    def assurance(self) -> Assurance: ...
    @property
    def channel(self) -> str: ...
    @property
    def seen_at(self) -> datetime: ...
    @property
    def display_name(self) -> str | None: ...
    @property
    def named_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Outline:
    """A `Named` without its history."""

    identity: Identity
    customer_id: str
    assurance: Assurance
    channel: str
    seen_at: datetime
    display_name: str | None
    named_at: datetime | None

    @property
    def key(self) -> str:
        return self.identity.key


@dataclass(frozen=True, slots=True)
class KnownIdentity:
    """`version` grows with every change. `links` is never empty, oldest first: the last one says whose it is.

    `display_name` is as the channel showed it at `named_at`. `channel` and `seen_at` tell when it last wrote, to the
    minute; they are no part of the version. `spellings` are those that differ from the identity, newest last; what it
    came in company with (`companies`) is kept until it is known to be shared.
    """

    identity: Identity
    version: int
    assurance: Assurance
    links: tuple[Link, ...]
    channel: str
    seen_at: datetime
    display_name: str | None = None
    named_at: datetime | None = None
    languages: tuple[str, ...] = ()
    facts: Facts | None = None
    """What sources say of its bearer. None where they say nothing, and where it was not asked for."""
    same: tuple[tuple[str, Identity], ...] = ()
    """Sources, and the handles that they say are the same person's."""
    spellings: tuple[str, ...] = ()
    assurances: tuple[Assured, ...] = ()
    companies: tuple[Company, ...] = ()

    @property
    def key(self) -> str:
        return self.identity.key

    @property
    def link(self) -> Link:
        """The link that holds."""
        return self.links[-1]

    @property
    def customer_id(self) -> str:
        return self.links[-1].customer_id

    @property
    def customers(self) -> tuple[str, ...]:
        """Everybody whose it is or was, each once."""
        return tuple(dict.fromkeys(link.customer_id for link in self.links))

    @property
    def shared(self) -> bool:
        """Whether several persons use it: then it proves nobody."""
        return self.links[-1].shared

    @property
    def has_written(self) -> bool:
        """Whether any message came from it: else we only know of it."""
        return self.seen_at > NEVER

    @property
    def stands_alone(self) -> bool:
        """It began its customer and has never moved: whose it is rests on no other identity."""
        return len(self.links) == 1 and self.customer_id == ids.customer_id(self.key)

    def is_first_seen_in(self, message_id: str) -> bool:
        """Whether this very message brought it, and nothing has moved it since. So a redelivery decides the same."""
        first = self.links[0]
        return first.caused_by == message_id and all(each.customer_id == first.customer_id for each in self.links)

    def made_by(self, command_id: str) -> Link | None:
        """The link that this command made."""
        return next((link for link in self.links if link.actor.kind == AGENT and link.caused_by == command_id), None)

    def linked(self, link: Link) -> Self:
        after = replace(self, version=self.version + 1, assurance=link.assurance, links=(*self.links, link))
        if link.assurance is self.assurance:
            return after
        return replace(
            after, assurances=_kept(*self.assurances, Assured(link.assurance, link.at, link.because.evidence))
        )

    def relied_on(self) -> Self:
        """Something else is about to be decided by whose this is: whoever moves it meanwhile has to look again."""
        return replace(self, version=self.version + 1)

    def hearing(self, facts: Facts) -> Self:
        same = tuple((each.source, each.identity) for each in facts.same)
        return replace(self, version=self.version + 1, facts=facts, same=same)

    def named(self, display_name: str | None, at: datetime) -> Self:
        """With this name, unless a newer one is known."""
        if not display_name or display_name == self.display_name or (self.named_at and at < self.named_at):
            return self
        return replace(self, version=self.version + 1, display_name=display_name, named_at=at)

    def speaking(self, language: str | None) -> Self:
        if not language or language in self.languages or len(self.languages) >= LANGUAGES:
            return self
        return replace(self, version=self.version + 1, languages=(*self.languages, language))

    def assured(self, assurance: Assurance, at: datetime, evidence: tuple[Evidence, ...]) -> Self:
        """At least as sure as this: what was once proven stays so. Kept in its history when it has become surer, or is
        as sure as ever for a reason that is not there yet (another domain, account or key)."""
        if not assurance.at_least(self.assurance):
            return self
        if self.assurance is assurance:
            missing = _reasons(evidence)
            for each in self.assurances:
                missing -= _reasons(each.evidence)
            if not missing:
                return self
        changes = _kept(*self.assurances, Assured(assurance, at, evidence))
        return replace(self, version=self.version + 1, assurance=assurance, assurances=changes)

    def written(self, spelling: str) -> Self:
        """With the handle as the message has it: answers go to it, and others know it so."""
        if spelling == self.identity.value or spelling in self.spellings:
            return self
        return replace(self, version=self.version + 1, spellings=(*self.spellings, spelling)[-SPELLINGS:])

    def came_with(self, company: Company) -> Self:
        return replace(self, version=self.version + 1, companies=(*self.companies, company))


_TELLING = ("domain", "account", "key", "network", "agent")
"""What makes one proof another than the last one; other values of evidence are of the single message."""
_TELLING_NAMES = frozenset(_TELLING)


def _kept(*changes: Assured) -> tuple[Assured, ...]:
    return changes if len(changes) <= ASSURANCES else (changes[0], *changes[-ASSURANCES + 1 :])


def _reasons(evidence: tuple[Evidence, ...]) -> set[tuple[str | None, ...]]:
    # Asked with every message: most evidence has no such values, and then its code says it all.
    return {
        (each.code,) if _TELLING_NAMES.isdisjoint(each.values) else (each.code, *map(each.values.get, _TELLING))
        for each in evidence
    }


Anchors = Mapping[str, str]
"""By handle: the id of the customer who begins with it. For handles of somebody who was erased; for all others it
follows from the handle."""
NO_ANCHORS: Anchors = {}


def first_customer(identity_key: str, anchors: Anchors = NO_ANCHORS) -> str:
    """The id of the customer who is first seen under this handle. Who was erased never gets the former id again."""
    return anchors.get(identity_key) or ids.customer_id(identity_key)


def link_id(identity_key: str, cause: str) -> str:
    """The id of the link that this message or command makes for this identity."""
    return ids.event_id("identity-link", identity_key, cause)
