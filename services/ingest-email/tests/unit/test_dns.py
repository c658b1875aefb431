"""DNS: from a file, and asked again before it counts as unavailable."""

import os
from pathlib import Path

import pytest
from email_scenes.fakes import MemoryDns
from email_scenes.mails import zone_file
from ingest_email.adapters.dns_records import PatientDns, ZoneFile, ZoneUnreadable
from ingest_email.ports import Dns, DnsUnavailable

RECORDS = {"a.example": ("one",), "two.example": ("first", "second"), "long.example": ("x" * 600,)}


class DnsContract:
    @pytest.fixture
    def dns(self, tmp_path: Path) -> Dns:
        raise NotImplementedError

    async def test_records_by_name(self, dns: Dns) -> None:
        assert await dns.txt("a.example") == ("one",)
        assert sorted(await dns.txt("two.example")) == ["first", "second"]
        assert await dns.txt("long.example") == ("x" * 600,)

    async def test_a_name_without_records_has_none(self, dns: Dns) -> None:
        assert await dns.txt("nothing.example") == ()


class TestMemoryDns(DnsContract):
    @pytest.fixture
    def dns(self, tmp_path: Path) -> Dns:
        return MemoryDns(RECORDS)


class TestZoneFile(DnsContract):
    @pytest.fixture
    def dns(self, tmp_path: Path) -> Dns:
        return ZoneFile(zone_file(tmp_path / "zone", RECORDS))


class TestPatientDns(DnsContract):
    @pytest.fixture
    def dns(self, tmp_path: Path) -> Dns:
        return PatientDns(MemoryDns(RECORDS), attempts=2)


@pytest.mark.parametrize("content", ['a.example. TXT "unclosed', "not a zone at all", b"\xff\xfe"])
def test_a_zone_that_cannot_be_read_says_so(content: str | bytes, tmp_path: Path) -> None:
    file = tmp_path / "zone"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ZoneUnreadable, match="cannot be read"):
        ZoneFile(file)
    with pytest.raises(ZoneUnreadable):
        ZoneFile(tmp_path / "missing")


async def test_a_zone_that_changes_is_read_again_and_one_that_goes_bad_is_not(tmp_path: Path) -> None:
    file = zone_file(tmp_path / "zone", {"a.example": ("one",)})
    zone = ZoneFile(file)
    zone_file(file, {"b.example": ("two",)})
    os.utime(file, ns=(1, 1))
    assert (await zone.txt("a.example"), await zone.txt("b.example")) == ((), ("two",))
    file.write_text("rubbish")
    os.utime(file, ns=(2, 2))
    assert await zone.txt("b.example") == ("two",)


class _Flaky:
    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.calls = 0

    async def txt(self, name: str) -> tuple[str, ...]:
        self.calls += 1
        if self.calls <= self.failures:
            raise DnsUnavailable(name)
        return ("answer",)


async def test_a_question_without_an_answer_is_asked_again() -> None:
    flaky = _Flaky(2)
    assert await PatientDns(flaky, attempts=3, first_pause_s=0.001).txt("a") == ("answer",)


async def test_a_bounded_number_of_times_and_then_once_a_mail() -> None:
    flaky = _Flaky(100)
    dns = PatientDns(flaky, attempts=3, first_pause_s=0.001)
    for expected in (3, 4, 5):
        with pytest.raises(DnsUnavailable):
            await dns.txt("a")
        assert flaky.calls == expected
