"""What becomes of a reply, on fakes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from email_scenes.contracts import RECORDED
from email_scenes.fakes import Clock, MemoryBlobs, MemoryLedger, MemoryPostman, MemoryRecords
from email_scenes.replies import a_reply
from ingest_email.domain.mailbox import OurMailbox
from ingest_email.handlers.delivering import DeliverReplies
from ingest_email.ports import Refused, Uncertain
from omnifil_contracts.delivery import SendMessage
from omnifil_contracts.message import Attachment
from omnifil_messaging import Backoff
from omnifil_messaging.context import TRACEPARENT, processing, traced
from omnifil_servicekit import telemetry
from omnifil_servicekit.errors import Transient
from omnifil_testkit.waiting import Eventually
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


class Bench:
    def __init__(self, us: OurMailbox) -> None:
        self.clock, self.ledger, self.postman = Clock(), MemoryLedger(), MemoryPostman()
        self.blobs, self.records = MemoryBlobs(), MemoryRecords()
        self.deliver = DeliverReplies(
            {"support": us},
            ledger=self.ledger,
            postman=self.postman,
            blobs=self.blobs,
            records=self.records,
            clock=self.clock,
            give_up=timedelta(hours=24),
            at_once=4,
            backoff=Backoff(first_s=10, ceiling_s=10, chance=lambda: 1.0),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        running = asyncio.create_task(self.deliver.run(stop))
        try:
            yield
        finally:
            stop.set()
            async with asyncio.timeout(30):
                await running

    def told(self, command: SendMessage) -> tuple[str, str | None]:
        """The one report on a reply."""
        (report,) = [each for each in self.records.reports if each.outbound_id == command.outbound_id]
        return report.state.value, report.reason


@pytest.fixture
def bench(us: OurMailbox) -> Bench:
    return Bench(us)


async def test_a_reply_is_sent_and_reported_once(bench: Bench, eventually: Eventually) -> None:
    reply = a_reply()
    async with bench.running():
        await bench.deliver.take([reply, reply])
        await eventually(lambda: len(bench.records.reports) == 1)
        await bench.deliver.take([reply])
    assert len(bench.postman.sent) == 1
    assert bench.told(reply) == ("sent", None)
    account, mail = bench.postman.sent[0]
    assert account == "support"
    assert bench.records.reports[0].provider_message_id == mail.message_id


async def test_what_follows_the_ledger_is_in_the_trace_of_the_reply(
    bench: Bench, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter = InMemorySpanExporter()
    monkeypatch.setattr(telemetry.recorded, "on", True)
    telemetry.configure("test", span_processors=[SimpleSpanProcessor(exporter)])
    reply, unrecorded = a_reply(), a_reply(conversation="<other@mail.example>")
    bench.postman.before = [Transient("451 greylisted")]
    async with bench.running():
        with processing(traced([(reply.outbound_id, {TRACEPARENT: RECORDED})]), "outbound.email.v1"):
            await bench.deliver.take([reply])
        await eventually(lambda: not bench.postman.before)
        await bench.deliver.take([unrecorded])
        await eventually(lambda: len(bench.records.reports) == 1)
        bench.clock.now += timedelta(seconds=11)
        await eventually(lambda: len(bench.records.reports) == 2)
    spans = [span for span in exporter.get_finished_spans() if (span.context and span.context.trace_id) == 0xA]
    exporter.shutdown()
    assert [span.name for span in spans] == ["process outbound.email.v1", "send email", "send email", "report ledger"]
    process, *others = spans
    assert [(span.attributes or {}).get("error.type") for span in spans] == [None, "Transient", None, None]
    assert {span.parent.span_id for span in others if span.parent} == {
        process.context.span_id if process.context else 0
    }
    assert bench.records.traces[reply.outbound_id].startswith(RECORDED[:36])
    assert bench.records.traces[unrecorded.outbound_id] == ""


async def test_a_refusal_for_good_is_told_with_its_reason(bench: Bench, eventually: Eventually) -> None:
    bench.postman.before = [Refused("The mail server mx refused the mail: 550 no such user")]
    reply = a_reply()
    async with bench.running():
        await bench.deliver.take([reply])
        await eventually(lambda: len(bench.records.reports) == 1)
    assert bench.told(reply) == ("failed", "The mail server mx refused the mail: 550 no such user")
    assert bench.postman.sent == []


async def test_a_temporary_failure_waits_and_holds_only_its_conversation(bench: Bench, eventually: Eventually) -> None:
    first, second = a_reply(), a_reply(later_s=1)
    other = a_reply(conversation="<other@mail.example>", later_s=2)
    bench.postman.before = [Transient("451 greylisted")]
    async with bench.running():
        await bench.deliver.take([first, second, other])
        await eventually(lambda: len(bench.records.reports) == 1)
        assert bench.told(other) == ("sent", None)
        bench.clock.now += timedelta(seconds=11)
        await eventually(lambda: len(bench.records.reports) == 3)
    order = [mail.message_id for _, mail in bench.postman.sent]
    assert [each for each in order if other.outbound_id not in each] == [
        next(mail for mail in order if first.outbound_id in mail),
        next(mail for mail in order if second.outbound_id in mail),
    ]


async def test_after_a_day_of_temporary_failures_it_has_failed(bench: Bench, eventually: Eventually) -> None:
    reply = a_reply()
    bench.postman.before = [Transient("451 later"), Transient("451 still later")]
    async with bench.running():
        await bench.deliver.take([reply])
        await eventually(lambda: len(bench.postman.before) == 1)
        bench.clock.now += timedelta(hours=25)
        await eventually(lambda: len(bench.records.reports) == 1)
    state, reason = bench.told(reply)
    assert state == "failed"
    assert "24 hours" in (reason or "")
    assert "451 still later" in (reason or "")


async def test_what_broke_off_after_the_content_is_not_sent_again(bench: Bench, eventually: Eventually) -> None:
    reply = a_reply()
    bench.postman.after = [Uncertain("broke off")]
    async with bench.running():
        await bench.deliver.take([reply])
        await eventually(lambda: len(bench.records.reports) == 1)
    state, reason = bench.told(reply)
    assert state == "failed"
    assert "not known whether" in (reason or "")


async def test_what_a_dead_process_was_sending_is_not_sent_again(bench: Bench, eventually: Eventually) -> None:
    reply = a_reply()
    await bench.ledger.take([reply], bench.clock())
    await bench.ledger.claim(bench.clock(), timedelta(seconds=90), 1)
    assert await bench.ledger.attempt(reply.outbound_id)
    async with bench.running():
        await asyncio.sleep(0)
        assert bench.records.reports == []  # it may still be alive
        bench.clock.now += timedelta(seconds=91)
        bench.deliver._news.set()
        await eventually(lambda: len(bench.records.reports) == 1)
    assert bench.told(reply)[0] == "failed"
    assert bench.postman.sent == []


async def test_what_a_dead_process_had_only_claimed_is_sent(bench: Bench, eventually: Eventually) -> None:
    reply = a_reply()
    await bench.ledger.take([reply], bench.clock())
    await bench.ledger.claim(bench.clock(), timedelta(seconds=90), 1)
    bench.clock.now += timedelta(seconds=91)
    async with bench.running():
        await eventually(lambda: len(bench.records.reports) == 1)
    assert bench.told(reply) == ("sent", None)


async def test_a_report_waits_for_kafka(bench: Bench, eventually: Eventually) -> None:
    reply = a_reply()
    bench.records.away = 2
    async with bench.running():
        await bench.deliver.take([reply])
        await eventually(lambda: len(bench.records.reports) == 1, timeout_s=10)
    assert len(bench.postman.sent) == 1


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        ({"account": "gone"}, "The mailbox gone is not configured"),
        ({"recipient": "no address"}, "no e-mail address"),
        (
            {"attachments": (Attachment(sha256="0" * 64, filename="a.pdf", media_type="x/y", size_bytes=1),)},
            "The file a.pdf is no longer stored",
        ),
    ],
)
async def test_what_can_never_be_sent_says_why(
    overrides: dict[str, Any], reason: str, bench: Bench, eventually: Eventually
) -> None:
    reply = a_reply(**overrides)
    async with bench.running():
        await bench.deliver.take([reply])
        await eventually(lambda: len(bench.records.reports) == 1)
    state, told = bench.told(reply)
    assert state == "failed"
    assert reason in (told or "")
