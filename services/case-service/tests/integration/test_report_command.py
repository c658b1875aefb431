"""`case-service correlation-report` on the real database."""

import asyncio
import json

import pytest
from case_service.adapters.mongo_timeline import MongoTimeline
from case_service.domain.policy import Policy
from case_service.domain.tokens import Minting
from case_service.entrypoints import report
from case_service.handlers import Messages
from case_service.settings import Settings
from omnifil_testkit.builders import NOON, an_identified_message, an_inbound_message

pytestmark = pytest.mark.integration


async def test_the_report_of_a_database_is_one_line_of_json(
    settings: Settings, mongo_timeline: MongoTimeline, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = [
        an_identified_message(an_inbound_message(conversation_key=f"thread {number}"), customer_id=f"customer-{number}")
        for number in range(5)
        for _ in range(3)
    ]
    await Messages(mongo_timeline, Policy(), Minting((b"key",)), lambda: NOON).link(batch)
    capsys.readouterr()
    assert await asyncio.to_thread(report.run, settings, since=None, as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["dossiers"], told["messages"]) == (5, 15)
    assert told["rules"]["new"]["taken"] == told["rules"]["new"]["kept"] == 5
    assert told["rules"]["thread"]["channels"] == {"email": {"taken": 10, "kept": 10, "corrected": 0}}
