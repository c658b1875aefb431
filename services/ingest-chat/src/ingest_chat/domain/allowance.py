"""How much somebody may do: a bucket that fills again with time."""

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowance:
    """`burst` at once, and `per_second` in the long run."""

    burst: int
    per_second: float


class Allowances:
    """A bucket for each name, for the names seen last; forgetting the oldest gives them a full bucket, no more."""

    def __init__(self, allowance: Allowance, *, most: int = 50_000) -> None:
        self._allowance = allowance
        self._most = most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, now_s: float) -> float:
        """Take one. 0 when it was there, else after how many seconds it will be. `now_s` is monotonic."""
        left, since = self._buckets.get(name, (float(self._allowance.burst), now_s))
        left = min(self._allowance.burst, left + (now_s - since) * self._allowance.per_second)
        wait_s = 0.0 if left >= 1 else (1 - left) / self._allowance.per_second
        self._buckets[name] = (left - 1 if left >= 1 else left, now_s)
        self._buckets.move_to_end(name)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return wait_s
