"""What can be wrong with a link."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Disturbance:
    """Holds for every connection of a link, old and new, until it is taken away. Applied in both directions."""

    latency_ms: float = 0
    jitter_ms: float = 0
    """How far a chunk's latency may be from `latency_ms`; their order stays."""
    bytes_per_s: float | None = None
    held: bool = False
    """A blackhole: connections are accepted and nothing passes. What was sent meanwhile arrives afterwards, as TCP
    sends again what nobody has acknowledged."""
    refused: bool = False
    """New connections are reset; those that are there stay."""


CALM = Disturbance()
ANYBODY = "*"
"""The client of a rule that holds for all who have none of their own."""
OUTSIDE = "outside"
"""Who connects without being a process of the suite: a browser, a writer of the play."""
