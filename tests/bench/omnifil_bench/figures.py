"""What a series of measurements says: percentiles, and a median with its spread over rounds."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Figures = dict[str, Any]
"""What a part measured, as it stands in the JSON line."""


@dataclass(frozen=True)
class Spread:
    """One figure over several rounds. `rounds` keeps each of them, in order."""

    rounds: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Raises ValueError where nothing was measured."""
        rounds = tuple(values)
        if not rounds:
            raise ValueError("There is no spread of nothing: no round was measured.")
        return cls(rounds)

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    @property
    def low(self) -> float:
        return min(self.rounds)

    @property
    def high(self) -> float:
        return max(self.rounds)

    def figures(self, digits: int = 3) -> Figures:
        """`median`, `min`, `max` and how many rounds there were."""
        return {
            "median": tidy(self.median, digits),
            "min": tidy(self.low, digits),
            "max": tidy(self.high, digits),
            "rounds": len(self.rounds),
        }


def ratio(of: Sequence[float], to: Sequence[float]) -> Spread:
    """Round by round, what is measured side by side: the machine's mood is in both and cancels out.

    Raises ValueError where the rounds are no pairs.
    """
    return Spread.of(one / other for one, other in zip(of, to, strict=True))


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: a value that was measured, and `share` (0 < share ≤ 1) are no larger.

    Raises ValueError for an empty series or a share outside of that.
    """
    if not values or not 0 < share <= 1:
        raise ValueError("A percentile is asked of at least one value, with a share above 0 and up to 1.")
    # Rounded before the ceiling: 0.999 × 1000 is a little more than 999 in binary.
    return sorted(values)[math.ceil(round(share * len(values), 6)) - 1]


def latencies(seconds: Sequence[float]) -> Figures:
    """The figures of a latency series, in milliseconds."""
    shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}
    figures = {name: tidy(percentile(seconds, share) * 1000, 2) for name, share in shares.items()}
    return {**figures, "max": tidy(max(seconds) * 1000, 2), "count": len(seconds)}


def tidy(value: float, digits: int = 3) -> float | int:
    """Rounded for a reader: whole numbers from 100 on, or so many digits behind the point."""
    return round(value) if abs(value) >= 100 else round(value, digits)


def merged(spreads: Mapping[str, Iterable[float]], digits: int = 3) -> Figures:
    """Several figures by name, each with its spread."""
    return {name: Spread.of(values).figures(digits) for name, values in spreads.items()}
