"""How fast somebody may come: so many at once, and so many a second from then on."""


class Pace:
    """A bucket that fills at `per_s` up to `burst`. Time is given, in seconds of any monotonic clock."""

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._left = burst
        self._at: float | None = None

    def take(self, now: float) -> float:
        """0 where one more may come, else after how many seconds."""
        if self._at is not None:
            self._left = min(self._burst, self._left + max(now - self._at, 0) * self._per_s)
        self._at = now
        if self._left >= 1:
            self._left -= 1
            return 0
        return (1 - self._left) / self._per_s
