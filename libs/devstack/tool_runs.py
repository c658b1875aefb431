"""Running the tools of the set-up: their output in a log, their complaints as one sentence. Standard library only."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from pathlib import Path

SHOWS_PROGRESS = sys.stdout.isatty()

# What a failing tool's output tells → what a person can do about it. The first that matches is said.
COMPLAINTS = (
    (r"no space left|disk quota|ENOSPC", "The disk is full: free some space (3 GB are needed), then run it again."),
    (
        r"hash(es)? (mismatch|do not match)|don't match the hashes|EINTEGRITY|sha256 differs",
        "A download is not the locked file: look at what your proxy or mirror serves.",
    ),
    (
        r"permission denied|read-only file system|EACCES|EPERM",
        "Something here cannot be written: give yourself write permission to this folder, or take another one.",
    ),
    (
        r"failed to (fetch|download)|could not be downloaded|dns error|connect|timed out|tls|certificate|network"
        r"|no matching distribution|ENOTFOUND|ETIMEDOUT|ECONNREFUSED|E40[0-9]|\b(401|403|404|407|429|50[0-9])\b",
        "A download was refused or did not arrive: check the network, and the proxy or mirror that pip, uv and npm "
        "are configured with.",
    ),
)


class SetupError(Exception):
    """Its text is one sentence that says what to do."""


def run(command: list[str], folder: Path, environment: dict[str, str], log_file: Path) -> None:
    """Run a tool, its output in the log; on a terminal its last line is shown as it goes. Raises `SetupError`."""
    try:
        process = subprocess.Popen(
            command, cwd=str(folder), env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, errors="replace",
        )  # fmt: skip
    except OSError as refused:
        raise SetupError(f"{command[0]} cannot be run: {refused.strerror}.") from None
    said: list[str] = []
    still_there = threading.Thread(target=_beat, args=(process,), daemon=True)
    still_there.start()
    with log_file.open("a") as log:
        log.write("\n$ {}\n".format(" ".join(command)))
        for line in process.stdout or ():
            log.write(line)
            said.append(line)
            if SHOWS_PROGRESS and line.strip():
                print(f"\r\033[2K    {line.strip()[:100]}", end="", flush=True)
    if SHOWS_PROGRESS:
        print("\r\033[2K", end="", flush=True)
    if process.wait():
        advice = "" if "build" in command else advice_on("".join(said[-200:]))  # a build's words mean other things
        last = next((line.strip() for line in reversed(said) if line.strip()), "nothing")
        raise SetupError("{} ({} said: {}; all of it is in {})".format(
            advice or "A step of the set-up failed: see its output, mend it, then run `make setup` again.",
            Path(command[0]).name, last[:200], log_file,
        ))  # fmt: skip


def _beat(process: subprocess.Popen[str]) -> None:
    """Off a terminal, a line now and then so that nobody thinks it hangs."""
    started = time.monotonic()
    while not SHOWS_PROGRESS:
        try:
            process.wait(timeout=20)
            return
        except subprocess.TimeoutExpired:
            print(f"      … {time.monotonic() - started:.0f} s", flush=True)


def advice_on(output: str) -> str:
    """What to do about it, as a sentence; empty when nothing is known."""
    return next((advice for sign, advice in COMPLAINTS if re.search(sign, output, re.IGNORECASE)), "")
