"""Records with sensible content for tests: name only what the test is about."""

import uuid
from datetime import UTC, datetime

from omnifil_contracts.identity import Assurance, AssuredIdentity, Because, Identity
from omnifil_contracts.message import IdentifiedMessage, InboundMessage, Sender

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def an_identity(
    value: str = "claire@customer.test", kind: str = "email", assurance: Assurance = Assurance.VERIFIED
) -> AssuredIdentity:
    """A handle with its assurance."""
    return AssuredIdentity(identity=Identity(kind=kind, value=value), assurance=assurance)


def a_sender(
    value: str = "claire@customer.test",
    kind: str = "email",
    assurance: Assurance = Assurance.VERIFIED,
    *,
    others: tuple[AssuredIdentity, ...] = (),
    display_name: str | None = "Claire Martin",
) -> Sender:
    """Who wrote."""
    return Sender(primary=an_identity(value, kind, assurance), others=others, display_name=display_name)


def an_inbound_message(**overrides: object) -> InboundMessage:
    """A message that differs from every other; any field of `InboundMessage` or `conversation_key` by name."""
    provider_message_id = str(overrides.pop("provider_message_id", f"<{uuid.uuid4().hex}@customer.test>"))
    fields: dict[str, object] = {
        "sender": a_sender(),
        "subject": "Order 4711 has not arrived",
        "text": "Where is my order 4711?",
        "received_at": NOON,
        **overrides,
    }
    return InboundMessage.make(
        channel=str(fields.pop("channel", "email")),
        account=str(fields.pop("account", "support@shop.test")),
        conversation_key=str(fields.pop("conversation_key", provider_message_id)),
        provider_message_id=provider_message_id,
        **fields,
    )


def an_identified_message(message: InboundMessage | None = None, **overrides: object) -> IdentifiedMessage:
    """The message (a new one when none is given) with the customer it comes from."""
    return IdentifiedMessage.model_validate(
        {
            "message": message or an_inbound_message(),
            "customer_id": "customer-1",
            "customer_name": "Claire Martin",
            "assured": True,
            "because": Because(rule="identity"),
            **overrides,
        }
    )
