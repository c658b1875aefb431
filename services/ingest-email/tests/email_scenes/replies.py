"""Commands to send a reply."""

import uuid
from datetime import timedelta
from typing import Any

from omnifil_contracts import ids
from omnifil_contracts.delivery import SendMessage
from omnifil_contracts.dossier import ReplyTarget
from omnifil_contracts.identity import Actor, Identity
from omnifil_contracts.message import Attachment, Conversation
from omnifil_testkit.builders import NOON

REFERENCE = "om1-abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwx"


def a_reply(
    recipient: str = "clara@mail.example",
    conversation: str = "<root@mail.example>",
    *,
    account: str = "support",
    text: str = "It left yesterday.\nFrom Lyon.",
    attachments: tuple[Attachment, ...] = (),
    later_s: float = 0,
    **overrides: Any,
) -> SendMessage:
    """A reply unlike any other; of its target any field by name."""
    conversation_id = ids.conversation_id("email", account, conversation)
    outbound_id = ids.outbound_id(uuid.uuid4().hex, conversation_id)
    target = {
        "outbound_id": outbound_id,
        "conversation": Conversation(
            conversation_id=conversation_id, channel="email", account=account, key=conversation
        ),
        "recipient": Identity(kind="email", value=recipient),
        "subject": "Re: RE: Order 4711",
        "in_reply_to": "<m2@mail.example>",
        "ancestors": ("<m1@mail.example>", conversation),
        "reference": REFERENCE,
        **overrides,
    }
    return SendMessage(
        outbound_id=outbound_id,
        reply_id="r1",
        dossier_id="d1",
        target=ReplyTarget.model_validate(target),
        text=text,
        attachments=attachments,
        agent=Actor(kind="agent", id="amelie", name="Amélie Roux"),
        requested_at=NOON + timedelta(seconds=later_s),
    )
