"""What the service keeps of traces, and says of who waits."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from case_service.adapters.documents import append_document, append_of
from case_service.adapters.in_memory import InMemoryDossiers
from case_service.domain.casebook import Casebook
from case_service.domain.decisions import Append
from case_service.domain.linking import link_message
from case_service.domain.policy import Policy
from case_service.domain.tokens import Minting
from case_service.entrypoints.waits import WaitsWatch
from omnifil_contracts.message import IdentifiedMessage
from omnifil_messaging.context import processing, traced
from omnifil_servicekit import telemetry
from omnifil_servicekit.errors import Transient
from omnifil_testkit.builders import NOON, an_identified_message
from omnifil_testkit.waiting import Eventually
from prometheus_client import REGISTRY

TRACE = f"{0xA:032x}"


def appended(*identified: IdentifiedMessage) -> Append:
    casebook = Casebook()
    for number, each in enumerate(identified):
        casebook.record(link_message(casebook, each, NOON, Policy(), Minting((b"key",))), NOON, number)
    [group] = casebook.groups()
    [append] = group.appends
    return append


def test_an_append_keeps_the_trace_of_each_message_beside_its_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry.recorded, "on", True)
    telemetry.configure("test")
    first, second = an_identified_message(), an_identified_message()
    append = appended(first, second)
    things = traced([(second.message.message_id, {"traceparent": f"00-{TRACE}-{0xB:016x}-01"})])
    with processing(things, "identified.email.v1"):
        document = append_document(append, append.entries)
    of_second = [entry.seq for entry in append.entries if second.message.message_id in entry.effect_id]
    assert of_second
    assert [each["seq"] for each in document["traces"]] == of_second
    assert {each["traceparent"].split("-")[1] for each in document["traces"]} == {TRACE}
    assert append_of(document).traces.keys() == set(of_second)
    assert TRACE not in str(document["entries"])


def test_without_a_recorded_trace_nothing_is_kept() -> None:
    append = appended(an_identified_message())
    document = append_document(append, append.entries)
    assert "traces" not in document
    assert append_of(document).traces == {}


class Waits(InMemoryDossiers):
    """Says what it is told to say."""

    def __init__(self) -> None:
        super().__init__()
        self.since: Mapping[str, datetime] = {}
        self.is_away = False
        self.asked = 0

    async def longest_waits(self) -> Mapping[str, datetime]:
        self.asked += 1
        if self.is_away:
            raise Transient("away")
        return self.since


def waited_s(channel: str) -> float | None:
    return REGISTRY.get_sample_value("omnifil_oldest_unanswered_seconds", {"channel": channel})


async def test_who_waits_longest_is_told_while_the_lease_is_held_and_by_nobody_afterwards(
    eventually: Eventually,
) -> None:
    dossiers, halt = Waits(), asyncio.Event()
    dossiers.since = {"test-mail": datetime.now(UTC) - timedelta(hours=2)}
    running = asyncio.create_task(WaitsWatch(dossiers, every_s=0.01).run(halt))
    await eventually(lambda: (waited_s("test-mail") or 0) >= 7200)

    dossiers.is_away, asked = True, dossiers.asked
    await eventually(lambda: dossiers.asked > asked + 2)
    assert (waited_s("test-mail") or 0) >= 7200, "what was known goes on growing"

    dossiers.is_away, dossiers.since = False, {}
    await eventually(lambda: waited_s("test-mail") == 0)
    halt.set()
    await running
    assert waited_s("test-mail") is None
