"""From a mailbox to Kafka, on the real servers."""

import time
from pathlib import Path
from typing import Any

import pytest
from email_scenes.mails import a_mail, answers, signed, zone_file
from email_scenes.outside import MakeMailbox, Suite
from omnifil_testkit.waiting import Eventually

pytestmark = pytest.mark.integration
INBOUND = "inbound.email.v1"


async def test_a_mail_becomes_a_record_and_only_then_is_seen(
    suite: Suite, new_mailbox: MakeMailbox, eventually: Eventually, tmp_path: Path
) -> None:
    mailbox = await new_mailbox()
    zone = zone_file(tmp_path / "zone", answers())
    mailbox.deliver(signed(a_mail(), "mail.example"))
    async with suite.running(suite.settings(mailbox.account(), email_dns_zone=zone), "receive"):

        async def arrived() -> dict[str, Any]:
            values = await suite.values(INBOUND)
            assert len(values) == 1
            return values[0]

        message = await eventually(arrived)
        await eventually(lambda: mailbox.flags() == [{b"\\Seen"}])
    assert message["provider_message_id"] == "<m1@mail.example>"
    assert message["sender"]["primary"]["identity"] == {"kind": "email", "value": "clara.martin@mail.example"}
    assert message["sender"]["primary"]["evidence"][0]["code"] == "dmarc-pass"
    assert message["text"] == "Where is my order 4711?"


async def test_idle_brings_a_mail_long_before_the_next_look(
    suite: Suite, new_mailbox: MakeMailbox, eventually: Eventually
) -> None:
    mailbox = await new_mailbox()
    async with suite.running(suite.settings(mailbox.account()), "receive"):
        mailbox.deliver(a_mail(message_id="<warm@mail.example>"))

        async def known(message_id: str) -> None:
            assert message_id in [each["provider_message_id"] for each in await suite.values(INBOUND)]

        await eventually(lambda: known("<warm@mail.example>"))
        await eventually(lambda: mailbox.flags() == [{b"\\Seen"}])
        started = time.monotonic()
        mailbox.deliver(a_mail(message_id="<quick@mail.example>"))
        await eventually(lambda: known("<quick@mail.example>"))
        record = next(each for each in await suite.records(INBOUND) if b"<quick@mail.example>" in each.value)
        assert record.timestamp / 1000 - (time.time() - (time.monotonic() - started)) < 10
