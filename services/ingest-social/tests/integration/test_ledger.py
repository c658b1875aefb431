"""One suite for the ledger in memory and the one in MongoDB."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ingest_social.adapters.mongo_ledger import MongoLedger
from ingest_social.ports import Ledger, SentPiece
from omnifil_contracts.dossier import DeliveryState

NOW = datetime(2026, 3, 2, 10, 5, tzinfo=UTC)
PSID = "2000"


class LedgerContract:
    async def test_a_delivery_is_found_as_it_was_left(self, ledger: Ledger, command: Any, writer: Any) -> None:
        assert (await ledger.open(command())).mids == {}
        assert await ledger.attempting("out-1", 0, 0)
        assert (await ledger.open(command())).attempted == 0
        await ledger.sent(writer.page, PSID, SentPiece("m_1", "out-1", 0), NOW)
        assert (await ledger.open(command())).mids == {0: "m_1"}
        assert await ledger.echoed("out-1", 0) == "m_1"
        assert await ledger.echoed("out-1", 1) is None
        await ledger.failed("out-1", "why")
        assert (await ledger.open(command())).failed == "why"

    async def test_of_two_that_begin_the_same_attempt_only_one_goes_on(self, ledger: Ledger, command: Any) -> None:
        first, second = await ledger.open(command()), await ledger.open(command())
        assert await ledger.attempting("out-1", 0, first.attempts)
        assert not await ledger.attempting("out-1", 0, second.attempts)
        again = await ledger.open(command())
        assert again.attempts == first.attempts + 1
        assert await ledger.attempting("out-1", 0, again.attempts)

    async def test_a_receipt_that_comes_before_the_answer_is_told_with_it(
        self, ledger: Ledger, command: Any, writer: Any
    ) -> None:
        await ledger.open(command())
        await ledger.delivered(writer.page, ["m_1"], NOW)
        assert await ledger.unreported(writer.page, PSID) == []
        await ledger.sent(writer.page, PSID, SentPiece("m_1", "out-1", 0), NOW)
        [report] = await ledger.unreported(writer.page, PSID)
        assert (report.outbound_id, report.state, report.at) == ("out-1", DeliveryState.DELIVERED, NOW)

    async def test_each_state_is_told_once(self, ledger: Ledger, command: Any, writer: Any) -> None:
        await ledger.open(command())
        await ledger.sent(writer.page, PSID, SentPiece("m_1", "out-1", 0), NOW)
        await ledger.delivered(writer.page, ["m_1"], NOW)
        await ledger.reported(await ledger.unreported(writer.page, PSID))
        assert await ledger.unreported(writer.page, PSID) == []
        await ledger.read(writer.page, PSID, NOW + timedelta(seconds=1))
        reports = await ledger.unreported(writer.page, PSID)
        assert [report.state for report in reports] == [DeliveryState.READ]
        await ledger.reported(reports)
        assert await ledger.unreported(writer.page, PSID) == []

    async def test_what_was_sent_after_the_read_mark_is_not_read(
        self, ledger: Ledger, command: Any, writer: Any
    ) -> None:
        await ledger.open(command())
        await ledger.read(writer.page, PSID, NOW)
        await ledger.read(writer.page, PSID, NOW - timedelta(hours=1))
        await ledger.sent(writer.page, PSID, SentPiece("m_1", "out-1", 0), NOW + timedelta(seconds=1))
        assert await ledger.unreported(writer.page, PSID) == []

    async def test_a_reply_in_pieces_is_delivered_when_all_of_it_is(
        self, ledger: Ledger, command: Any, writer: Any
    ) -> None:
        await ledger.open(command())
        for piece in (0, 1):
            await ledger.sent(writer.page, PSID, SentPiece(f"m_{piece}", "out-1", piece), NOW)
        await ledger.delivered(writer.page, ["m_0"], NOW)
        assert await ledger.unreported(writer.page, PSID) == []
        await ledger.delivered(writer.page, ["m_1"], NOW)
        assert len(await ledger.unreported(writer.page, PSID)) == 1


class TestInMemoryLedger(LedgerContract):
    @pytest.fixture
    def ledger(self, fake_ledger: Any) -> Ledger:
        return fake_ledger  # type: ignore[no-any-return]


@pytest.mark.integration
class TestMongoLedger(LedgerContract):
    @pytest.fixture
    async def ledger(self, mongo: Any) -> Ledger:
        ledger = MongoLedger(mongo)
        await ledger.prepare()
        return ledger
