"""From a mailbox to Kafka, on the real servers."""

import time

import pytest
from ingest_email_mails import a_mail, answers, signed, zone_file

pytestmark = pytest.mark.integration
INBOUND = "inbound.email.v1"


async def test_a_mail_becomes_a_record_and_only_then_is_seen(suite, new_mailbox, eventually, tmp_path) -> None:
    mailbox = await new_mailbox()
    zone = zone_file(tmp_path / "zone", answers())
    mailbox.deliver(signed(a_mail(), "mail.example"))
    async with suite.running(suite.settings(mailbox.account(), email_dns_zone=zone), "receive"):

        async def arrived() -> dict:
            values = await suite.values(INBOUND)
            assert len(values) == 1
            return values[0]

        message = await eventually(arrived)
        await eventually(lambda: mailbox.flags() == [{b"\\Seen"}])
    assert message["provider_message_id"] == "<m1@mail.example>"
    assert message["sender"]["primary"]["identity"] == {"kind": "email", "value": "clara.martin@mail.example"}
    assert message["sender"]["primary"]["evidence"][0]["code"] == "dmarc-pass"
    assert message["text"] == "Where is my order 4711?"


async def test_idle_brings_a_mail_within_a_second(suite, new_mailbox, eventually) -> None:
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
        assert record.timestamp / 1000 - (time.time() - (time.monotonic() - started)) < 1.0
