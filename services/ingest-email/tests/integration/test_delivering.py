"""Replies out, on the real servers."""

import email
import email.policy
from typing import Any

import pytest
from email_scenes.mails import a_mail
from email_scenes.outside import MakeMailbox, Suite
from email_scenes.replies import REFERENCE, a_reply
from omnifil_contracts.delivery import SendMessage
from omnifil_contracts.identity import Identity
from omnifil_contracts.message import Participant
from omnifil_messaging import Outgoing
from omnifil_testkit.builders import NOON
from omnifil_testkit.waiting import Eventually

pytestmark = pytest.mark.integration
OUTBOUND, REPORTS, INBOUND = "outbound.email.v1", "delivery.events.v1", "inbound.email.v1"


async def publish(suite: Suite, *commands: SendMessage) -> None:
    await suite.producer.publish_all(
        [
            Outgoing(OUTBOUND, each.target.conversation.conversation_id, each, each.outbound_id, "/test", None, NOON)
            for each in commands
        ]
    )


async def reported(suite: Suite, outbound_id: str) -> dict[str, Any]:
    found = [each for each in await suite.values(REPORTS) if each["outbound_id"] == outbound_id]
    assert found
    return found[-1]


async def test_a_reply_arrives_in_the_right_thread_and_is_reported(
    suite: Suite, new_mailbox: MakeMailbox, eventually: Eventually
) -> None:
    shop, customer, friend = await new_mailbox(), await new_mailbox(), await new_mailbox()
    copy = Participant(identity=Identity(kind="email", value=friend.address), role="cc", display_name="A friend")
    reply = a_reply(customer.address, copies=(copy,))
    async with suite.running(suite.settings(shop.account()), "deliver"):
        await publish(suite, reply)
        report = await eventually(lambda: reported(suite, reply.outbound_id))
        await eventually(lambda: len(customer.raws()) == 1 and len(friend.raws()) == 1)
    mail = email.message_from_bytes(customer.raws()[0], policy=email.policy.default)
    assert report["state"] == "sent"
    assert report["provider_message_id"] == mail["message-id"]
    assert mail["message-id"] == f"<{REFERENCE}.{reply.outbound_id}@brume.example>"
    assert mail["in-reply-to"] == "<m2@mail.example>"
    assert mail["references"].split() == ["<root@mail.example>", "<m1@mail.example>", "<m2@mail.example>"]
    assert mail["subject"] == "Re: Order 4711"
    assert mail["from"].addresses[0].display_name == "Amélie Roux (Atelier Brume)"
    assert mail["from"].addresses[0].addr_spec == shop.address
    assert friend.address in mail["cc"]
    assert mail["auto-submitted"] is None
    assert mail.get_content().splitlines() == ["It left yesterday.", "From Lyon."]


async def test_a_redelivered_command_is_sent_once(
    suite: Suite, new_mailbox: MakeMailbox, eventually: Eventually
) -> None:
    shop, customer = await new_mailbox(), await new_mailbox()
    first, last = a_reply(customer.address), a_reply(customer.address, conversation="<other@mail.example>")
    settings = suite.settings(shop.account())
    async with suite.running(settings, "deliver"):
        await publish(suite, first, first)
        await eventually(lambda: reported(suite, first.outbound_id))
    async with suite.running(settings, "deliver"):
        await publish(suite, first, last, first)
        await eventually(lambda: reported(suite, last.outbound_id))
    ids_seen = [email.message_from_bytes(raw)["message-id"] for raw in customer.raws()]
    assert sorted(ids_seen) == sorted(f"<{REFERENCE}.{each.outbound_id}@brume.example>" for each in (first, last))
    assert len([each for each in await suite.values(REPORTS) if each["outbound_id"] == first.outbound_id]) == 1


async def test_the_customers_answer_brings_the_reference_back(
    suite: Suite, new_mailbox: MakeMailbox, eventually: Eventually
) -> None:
    shop, customer = await new_mailbox(), await new_mailbox()
    reply = a_reply(customer.address)
    async with suite.running(suite.settings(shop.account())):
        await publish(suite, reply)
        ours = (await eventually(lambda: reported(suite, reply.outbound_id)))["provider_message_id"]
        # our own mail in copy to ourselves is no new message; the customer's answer to it is one
        shop.deliver(customer.raws()[0])
        shop.deliver(a_mail(message_id="<m3@mail.example>", in_reply_to=ours, references=f"<root@mail.example> {ours}"))

        async def answered() -> list[dict[str, Any]]:
            values = await suite.values(INBOUND)
            assert "<m3@mail.example>" in [each["provider_message_id"] for each in values]
            return values

        values = await eventually(answered)
    assert [each["provider_message_id"] for each in values] == ["<m3@mail.example>"]
    assert values[0]["references"] == [REFERENCE]
    assert values[0]["conversation"]["key"] == "<root@mail.example>"


async def test_a_bounce_is_reported_with_what_the_server_said(
    suite: Suite, new_mailbox: MakeMailbox, eventually: Eventually
) -> None:
    shop, customer = await new_mailbox(), await new_mailbox()
    reply = a_reply(customer.address)
    async with suite.running(suite.settings(shop.account())):
        await publish(suite, reply)
        ours = (await eventually(lambda: reported(suite, reply.outbound_id)))["provider_message_id"]
        shop.deliver(a_bounce(ours, customer.address), sender="mailer-daemon@mx.example")

        async def failed() -> dict[str, Any]:
            report = await reported(suite, reply.outbound_id)
            assert report["state"] == "failed"
            return report

        report = await eventually(failed)
    assert "550 5.1.1 no such user" in report["reason"]
    assert [each["automatic"] for each in await suite.values(INBOUND)] == ["bounce"]


def a_bounce(message_id: str, recipient: str) -> bytes:
    return f"""From: MAILER-DAEMON@mx.example
To: support@brume.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <dsn1@mx.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I could not deliver it.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: text/rfc822-headers

Message-ID: {message_id}
Subject: Re: Order 4711

--b--
""".replace("\n", "\r\n").encode()
