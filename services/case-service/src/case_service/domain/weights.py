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
    "before": 0.2,
    "named": 1.8,
    "named_other": -3.7,
    "other_number": -1.3,
    "shared": 0.4,
    "unshared": -0.4,
    "nothing_shared": -1.0,
    "little": 0.0,
    "same_topic": 0.0,
    "other_topic": -2.1,
    "goes_on": 1.1,
    "begins": -2.0,
    "greets": -0.5,
    "answered": 1.1,
    "same_channel": 0.4,
    "same_channel_answer": 1.5,
    "same_account": 0.8,
    "apart_live_3": 2.0,
    "apart_live_60": 0.2,
    "apart_live_360": 0.0,
    "apart_live_1440": -0.2,
    "apart_live_4320": -0.2,
    "apart_live_10080": -0.3,
    "apart_live_20160": -0.8,
    "apart_closed_60": 1.0,
    "apart_closed_1440": 0.4,
    "apart_closed_5760": 0.4,
    "apart_closed_20160": -1.7,
    "talk_live_60": 4.0,
    "talk_live_360": 3.8,
    "talk_live_1440": 3.9,
    "talk_live_4320": 4.2,
    "talk_live_10080": 4.2,
    "talk_live_20160": 3.2,
    "talk_live_43200": 1.5,
    "talk_closed_60": 3.2,
    "talk_closed_1440": 3.1,
    "talk_closed_5760": 2.9,
    "talk_closed_20160": 1.3,
    "talk_closed_43200": -1.5,
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
