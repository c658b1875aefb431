"""Time: delays as people take them."""

import math
import random
from datetime import UTC, datetime, timedelta

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
MONTH = timedelta(days=30)


def around(draw: random.Random, median: float, sigma: float) -> float:
    """Log-normal: half are below the median, a few are far above."""
    return median * math.exp(draw.gauss(0, sigma))


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def days(count: float) -> timedelta:
    return timedelta(days=count)


def awake(draw: random.Random, at: datetime) -> datetime:
    """The same day, at an hour at which people write."""
    return at if 7 <= at.hour < 23 else at.replace(hour=7 + draw.randrange(16), minute=draw.randrange(60))


def between(draw: random.Random, first: datetime, last: datetime) -> datetime:
    """Anywhere in between."""
    return first + (last - first) * draw.random()
