"""What the command says when there is nothing to say it about."""

import errno
import json
import sys
from pathlib import Path

import pytest
from omnifil_devstack import stack_file
from omnifil_devstack.cli import app, main
from omnifil_devstack.credentials import Credentials
from omnifil_devstack.errors import StackError, about
from omnifil_devstack.log_files import show
from omnifil_devstack.ports import PortPlan
from omnifil_devstack.stack_plan import StackPlan
from typer.testing import CliRunner


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OMNIFIL_HOME", str(tmp_path))
    return tmp_path


def test_status_of_nothing_is_said_and_fails() -> None:
    shown = CliRunner().invoke(app, ["status"])
    assert (shown.exit_code, "omnifil up" in shown.output) == (1, True)
    assert json.loads(CliRunner().invoke(app, ["status", "--json"]).output) == {"running": False}


def test_down_of_nothing_is_no_error() -> None:
    assert CliRunner().invoke(app, ["down"]).output.strip() == "Nothing runs."


@pytest.mark.parametrize("command", [["export", "--json"], ["rebuild"]])
def test_what_needs_the_suite_says_how_to_start_it(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["omnifil", *command])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("omnifil: Nothing runs: start the suite with `omnifil up`")


def test_a_problem_is_a_sentence_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["omnifil", "logs", "nobody"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("omnifil: There is no log of nobody")


@pytest.mark.parametrize(
    ("number", "told"),
    [(errno.ENOSPC, "disk is full"), (errno.EACCES, "write permission"), (errno.EIO, "omnifil doctor")],
)
def test_what_the_system_refuses_is_said_with_what_to_do(number: int, told: str) -> None:
    assert told in str(about(OSError(number, "refused", "/somewhere")))


def test_clean_data_forgets_data_and_keeps_the_rest(own_home: Path) -> None:
    for folder in ("data", "jars"):
        (own_home / folder).mkdir()
    CliRunner().invoke(app, ["clean-data"])
    assert [each.name for each in own_home.iterdir()] == ["jars"]


def test_an_event_of_a_log_is_shown_as_a_readable_line_and_everything_else_as_it_stands(
    own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own_home / "log").mkdir()
    event = {"timestamp": "2026-11-22T08:00:00Z", "level": "error", "event": "handler_failed", "service": "toy"}
    told = [json.dumps(event | {"channel": "email", "exception": "Traceback …"}), "not JSON", "42"]
    (own_home / "log" / "toy.log").write_text("\n".join(told))
    show(sys.stdout, "toy", lines=3, follow=False)
    assert capsys.readouterr().out.splitlines() == [
        "toy  2026-11-22T08:00:00Z error    handler_failed             channel=email",
        "Traceback …",
        "toy  not JSON",
        "toy  42",
    ]


def test_logs_show_the_last_lines_with_their_names(own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own_home / "log").mkdir()
    (own_home / "log/kafka.log").write_text("one\ntwo\nthree\n")
    show(sys.stdout, "kafka", lines=2, follow=False)
    assert capsys.readouterr().out == "kafka  two\nkafka  three\n"


@pytest.mark.parametrize("base", ["80", "many", "65530"])
def test_a_base_that_is_no_base_is_refused(monkeypatch: pytest.MonkeyPatch, base: str) -> None:
    monkeypatch.setenv("OMNIFIL_PORT_BASE", base)
    with pytest.raises(StackError, match="OMNIFIL_PORT_BASE"):
        PortPlan.from_environment()


def test_credentials_are_made_once_and_are_the_owners_alone(own_home: Path) -> None:
    first = Credentials.of(own_home)
    assert Credentials.of(own_home) == first
    assert oct((own_home / "credentials.json").stat().st_mode & 0o777) == "0o600"


def test_a_file_that_a_dead_supervisor_left_is_no_running_stack() -> None:
    stack = StackPlan.of_this_checkout().described({}, ready=True)
    stack_file.write(stack)
    assert stack_file.read() == stack
    # the id was given to another process since
    before = stack.supervisor.model_copy(update={"started_at": stack.supervisor.started_at - 100})
    stack_file.write(stack.model_copy(update={"supervisor": before}))
    assert stack_file.read() is None
