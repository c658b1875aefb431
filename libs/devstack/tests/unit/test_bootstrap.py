"""The set-up's sentences and stamps; what it fetches is proven by every fresh checkout."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from omnifil_devstack.folders import CHECKOUT

SCRIPT = CHECKOUT / "libs/devstack/bootstrap.py"


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("OMNIFIL_HOME", str(tmp_path))
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    spec = importlib.util.spec_from_file_location("omnifil_bootstrap", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_step_is_due_again_when_its_input_or_its_output_changes(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    source, output = tmp_path / "source", tmp_path / "output"
    source.write_text("one")
    step = bootstrap.Step("Title", "name", [source], output, lambda: None)
    bootstrap.STAMPS.mkdir()
    assert not step.is_done()
    output.touch()
    step.stamp.write_text(step.fingerprint())
    assert step.is_done()
    source.write_text("two")
    assert not step.is_done()
    source.write_text("one")
    output.unlink()
    assert not step.is_done()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("error: Failed to download `x`\n  Caused by: dns error: failed to lookup address", "download was refused"),
        ("npm error code E403\nnpm error 403 Forbidden", "download was refused"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("error: failed to create directory: Permission denied (os error 13)", "write permission"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES\nhashes do not match", "not the locked file"),
        ("kafka-clients-4.3.0.jar is not the file that x names (its sha256 differs)", "not the locked file"),
    ],
)
def test_what_a_tool_complains_of_becomes_a_thing_to_do(bootstrap: ModuleType, said: str, told: str) -> None:
    assert told in bootstrap.advice_on(said)


def test_a_failing_tool_is_one_sentence_with_its_last_word(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap.LOG.parent.mkdir(parents=True)
    monkeypatch.setattr(bootstrap, "tool_environment", lambda: dict(os.environ))
    complaint = "print('No space left on device'); raise SystemExit(3)"
    with pytest.raises(bootstrap.SetupError, match="disk is full"):
        bootstrap._run([sys.executable, "-c", complaint])
    assert "No space left" in bootstrap.LOG.read_text()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "a-file"
    blocked.touch()
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env=os.environ | {"OMNIFIL_HOME": str(blocked / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "OMNIFIL_HOME" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_python_without_pip_is_told_what_to_install(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda *args, **kwargs: 1)
    with pytest.raises(bootstrap.SetupError, match="python3-pip"):
        bootstrap.find_uv()
