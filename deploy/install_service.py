"""Installs one service with what it needs, and nothing else, into a virtual environment of its own.

`python deploy/install_service.py SERVICE FOLDER`. Versions and hashes are those of `requirements.lock`; which of them
the service needs follows from the members' `pyproject.toml`. Needs uv on the path. Standard library only.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_NAME = re.compile(r"^[A-Za-z0-9._-]+")


def members_of(service: str) -> list[Path]:
    """The folders of the service and of every library of ours that it stands on."""
    folders: list[Path] = []
    waiting = [ROOT / "services" / service]
    while waiting:
        folder = waiting.pop()
        if folder in folders:
            continue
        folders.append(folder)
        waiting += [ROOT / "libs" / name.removeprefix("omnifil-") for name in _ours(folder)]
    return folders


def locked(names: set[str]) -> str:
    """The lines of the lock, hashes included, for these distributions. Raises `LookupError` when one is not locked."""
    blocks = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / "requirements.lock").read_text())
    chosen = {name: block for block in blocks if (name := _normalised(block)) in names}
    if missing := names - chosen.keys():
        raise LookupError(f"requirements.lock lacks {', '.join(sorted(missing))}: run `make lock`.")
    return "\n".join(chosen[name].rstrip() for name in sorted(chosen)) + "\n"


def main(service: str, target: Path) -> None:
    members = members_of(service)
    projects = [str(member / "pyproject.toml") for member in members]
    unemitted = [flag for member in members for flag in ("--no-emit-package", f"omnifil-{member.name}")]
    resolved = _uv(
        "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--constraint", "requirements.lock",
        *unemitted, *projects,
    )  # fmt: skip
    names = {name for line in resolved.splitlines() if (name := _normalised(line))}
    requirements = target / "requirements.txt"
    _uv("venv", "--quiet", str(target))
    requirements.write_text(locked(names))
    python = str(target / "bin" / "python")
    _uv("pip", "sync", "--quiet", "--python", python, "--require-hashes", str(requirements))
    _uv("pip", "install", "--quiet", "--python", python, "--no-deps", *map(str, members))


def _ours(folder: Path) -> list[str]:
    dependencies = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["dependencies"]
    return [name for dependency in dependencies if (name := _normalised(dependency)).startswith("omnifil-")]


def _normalised(line: str) -> str:
    """The name of a distribution at the beginning of a line; empty for a line without one."""
    found = _NAME.match(line)
    return found.group().lower().replace("_", "-").replace(".", "-") if found else ""


def _uv(*arguments: str) -> str:
    return subprocess.run(["uv", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603, S607  # fixed command


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
