"""What breaks between a mailbox and Kafka, and that nothing is lost or held up by it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from email_scenes.mails import a_mail
from email_scenes.outside import MakeMailbox, Suite
from ingest_email.adapters.imap_mailboxes import ImapFolder, ImapMailboxes
from ingest_email.bootstrap import bootstrap
from omnifil_messaging.dead_letter.shelf import Shelf
from omnifil_testkit.waiting import Eventually

pytestmark = pytest.mark.integration
INBOUND, RAW = "inbound.email.v1", "inbound.email.raw.v1"


async def known(suite: Suite, *message_ids: str) -> list[dict[str, Any]]:
    """The records, once all of these are there."""
    values = await suite.values(INBOUND)
    assert {each["provider_message_id"] for each in values} >= set(message_ids)
    return values


class _Killed(BaseException):
    """What SIGKILL is to a process."""


class _Killing(ImapMailboxes):
    """Dies when Kafka has the mails and the mailbox does not know it yet."""

    @asynccontextmanager
    async def open(self, account: str) -> AsyncIterator[ImapFolder]:
        async with super().open(account) as folder:

            async def mark_seen(uids: Sequence[int]) -> None:
                raise _Killed

            folder.mark_seen = mark_seen  # type: ignore[method-assign]
            yield folder


async def test_a_crash_between_kafka_and_seen_has_one_effect(
    suite: Suite, new_mailbox: MakeMailbox, eventually: Eventually
) -> None:
    mailbox = await new_mailbox()
    settings = suite.settings(mailbox.account())
    mailbox.deliver(a_mail())
    servers = {name: account.imap for name, account in settings.accounts.items()}
    killing = _Killing(servers, timeout_s=10, renewal_s=60, poll_interval_s=1)
    service = bootstrap(settings, frozenset({"receive"}), mailboxes=killing)
    assert service.resources is not None
    async with service.resources:
        with pytest.raises(_Killed):
            await service.loops["receive support"](asyncio.Event())
    assert mailbox.flags() == [set()]
    async with suite.running(settings, "receive"):
        await eventually(lambda: mailbox.flags() == [{b"\\Seen"}])
    values = await suite.values(INBOUND)
    assert len(values) == 2
    assert len({each["message_id"] for each in values}) == 1
    records = await suite.records(INBOUND)
    assert len({dict(record.headers)["ce_id"] for record in records}) == 1


async def test_a_mail_that_a_human_read_meanwhile_is_not_missed(
    suite: Suite, new_mailbox: MakeMailbox, eventually: Eventually
) -> None:
    mailbox = await new_mailbox()
    settings = suite.settings(mailbox.account())
    mailbox.deliver(a_mail())
    async with suite.running(settings, "receive"):
        await eventually(lambda: known(suite, "<m1@mail.example>"))
        await eventually(lambda: mailbox.flags() == [{b"\\Seen"}])
    mailbox.deliver(a_mail(message_id="<m2@mail.example>"))
    with mailbox.connect() as human:
        human.add_flags(human.search("ALL"), [b"\\Seen"])
    async with suite.running(settings, "receive"):
        values = await eventually(lambda: known(suite, "<m2@mail.example>"))
    assert len(values) == 2


async def test_what_was_read_before_our_time_is_not_taken(
    suite: Suite, new_mailbox: MakeMailbox, eventually: Eventually
) -> None:
    mailbox = await new_mailbox()
    mailbox.deliver(a_mail(message_id="<old@mail.example>"))
    with mailbox.connect() as human:
        human.add_flags(human.search("ALL"), [b"\\Seen"])
    mailbox.deliver(a_mail(message_id="<new@mail.example>"))
    async with suite.running(suite.settings(mailbox.account()), "receive"):
        values = await eventually(lambda: known(suite, "<new@mail.example>"))
    assert [each["provider_message_id"] for each in values] == ["<new@mail.example>"]


async def test_after_a_new_uidvalidity_everything_is_looked_at_again(
    suite: Suite, new_mailbox: MakeMailbox, eventually: Eventually
) -> None:
    mailbox = await new_mailbox()
    account = mailbox.account()
    account["imap"]["folder"] = "Support"
    settings = suite.settings(account)
    with mailbox.connect() as server:
        server.create_folder("Support")
        server.append("Support", a_mail())
    async with suite.running(settings, "receive"):
        await eventually(lambda: known(suite, "<m1@mail.example>"))
        await eventually(lambda: _all_seen(mailbox, "Support"))
    with mailbox.connect() as server:
        before = server.select_folder("Support")[b"UIDVALIDITY"]
        server.select_folder("INBOX")
        server.delete_folder("Support")
        server.create_folder("Support")
        assert server.select_folder("Support")[b"UIDVALIDITY"] != before
        for message_id in ("<m1@mail.example>", "<m2@mail.example>"):
            server.append("Support", a_mail(message_id=message_id), [b"\\Seen"])
    async with suite.running(settings, "receive"):
        values = await eventually(lambda: known(suite, "<m1@mail.example>", "<m2@mail.example>"))
    assert len({each["message_id"] for each in values}) == 2


def _all_seen(mailbox: Any, folder: str) -> bool:
    with mailbox.connect() as server:
        server.select_folder(folder)
        return not server.search("UNSEEN")


def a_deep_mail(depth: int = 30) -> bytes:
    body = "Content-Type: text/plain\r\n\r\ndeep words\r\n"
    for level in range(depth):
        body = f'Content-Type: multipart/mixed; boundary="l{level}"\r\n\r\n--l{level}\r\n{body}\r\n--l{level}--\r\n'
    return f"From: clara@mail.example\r\nSubject: deep\r\nMessage-ID: <deep@mail.example>\r\n{body}".encode()


async def test_a_broken_mail_is_set_aside_raw_and_can_be_replayed(
    suite: Suite, new_mailbox: MakeMailbox, eventually: Eventually
) -> None:
    mailbox = await new_mailbox()
    mailbox.deliver(a_deep_mail())
    mailbox.deliver(a_mail())
    shelf = Shelf(suite.kafka)
    async with suite.running(suite.settings(mailbox.account()), "receive"):
        await eventually(lambda: known(suite, "<m1@mail.example>"))
        await eventually(lambda: mailbox.flags() == [{b"\\Seen"}] * 2)
    (entry,) = await shelf.entries(RAW)
    assert entry.cause == "too-deep"
    _, letter = await shelf.show(RAW, entry.id)
    assert letter.value == mailbox.raws()[0]
    assert b"deep words" in letter.value
    # as long as it cannot be read, a replay brings it back to the dead letter
    async with suite.running(suite.settings(mailbox.account()), "receive"):
        await shelf.replay(suite.producer, RAW, [entry.id], again=False)
        await eventually(lambda: _letters(shelf, 2))
    async with suite.running(suite.settings(mailbox.account(), email_max_depth=40), "receive"):
        await shelf.replay(suite.producer, RAW, None, again=False)
        values = await eventually(lambda: known(suite, "<deep@mail.example>"))
    assert next(each for each in values if each["subject"] == "deep")["text"] == "deep words"


async def _letters(shelf: Shelf, count: int) -> None:
    assert len(await shelf.entries(RAW)) == count


async def test_a_giant_goes_to_the_blob_store_and_can_be_replayed(
    suite: Suite, new_mailbox: MakeMailbox, eventually: Eventually
) -> None:
    mailbox = await new_mailbox()
    mailbox.deliver(a_mail(message_id="<giant@mail.example>", text="word " * 400_000))
    shelf = Shelf(suite.kafka)
    async with suite.running(suite.settings(mailbox.account(), email_max_mail_bytes=1_000_000), "receive"):
        await eventually(lambda: mailbox.flags() == [{b"\\Seen"}])
    (entry,) = await shelf.entries(RAW)
    assert entry.cause == "too-large"
    assert entry.size_bytes < 1000
    async with suite.running(suite.settings(mailbox.account()), "receive"):
        await shelf.replay(suite.producer, RAW, None, again=False)
        (value,) = await eventually(lambda: known(suite, "<giant@mail.example>"))
    assert value["text"].startswith("word word")
    assert value["raw"]["size_bytes"] >= 2_000_000


async def test_a_dead_and_a_stuck_mailbox_do_not_hold_the_others(
    suite: Suite, new_mailbox: MakeMailbox, eventually: Eventually
) -> None:
    good, dead, stuck = await new_mailbox(), await new_mailbox(), await new_mailbox()
    silent = await asyncio.start_server(_never_answer, "127.0.0.1", 0)
    closed = await asyncio.start_server(_never_answer, "127.0.0.1", 0)
    ports = [each.sockets[0].getsockname()[1] for each in (silent, closed)]
    closed.close()
    accounts = [good.account("good"), dead.account("dead"), stuck.account("stuck")]
    accounts[1]["imap"]["port"] = ports[1]
    accounts[2]["imap"]["port"] = ports[0]
    async with suite.running(suite.settings(*accounts, email_imap_timeout_s=3), "receive"):
        for number in range(3):
            good.deliver(a_mail(message_id=f"<g{number}@mail.example>"))
            await eventually(partial(known, suite, f"<g{number}@mail.example>"), timeout_s=10)
    silent.close()


async def _never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        await reader.read()
    writer.close()
