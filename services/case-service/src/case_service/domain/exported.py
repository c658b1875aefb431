"""A dossier as other tools judge it: its conversations, the messages that stand in it, and why each is there."""

from collections.abc import Sequence

from omnifil_contracts.dossier import Status, TimelineEntry
from omnifil_contracts.identity import Because
from omnifil_contracts.record import Channel, Instant, Value

from case_service.domain.dossier import Dossier
from case_service.domain.standing import StandingMessage, standing


class ExportedConversation(Value):
    """`key`: what identifies the thread inside its channel and account."""

    conversation_id: str
    channel: Channel
    account: str
    key: str
    because: Because


class ExportedSender(Value):
    """The handle that the channel works with, and how sure it was with this message."""

    kind: str
    value: str
    assurance: str


class ExportedMessage(Value):
    """`conversation_id` is the conversation that the message was found to be part of, `conversation_key` the thread
    that its own channel put it into: a forward or an answer under another thread shows by the difference."""

    message_id: str
    provider_message_id: str
    channel: Channel
    account: str
    conversation_id: str
    conversation_key: str
    sender: ExportedSender
    customer_id: str
    direction: str
    at: Instant
    subject: str | None
    text: str
    because: Because


class ExportedDossier(Value):
    """Messages oldest first; one that moved away is in the dossier where it is now, and nowhere else."""

    dossier_id: str
    number: str
    customer_id: str
    status: Status
    subject: str | None
    follows: str | None
    merged_into: str | None
    related: tuple[str, ...]
    conversations: tuple[ExportedConversation, ...]
    messages: tuple[ExportedMessage, ...]


def exported(dossier: Dossier, history: Sequence[TimelineEntry]) -> ExportedDossier:
    """`history`: the whole timeline, of which `dossier` is the fold."""
    view = dossier.view
    here = sorted(
        standing(history).messages.values(), key=lambda each: (each.event.message.received_at, each.entry.seq)
    )
    return ExportedDossier(
        dossier_id=view.dossier_id,
        number=view.number,
        customer_id=view.customer_id,
        status=view.status,
        subject=view.subject,
        follows=view.follows,
        merged_into=view.merged_into,
        related=tuple(each.dossier_id for each in getattr(view, "related", ())),
        conversations=tuple(
            ExportedConversation(
                conversation_id=each.conversation.conversation_id,
                channel=each.conversation.channel,
                account=each.conversation.account,
                key=each.conversation.key,
                because=each.because,
            )
            for each in view.conversations
        ),
        messages=tuple(_message(each) for each in here),
    )


def _message(standing_message: StandingMessage) -> ExportedMessage:
    event = standing_message.event
    message, primary = event.message, event.message.sender.primary
    return ExportedMessage(
        message_id=message.message_id,
        provider_message_id=message.provider_message_id,
        channel=message.channel,
        account=message.account,
        conversation_id=event.conversation_id,
        conversation_key=message.conversation.key,
        sender=ExportedSender(
            kind=primary.identity.kind, value=primary.identity.value, assurance=primary.assurance.value
        ),
        customer_id=event.customer_id,
        direction=message.direction,
        at=message.received_at,
        subject=message.subject,
        text=message.text,
        because=event.because,
    )
