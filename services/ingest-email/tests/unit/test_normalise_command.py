"""`ingest-email normalise FILE…`."""

import json
from pathlib import Path

import pytest
from email_scenes.mails import a_mail, answers, signed, zone_file
from ingest_email.main import app
from omnifil_contracts.message import InboundMessage
from typer.testing import CliRunner, Result


def run(*arguments: str | Path, **environment: str) -> Result:
    return CliRunner().invoke(app, ["normalise", *map(str, arguments)], env=environment)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    good, broken, other = (tmp_path / name for name in ("good.eml", "broken.eml", "other.eml"))
    good.write_bytes(signed(a_mail(), "mail.example"))
    broken.write_bytes(b"garbage")
    other.write_bytes(a_mail(message_id="<m2@mail.example>", author="bob@x.example"))
    return good, broken, other


def test_each_file_is_one_line_and_broken_ones_are_told(files: tuple[Path, ...], tmp_path: Path) -> None:
    zone = zone_file(tmp_path / "zone", answers())
    done = run(
        *files, tmp_path / "missing", "--zone", zone, "--account", "support", "--address", "support@brume.example"
    )
    lines = [InboundMessage.model_validate_json(line) for line in done.stdout.splitlines()]
    assert [each.sender.primary.identity.key for each in lines] == [
        "email:clara.martin@mail.example",
        "email-unproven:bob@x.example",
    ]
    assert lines[0].participants == ()
    errors = [json.loads(line) for line in done.stderr.splitlines()]
    assert [each["error"]["cause"] for each in errors] == ["no-header", "unreadable"]
    assert done.exit_code == 1


def test_contents_can_be_kept(files: tuple[Path, ...], tmp_path: Path) -> None:
    done = run(files[2], "--blobs", tmp_path / "blobs")
    assert done.exit_code == 0
    raw = json.loads(done.stdout)["raw"]
    assert (tmp_path / "blobs" / raw["sha256"]).read_bytes() == files[2].read_bytes()


def test_an_account_of_the_service_is_the_services_account(files: tuple[Path, ...]) -> None:
    server = {"host": "x", "port": 1, "user": "u", "password": "p"}
    account = {
        "account": "shop",
        "addresses": ["support@brume.example"],
        "imap": server,
        "smtp": {"host": "x", "port": 1},
    }
    done = run(files[2], "--account", "shop", OMNIFIL_EMAIL_ACCOUNTS=json.dumps([account]))
    assert json.loads(done.stdout)["participants"] == []
    wrong = run(files[2], OMNIFIL_EMAIL_ACCOUNTS=json.dumps([{"account": "shop", "password": "top secret"}]))
    assert wrong.exit_code == 2
    assert "OMNIFIL_EMAIL_ACCOUNTS is wrong" in wrong.stderr
    assert "top secret" not in wrong.stderr


def test_a_zone_that_is_not_there_is_one_sentence(files: tuple[Path, ...], tmp_path: Path) -> None:
    done = run(files[0], "--zone", tmp_path / "missing")
    assert done.exit_code == 2
    assert "cannot be read" in done.stderr
    assert done.stdout == ""
