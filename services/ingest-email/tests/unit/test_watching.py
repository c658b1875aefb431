"""Following a mailbox, on fakes: the order of things."""

import asyncio
from typing import Any

import pytest
from email_scenes.fakes import (
    Clock,
    DirectReader,
    MemoryBlobs,
    MemoryDns,
    MemoryFolder,
    MemoryLedger,
    MemoryMailboxes,
    MemoryPositions,
    MemoryRecords,
)
from email_scenes.mails import a_mail
from ingest_email.domain.mailbox import OurMailbox
from ingest_email.handlers.receiving import Normaliser, ReceiveMail
from ingest_email.handlers.watching import MailboxWatch
from ingest_email.ports import Position
from omnifil_messaging import Backoff
from omnifil_testkit.waiting import Eventually


class Bench:
    """A watch and everything around it."""

    def __init__(self, us: OurMailbox, **overrides: Any) -> None:
        self.folder = MemoryFolder()
        self.records, self.positions, self.blobs = MemoryRecords(), MemoryPositions(), MemoryBlobs()
        normaliser = Normaliser(DirectReader(), MemoryDns(), self.blobs, Clock())
        receive = ReceiveMail({"support": us}, normaliser, self.blobs, self.records, MemoryLedger(), Clock())
        settings = {"take_all": False, "mail_bytes": 100_000, "batch_mails": 2, **overrides}
        self.watch = MailboxWatch(
            "support",
            mailboxes=MemoryMailboxes(support=self.folder),
            positions=self.positions,
            blobs=self.blobs,
            receive=receive,
            backoff=Backoff(first_s=0.001, ceiling_s=0.002),
            **settings,
        )
        self.stop = asyncio.Event()

    async def until(self, condition: Any, eventually: Eventually) -> None:
        running = asyncio.create_task(self.watch.run(self.stop))
        try:
            await eventually(condition)
        finally:
            self.stop.set()
            await running


@pytest.fixture
def bench(us: OurMailbox) -> Bench:
    return Bench(us)


async def test_mails_are_taken_in_order_and_then_seen(bench: Bench, eventually: Eventually) -> None:
    for number in range(5):
        bench.folder.arrive(a_mail(message_id=f"<{number}@x.example>"))
    await bench.until(lambda: bench.folder.seen == {1, 2, 3, 4, 5}, eventually)
    assert [each.provider_message_id for each in bench.records.messages] == [f"<{n}@x.example>" for n in range(5)]
    assert await bench.positions.load("support") == Position(1, 5)


async def test_nothing_is_seen_while_kafka_is_away(bench: Bench, eventually: Eventually) -> None:
    bench.folder.arrive(a_mail())
    bench.records.away = 1_000_000

    def tried() -> bool:
        assert bench.folder.seen == set()
        return bench.records.away < 999_998

    await bench.until(tried, eventually)
    assert bench.folder.seen == set()
    assert await bench.positions.load("support") is None


async def test_a_mailbox_that_comes_back_goes_on(bench: Bench, eventually: Eventually) -> None:
    bench.folder.arrive(a_mail())
    bench.folder.away = 7
    await bench.until(lambda: bench.folder.seen == {1}, eventually)
    assert len(bench.records.messages) == 1


async def test_what_was_seen_before_the_first_look_is_left(bench: Bench, eventually: Eventually) -> None:
    bench.folder.arrive(a_mail(message_id="<old@x.example>"), seen=True)
    bench.folder.arrive(a_mail())
    await bench.until(lambda: bench.folder.seen == {1, 2}, eventually)
    assert [each.provider_message_id for each in bench.records.messages] == ["<m1@mail.example>"]


async def test_all_of_a_folder_may_be_taken(us: OurMailbox, eventually: Eventually) -> None:
    bench = Bench(us, take_all=True)
    bench.folder.arrive(a_mail(), seen=True)
    await bench.until(lambda: len(bench.records.messages) == 1, eventually)


async def test_a_new_uidvalidity_begins_at_the_beginning(bench: Bench, eventually: Eventually) -> None:
    await bench.positions.save("support", Position(7, 100))
    bench.folder.arrive(a_mail(), seen=True)
    await bench.until(lambda: len(bench.records.messages) == 1, eventually)
    assert await bench.positions.load("support") == Position(1, 1)


async def test_a_broken_mail_is_set_aside_and_seen_with_its_neighbours(bench: Bench, eventually: Eventually) -> None:
    bench.folder.arrive(b"\x00 garbage")
    bench.folder.arrive(a_mail())
    await bench.until(lambda: bench.folder.seen == {1, 2}, eventually)
    assert [(each.cause, each.content) for each in bench.records.letters] == [("no-header", b"\x00 garbage")]
    assert len(bench.records.messages) == 1


async def test_a_giant_is_stored_and_set_aside(bench: Bench, eventually: Eventually) -> None:
    raw = a_mail(text="x" * 200_000)
    bench.folder.arrive(raw)
    await bench.until(lambda: bench.folder.seen == {1}, eventually)
    (letter,) = bench.records.letters
    assert letter.cause == "too-large"
    assert not isinstance(letter.content, bytes)
    assert bench.blobs.contents[letter.content.sha256] == raw


async def test_a_mail_that_the_server_does_not_give_is_left_unseen_and_told(
    bench: Bench, eventually: Eventually
) -> None:
    bench.folder.arrive(a_mail(message_id="<refused@x.example>"))
    bench.folder.arrive(a_mail())
    bench.folder.refuses = {1}
    await bench.until(lambda: bench.folder.seen == {2}, eventually)
    assert [each.cause for each in bench.records.letters] == ["unfetchable"]
    assert [each.provider_message_id for each in bench.records.messages] == ["<m1@mail.example>"]


async def test_new_mail_wakes_and_a_stop_ends_the_waiting(bench: Bench, eventually: Eventually) -> None:
    running = asyncio.create_task(bench.watch.run(bench.stop))
    bench.folder.arrive(a_mail())
    await eventually(lambda: bench.folder.seen == {1})
    bench.folder.arrive(a_mail(message_id="<m2@mail.example>"))
    await eventually(lambda: bench.folder.seen == {1, 2})
    bench.stop.set()
    async with asyncio.timeout(30):
        await running
