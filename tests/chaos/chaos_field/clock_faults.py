"""Another wall clock for one process.

By a library of our own that is preloaded (`wrong_clock.c`), not by libfaketime: with the monotonic clock left alone,
its 0.9.10 makes `time.sleep` fail (its clock_nanosleep takes a monotonic deadline for a wall time).
"""

import asyncio
import shutil
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path

_SOURCE = Path(__file__).with_name("wrong_clock.c")
NO_COMPILER = "no C compiler (cc) to build the library that shifts a process's clock"


def compiler() -> str | None:
    """What builds the library, if there is one."""
    return shutil.which("cc")


class Clocks:
    """A folder with the library, and a file for each process that says how wrong its clock is."""

    def __init__(self, folder: Path, compiler: str) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._library = folder / "wrong_clock.so"
        command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(self._library), str(_SOURCE), "-ldl"]
        subprocess.run(command, check=True)  # noqa: S603 # of our own words

    def environment_of(self, name: str) -> Mapping[str, str]:
        """What makes a process look at its file."""
        if not self._file(name).exists():
            self._file(name).write_bytes(_offset(0))
        return {"LD_PRELOAD": str(self._library), "WRONG_CLOCK_FILE": str(self._file(name))}

    def set(self, name: str, ahead_s: float) -> None:
        """Seconds by which its clock is wrong from now on; 0: it is right."""
        with self._file(name).open("r+b") as mapped:  # in place: the process has this very file in its memory
            mapped.write(_offset(ahead_s))

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.offset"


class ClockSkew:
    """The wall clock jumps, and jumps back."""

    kind = "clock-skew"

    def __init__(self, target: str, group: str, clocks: Clocks, ahead_s: float, hold_s: float) -> None:
        self.target = target
        self.group = group
        self.ahead_s = ahead_s
        self.hold_s = hold_s
        self._clocks = clocks

    async def strike(self) -> None:
        self._clocks.set(self.target, self.ahead_s)
        await asyncio.sleep(self.hold_s)

    async def heal(self) -> None:
        self._clocks.set(self.target, 0)


def _offset(ahead_s: float) -> bytes:
    return struct.pack("=q", round(ahead_s * 1e9))
