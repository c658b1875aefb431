"""What a run was asked for."""

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

PARTS = ("throughput", "latency", "isolation", "growth", "start")


@dataclass(frozen=True)
class Options:
    """`quick` is for seeing that it works: its figures mean little."""

    seed: int
    rounds: int = 3
    quick: bool = False
    parts: tuple[str, ...] = PARTS
    profile: bool = False
    docs: Path | None = None
    """Where the document is kept; None: nowhere."""
    began: float = field(default_factory=time.monotonic)

    @property
    def messages(self) -> int:
        """In a backlog."""
        return 3_000 if self.quick else 20_000

    @property
    def few(self) -> int:
        """Rounds of what takes long: the whole run shall stay within about twelve minutes."""
        return min(self.rounds, 2)

    def say(self, part: str, what: str) -> None:
        """Progress, on standard error: the last line of standard output is for a machine."""
        print(f"[{time.monotonic() - self.began:5.0f} s] {part}: {what}", file=sys.stderr, flush=True)
