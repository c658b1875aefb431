"""What each fact counts when a message is compared with a dossier, in log odds.

Tuned on the simulator's tuning seeds (docs/correlation.md), never on those that it is judged by.
"""

from collections.abc import Mapping
from itertools import pairwise
from math import log1p

KNOTS = {
    "apart_live": (3, 60, 360, 1440, 4320, 10080, 20160),
    "apart_closed": (60, 1440, 5760, 20160),
    "talk_live": (60, 360, 1440, 4320, 10080, 20160, 43200),
    "talk_closed": (60, 1440, 5760, 20160, 43200),
}
"""Minutes of silence, for which there is a weight each; what lies between lies on a line over the logarithm. `talk`:
the dossier has the very conversation, and that goes on for ever; `apart`: it has not."""

WEIGHTS: Mapping[str, float] = {
    "before": 0.1,
    "named": 1.8,
    "named_other": -3.6,
    "other_number": -1.5,
    "shared": 0.3,
    "unshared": -0.3,
    "nothing_shared": -0.5,
    "little": 0.1,
    "same_topic": 0.0,
    "other_topic": -1.9,
    "goes_on": 1.2,
    "begins": -2.0,
    "greets": -0.7,
    "answered": 0.6,
    "same_channel": 0.4,
    "same_channel_answer": 1.3,
    "same_account": 0.7,
    "apart_live_3": 2.0,
    "apart_live_60": 0.4,
    "apart_live_360": 0.2,
    "apart_live_1440": 0.1,
    "apart_live_4320": 0.1,
    "apart_live_10080": -0.2,
    "apart_live_20160": -0.9,
    "apart_closed_60": 1.0,
    "apart_closed_1440": 0.4,
    "apart_closed_5760": 0.3,
    "apart_closed_20160": -1.3,
    "talk_live_60": 4.0,
    "talk_live_360": 4.0,
    "talk_live_1440": 4.0,
    "talk_live_4320": 4.0,
    "talk_live_10080": 3.8,
    "talk_live_20160": 2.9,
    "talk_live_43200": 1.3,
    "talk_closed_60": 3.1,
    "talk_closed_1440": 3.0,
    "talk_closed_5760": 2.5,
    "talk_closed_20160": 1.1,
    "talk_closed_43200": -1.4,
}


def after_silence(context: str, minutes: float) -> dict[str, float]:
    """The weights' names that so long a silence falls between, and how much of each."""
    knots = KNOTS[context]
    if minutes <= knots[0]:
        return {f"{context}_{knots[0]}": 1.0}
    for before, after in pairwise(knots):
        if minutes <= after:
            way = (log1p(minutes) - log1p(before)) / (log1p(after) - log1p(before))
            return {f"{context}_{before}": 1 - way, f"{context}_{after}": way}
    return {f"{context}_{knots[-1]}": 1.0}
