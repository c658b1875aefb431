"""What `omnifil top` makes of the metrics of processes, and that it fits where it is shown."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from omnifil_devstack.cli import app
from omnifil_devstack.watching.picture import Picture, picture
from omnifil_devstack.watching.scrape import Look, Seen, Usage, read
from omnifil_devstack.watching.screen import duration, screen
from rich.console import Console
from typer.testing import CliRunner

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def look(at_s: float, exposition: str, *, ready: bool = True, pid: int = 7) -> Look:
    started = NOON.timestamp() - 60
    service = Seen(
        "case-service",
        pid,
        alive=True,
        ready=ready,
        not_ready=() if ready else ("mongodb: did not answer within 3 s",),
        usage=Usage(at_s / 2, 100 * 1024**2, started),
        samples=tuple(read(exposition)),
        answered=True,
    )
    return Look(NOON, at_s, (service, Seen("kafka", 8, alive=True, usage=Usage(1, 1024**2, started))))


def exposition(linked: int, lag: int = 0, lag_s: float = 0) -> str:
    group = 'group="case-service.email",topic="identified.email.v1"'
    return f"""# TYPE omnifil_messages counter
omnifil_messages_total{{channel="email",stage="linked"}} {linked}
# TYPE omnifil_lag_records gauge
omnifil_lag_records{{{group}}} {lag}
# TYPE omnifil_lag_seconds gauge
omnifil_lag_seconds{{{group}}} {lag_s}
# TYPE omnifil_oldest_unanswered_seconds gauge
omnifil_oldest_unanswered_seconds{{channel="email"}} 7200
# TYPE omnifil_dead_letters counter
omnifil_dead_letters_total{{topic="inbound.email.v1",cause="NotJson"}} 2
# TYPE omnifil_batch_seconds histogram
omnifil_batch_seconds_bucket{{group="x",le="+Inf"}} 1
"""


def shown(picture: Picture, width: int = 80, height: int = 24) -> list[str]:
    console = Console(width=width, height=height, color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(screen(picture, height))
    return captured.get().splitlines()


def test_rates_are_what_came_between_two_looks() -> None:
    [email] = picture(look(12, exposition(150)), look(10, exposition(100))).channels
    assert (email.stages["linked"].total, email.stages["linked"].per_s) == (150, 25)
    [alone] = picture(look(12, exposition(150))).channels
    assert alone.stages["linked"].per_s is None


def test_a_process_that_was_started_anew_counts_from_nothing() -> None:
    [email] = picture(look(12, exposition(30), pid=9), look(10, exposition(100), pid=7)).channels
    assert email.stages["linked"].per_s == 15


def test_what_kafka_knows_stands_in_for_a_consumer_that_is_down() -> None:
    place = ("customer-profile.chat", "inbound.chat.v1")
    seen = picture(look(1, exposition(1)), None, {place: 40, ("case-service.email", "identified.email.v1"): 9})
    waiting = {each.group: (each.lag_records, each.lag_s) for each in seen.waiting}
    assert waiting == {"customer-profile.chat": (40, None), "case-service.email": (0, 0)}
    assert {flow.channel: flow.lag_records for flow in seen.channels} == {"chat": 40, "email": 0}


@pytest.mark.parametrize("width", [80, 120])
def test_everything_that_matters_is_on_a_small_screen(width: int) -> None:
    seen = picture(look(12, exposition(150, 2500, 45), ready=False), look(10, exposition(100)))
    lines = shown(seen, width)
    assert len(lines) <= 24
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    for told in ("1 of 2 processes well", "25", "2500", "45 s", "2 h", "inbound.email.v1 2", "mongodb: did not"):
        assert told in text, told
    assert not seen.is_well


def test_what_nobody_tells_is_not_shown_as_nothing() -> None:
    rows = shown(picture(look(12, exposition(150)), look(10, exposition(100))), width=70)
    [totals] = [row.split() for row in rows if row.strip().startswith("in all")]
    assert totals[2:] == ["–", "–", "150", "–", "–"]
    assert any(row.startswith("email /s") for row in rows)


def test_for_a_machine_it_is_json() -> None:
    told = json.loads(json.dumps(picture(look(12, exposition(150)), look(10, exposition(100))).as_json()))
    assert told["ok"] is True
    assert told["channels"][0]["stages"]["linked"] == {"total": 150, "per_s": 25}
    assert told["dead_letters"]["inbound.email.v1"]["total"] == 2


@pytest.mark.parametrize(
    ("seconds", "told"), [(None, "–"), (0, "0 s"), (0.42, "0.4 s"), (59, "59 s"), (600, "10 min"), (90_000, "25 h")]
)
def test_durations_are_short(seconds: float | None, told: str) -> None:
    assert duration(seconds) == told


def test_without_a_stack_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNIFIL_HOME", str(tmp_path))
    ran = CliRunner().invoke(app, ["top", "--once"])
    assert ran.exit_code == 1
    assert "omnifil up" in str(ran.exception)
