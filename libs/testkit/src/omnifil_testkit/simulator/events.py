"""What a simulation yields: what people say, what agents do, and the truth about each message."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from omnifil_contracts.message import InboundMessage
from omnifil_contracts.profile import ProfileUpdated


@dataclass(frozen=True)
class Truth:
    """`person` and `matter` of a message. `role`: `customer`, `copied` (somebody in copy, about the same matter),
    `impostor`, `outsider` (a third person who forwards), `machine` (auto-replies and the like: part of no pair).

    `own`: keys of the proven handles in the message that are really the writer's. `victim`: whose matter an impostor or
    outsider is after. `way`: how an impostor tries it.
    """

    person: str
    matter: str
    role: str = "customer"
    own: tuple[str, ...] = ()
    victim: str | None = None
    way: str | None = None


@dataclass(frozen=True)
class Said:
    """A message. `answers`: keys of agents' replies that its client knows of, newest first; `with_replies` puts their
    ids and tokens in. `quotes`: the message whose dossier's number replaces `{number}` in subject and text.

    `circle`: nobody of another circle has to do with it, so that the order between circles is of no matter.
    """

    at: datetime
    message: InboundMessage
    truth: Truth
    circle: str
    answers: tuple[str, ...] = ()
    quotes: str | None = None


@dataclass(frozen=True)
class AgentReplies:
    """An agent answers in the conversation of this message, in whichever dossier it is; `closes`: that was all."""

    at: datetime
    key: str
    message_id: str
    text: str
    closes: bool
    circle: str


@dataclass(frozen=True)
class AgentCloses:
    """An agent closes the dossier that has this message."""

    at: datetime
    message_id: str
    circle: str


@dataclass(frozen=True)
class ShopTells:
    """The shop, a source that is trusted, publishes what it knows of a person and an order."""

    at: datetime
    update: ProfileUpdated
    circle: str


Event = Said | AgentReplies | AgentCloses | ShopTells


@dataclass(frozen=True)
class SentReply:
    """What came of an `AgentReplies`: as it went out."""

    reference: str
    provider_message_id: str


def with_replies(said: Said, sent: Mapping[str, SentReply], number: str | None = None) -> InboundMessage:
    """The message as it comes in, with what its client copied from our replies, and the number that it quotes."""
    message = said.message
    known = [sent[key] for key in said.answers if key in sent]
    changes: dict[str, object] = {}
    if known:
        changes["ancestors"] = (*(each.provider_message_id for each in known), *message.ancestors)[:20]
        if message.channel == "email":
            changes["references"] = tuple(each.reference for each in known)
    if said.quotes is not None:
        quoted = number or "D-2222-2222"
        changes["text"] = message.text.replace("{number}", quoted)
        changes["subject"] = message.subject.replace("{number}", quoted) if message.subject else None
    return message.model_copy(update=changes) if changes else message
