"""An identity that we know: whose it is, since when, why, and whose it was before."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, Self

from omnifil_contracts import ids
from omnifil_contracts.identity import Actor, Assurance, Because, Identity

NEW_CUSTOMER = "new-customer"
SAME_SENDER = "same-sender"
AGENT = "agent"


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
    minute; they are no part of the version.
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
    def stands_alone(self) -> bool:
        """It began its customer and has never moved: whose it is rests on no other identity."""
        return len(self.links) == 1 and self.customer_id == ids.customer_id(self.key)

    def is_first_seen_in(self, message_id: str) -> bool:
        """Whether this very message brought it, and nothing has moved it since. So a redelivery decides the same."""
        return len(self.links) == 1 and self.links[0].caused_by == message_id

    def made_by(self, command_id: str) -> Link | None:
        """The link that this command made."""
        return next((link for link in self.links if link.actor.kind == AGENT and link.caused_by == command_id), None)

    def linked(self, link: Link) -> Self:
        return replace(self, version=self.version + 1, assurance=link.assurance, links=(*self.links, link))

    def named(self, display_name: str | None, at: datetime) -> Self:
        """With this name, unless a newer one is known."""
        if not display_name or display_name == self.display_name or (self.named_at and at < self.named_at):
            return self
        return replace(self, version=self.version + 1, display_name=display_name, named_at=at)

    def speaking(self, language: str | None) -> Self:
        if not language or language in self.languages:
            return self
        return replace(self, version=self.version + 1, languages=(*self.languages, language))

    def assured(self, assurance: Assurance) -> Self:
        """At least as sure as this: what was once proven stays so."""
        if self.assurance.at_least(assurance):
            return self
        return replace(self, version=self.version + 1, assurance=assurance)


def link_id(identity_key: str, cause: str) -> str:
    """The id of the link that this message or command makes for this identity."""
    return ids.event_id("identity-link", identity_key, cause)
