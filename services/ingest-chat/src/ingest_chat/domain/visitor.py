"""Who writes in a chat, and how sure that is.

A visitor is a browser that keeps a token of ours, or a person for whom the host site signs. One visitor has one
conversation in an account: its key is the visitor's id.
"""

from dataclasses import dataclass
from uuid import UUID, uuid5

from omnifil_contracts import ids
from omnifil_contracts.identity import Assurance, AssuredIdentity, Evidence, Identity
from omnifil_contracts.message import Sender

CHANNEL = "chat"

_SIGNED = UUID("6f6d6e69-6669-5c00-8000-63686174aaaa")


@dataclass(frozen=True, slots=True)
class SignedIdentity:
    """What the host site says about who is signed in there."""

    subject: str
    email: str | None = None
    email_verified: bool = False
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Claims:
    """What the visitor typed: worth no more than that."""

    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who a session is for."""

    account: str
    visitor_id: str
    signed: SignedIdentity | None = None
    claimed: Claims = Claims()

    @property
    def conversation_id(self) -> str:
        return ids.conversation_id(CHANNEL, self.account, self.visitor_id)

    @property
    def display_name(self) -> str | None:
        return (self.signed.name if self.signed else None) or self.claimed.name

    @property
    def identity(self) -> Identity:
        return Identity(kind="visitor", value=self.visitor_id)


def signed_visitor_id(account: str, subject: str) -> str:
    """The visitor that a signed-in person is in this account, on every device; never that of an anonymous browser."""
    return f"s-{uuid5(_SIGNED, f'{len(account)}:{account}{subject}')}"


def sender(visitor: Visitor, realm: str) -> Sender:
    """The visitor as the sender of a message: the browser (or sign-in) that we know again, and the other handles."""
    return Sender(
        primary=AssuredIdentity(
            identity=visitor.identity, assurance=Assurance.CHANNEL, evidence=(Evidence(code="session-token"),)
        ),
        others=tuple(_others(visitor, realm)),
        display_name=visitor.display_name,
    )


def _others(visitor: Visitor, realm: str) -> list[AssuredIdentity]:
    others: list[AssuredIdentity] = []
    signed = visitor.signed
    if signed is not None:
        by_site = Evidence(code="signed-by-site", values={"account": visitor.account})
        account = Identity(kind="shop-account", value=f"{realm}:{signed.subject}")
        others.append(AssuredIdentity(identity=account, assurance=Assurance.VERIFIED, evidence=(by_site,)))
        if signed.email is not None:
            unchecked = Evidence(code="unverified-by-site", values={"account": visitor.account})
            others.append(
                AssuredIdentity(
                    identity=Identity(kind="email", value=signed.email),
                    assurance=Assurance.VERIFIED if signed.email_verified else Assurance.CLAIMED,
                    evidence=(by_site if signed.email_verified else unchecked,),
                )
            )
    known = {other.identity for other in others}
    if visitor.claimed.email is not None:
        claimed = Identity(kind="email", value=visitor.claimed.email)
        if claimed not in known:
            typed = Evidence(code="typed-by-visitor")
            others.append(AssuredIdentity(identity=claimed, assurance=Assurance.CLAIMED, evidence=(typed,)))
    return others
