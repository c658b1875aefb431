"""Write every lock anew: the Python packages, the uv of the set-up, the jars. Run it by `make lock`.

The locks name no registry: uv's own formats would write an address into every entry.
"""

import re
import subprocess
import sys

from bootstrap import PYTHON, ROOT, UV_LOCK, find_uv, tool_environment

_COMPILE = ("pip", "compile", "--quiet", "--universal", "--generate-hashes", "--python-version", "3.11")
_PLAIN = ("--no-emit-index-url", "--no-header", "--no-annotate")


def main() -> int:
    """Resolve, write, and name the next step."""
    members = sorted(path.parent for path in ROOT.glob("*/*/pyproject.toml"))
    own = [word for member in members for word in ("--no-emit-package", f"omnifil-{member.name}")]
    sources = [str((member / "pyproject.toml").relative_to(ROOT)) for member in members]
    _call(find_uv(), *_COMPILE, *_PLAIN, "--group", "dev", *sources, *own, "--output-file", "requirements.lock")

    version = re.search(r"^uv==\S+", UV_LOCK.read_text(), re.MULTILINE)
    if version is None:
        raise SystemExit(f"{UV_LOCK} names no uv: write `uv==<version>` into it.")
    comment = UV_LOCK.read_text().split("\n", 1)[0]
    locked = subprocess.run(
        [find_uv(), *_COMPILE, *_PLAIN, "-"], input=version[0], capture_output=True, text=True, check=True, cwd=ROOT
    )
    UV_LOCK.write_text(f"{comment}\n{locked.stdout}")

    _call(str(PYTHON), "-m", "omnifil_devstack.jars", "lock")
    print("Locked; `make setup` installs it.")
    return 0


def _call(*command: str) -> None:
    subprocess.run(command, cwd=ROOT, env=tool_environment(), check=True)


if __name__ == "__main__":
    sys.exit(main())
