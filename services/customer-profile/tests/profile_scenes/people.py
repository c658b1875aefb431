"""The people that the tests are about, and what they write."""

from datetime import timedelta

from omnifil_contracts.identity import Actor, Assurance, AssuredIdentity, Evidence, Identity
from omnifil_contracts.message import InboundMessage, Sender
from omnifil_testkit.builders import NOON, an_inbound_message

CLAIRE = "claire@customer.test"
AMELIE = Actor(kind="agent", id="amelie", name="Amélie Roux")


def handle(key: str, assurance: Assurance, *evidence: str) -> AssuredIdentity:
    """`kind:value` with its assurance."""
    kind, _, value = key.partition(":")
    return AssuredIdentity(
        identity=Identity(kind=kind, value=value),
        assurance=assurance,
        evidence=tuple(Evidence(code=code) for code in evidence),
    )


def claimed(key: str) -> AssuredIdentity:
    return handle(key, Assurance.CLAIMED)


def vouched(key: str) -> AssuredIdentity:
    return handle(key, Assurance.CHANNEL, "platform-account")


def signed(key: str) -> AssuredIdentity:
    return handle(key, Assurance.VERIFIED, "signed-by-site")


def written(
    channel: str, primary: AssuredIdentity, *others: AssuredIdentity, name: str | None = None, **overrides: object
) -> InboundMessage:
    """A message of somebody with these handles; `minutes` after noon."""
    minutes = overrides.pop("minutes", 0)
    assert isinstance(minutes, int | float)
    fields = {"received_at": NOON + timedelta(minutes=minutes), **overrides}
    return an_inbound_message(
        channel=channel, sender=Sender(primary=primary, others=others, display_name=name), **fields
    )


def mail(address: str = CLAIRE, **rest: object) -> InboundMessage:
    """DMARC-aligned."""
    return written("email", handle(f"email:{address}", Assurance.VERIFIED, "dmarc-pass"), **rest)  # type: ignore[arg-type]


def unproven_mail(address: str = CLAIRE, **rest: object) -> InboundMessage:
    return written("email", claimed(f"email-unproven:{address}"), **rest)  # type: ignore[arg-type]


def chat(visitor: str, *others: AssuredIdentity, **rest: object) -> InboundMessage:
    return written("chat", vouched(f"visitor:{visitor}"), *others, **rest)  # type: ignore[arg-type]


def messenger(psid: str, **rest: object) -> InboundMessage:
    return written("social", vouched(f"messenger:page/{psid}"), **rest)  # type: ignore[arg-type]
