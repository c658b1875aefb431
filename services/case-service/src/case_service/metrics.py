"""The figures that this service has alone, on the process's `/metrics`. docs/operating.md says what each means."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, partial

from prometheus_client import Counter, Gauge

MESSAGES_LINKED = Counter("omnifil_messages_linked", "Messages linked to a dossier, by the rule that did it.", ["rule"])
DECISIONS_REDONE = Counter("omnifil_decisions_redone", "Decisions made again, because somebody else was faster.")
COMMANDS = Counter("omnifil_commands", "Agents' commands.", ["type", "outcome"])
OLDEST_UNANSWERED_SECONDS = Gauge(
    "omnifil_oldest_unanswered_seconds", "How long who waits longest has waited; 0: nobody waits.", ["channel"]
)


@cache
def linked_by(rule: str) -> Counter:
    """The counter of one rule."""
    return MESSAGES_LINKED.labels(rule)


class LongestWaits:
    """By channel, since when somebody waits for an answer. Ages grow between two looks."""

    def __init__(self) -> None:
        self._since: dict[str, datetime | None] = {}

    def are(self, since: Mapping[str, datetime]) -> None:
        """What was found just now; a channel that is not named has nobody waiting any more."""
        for channel in since.keys() - self._since.keys():
            OLDEST_UNANSWERED_SECONDS.labels(channel).set_function(partial(self._age_s, channel))
        self._since = dict.fromkeys(self._since) | dict(since)

    def unknown(self) -> None:
        """Somebody else looks from now on."""
        for channel in self._since:
            OLDEST_UNANSWERED_SECONDS.remove(channel)
        self._since = {}

    def _age_s(self, channel: str) -> float:
        since = self._since.get(channel)
        return 0.0 if since is None else max((datetime.now(UTC) - since).total_seconds(), 0.0)
