"""Growing pauses with jitter, so that many who wait for one thing do not return at the same instant."""

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Backoff:
    """Pauses in seconds: doubling from `first_s` up to `ceiling_s`, each shortened at random by up to half.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog ("equal jitter": never zero, so no busy loop).
    """

    first_s: float = 0.1
    ceiling_s: float = 15.0
    chance: Callable[[], float] = random.random

    def pause_s(self, attempt: int) -> float:
        """The pause after the n-th failed attempt, counted from 1."""
        whole = min(self.ceiling_s, self.first_s * 2.0 ** min(attempt - 1, 30))
        return whole * (0.5 + 0.5 * self.chance())
