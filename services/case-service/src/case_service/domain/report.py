"""How the rules did: what each took, what agents corrected of it. Dossier after dossier, in bounded memory."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from omnifil_contracts.dossier import (
    ConversationUnlinked,
    MessageLinked,
    MessageUnlinked,
    SuggestionMade,
    SuggestionResolved,
    TimelineEntry,
)

from case_service.domain.cuts import cut_of

BY_AGENT = "agent"
_INTO_CONVERSATION = ("token", "thread")
"""What these decide is the conversation; where that belongs others have decided."""


@dataclass
class Tally:
    """`corrected` of `taken`: an agent took the message out of the company that the rule had put it in."""

    taken: int = 0
    corrected: int = 0

    @property
    def kept(self) -> int:
        return self.taken - self.corrected


@dataclass
class Suggested:
    """`made_moot`: decided by nobody, because the conversation went elsewhere."""

    offered: int = 0
    accepted: int = 0
    refused: int = 0
    made_moot: int = 0

    @property
    def open(self) -> int:
        return self.offered - self.accepted - self.refused - self.made_moot


@dataclass
class Report:
    dossiers: int = 0
    messages: int = 0
    rules: dict[tuple[str, str], Tally] = field(default_factory=dict)
    """(rule, channel)."""
    suggestions: dict[tuple[str, str], Suggested] = field(default_factory=dict)
    """(rule, kind)."""


@dataclass
class _Taken:
    rule: str
    channel: str
    conversation_id: str
    entry: TimelineEntry
    corrected: bool = False


class Reporting:
    """Takes the entries of all dossiers, each dossier's in order; `ends` when there are no more of one."""

    def __init__(self, since: datetime | None = None) -> None:
        self.report = Report()
        self._since = since
        self._forget()

    def add(self, entry: TimelineEntry) -> None:
        match entry.event:
            case MessageLinked() as event:
                self._linked(entry, event)
            case MessageUnlinked(message_id=gone, because=because) if because.rule == BY_AGENT:
                if gone in self._taken:
                    self._taken[gone].corrected = True
            case ConversationUnlinked() as event:
                self._left(event)
            case SuggestionMade(suggestion=made):
                if self._counts(entry) and made.suggestion_id not in self._open:
                    suggested = self._suggested(made.because.rule, made.kind)
                    suggested.offered += 1
                    self._open[made.suggestion_id] = (suggested, made.conversation_id)
            case SuggestionResolved() as event:
                self._resolved(event)
            case _:
                pass

    def ends(self) -> None:
        """The dossier has no more entries."""
        self.report.dossiers += 1
        for taken in self._taken.values():
            self.report.messages += 1
            tally = self.report.rules.setdefault((taken.rule, taken.channel), Tally())
            tally.taken += 1
            tally.corrected += taken.corrected
        self._forget()

    def _forget(self) -> None:
        self._taken: dict[str, _Taken] = {}
        self._open: dict[str, tuple[Suggested, str]] = {}

    def _counts(self, entry: TimelineEntry) -> bool:
        return self._since is None or entry.at >= self._since

    def _linked(self, entry: TimelineEntry, event: MessageLinked) -> None:
        known = self._taken.get(event.message.message_id)
        if event.because.rule == BY_AGENT:
            if known is not None:  # taken away, and brought back
                known.corrected = False
        elif known is None and self._counts(entry):
            channel = event.message.channel
            self._taken[event.message.message_id] = _Taken(event.because.rule, channel, event.conversation_id, entry)

    def _left(self, event: ConversationUnlinked) -> None:
        for key, (suggested, conversation_id) in list(self._open.items()):
            if conversation_id == event.conversation_id:
                suggested.made_moot += 1
                del self._open[key]
        if event.because.rule != BY_AGENT or not event.messages:
            return
        cut = cut_of(event)
        for key, taken in self._taken.items():
            if taken.conversation_id != event.conversation_id or (cut is not None and not cut.takes_entry(taken.entry)):
                continue
            if taken.rule not in _INTO_CONVERSATION or key == event.since_message_id:
                taken.corrected = True

    def _resolved(self, event: SuggestionResolved) -> None:
        suggested, _ = self._open.pop(event.suggestion_id, (None, None))
        if suggested is not None:
            if event.accepted:
                suggested.accepted += 1
            else:
                suggested.refused += 1

    def _suggested(self, rule: str, kind: str) -> Suggested:
        return self.report.suggestions.setdefault((rule, kind), Suggested())


def total(tallies: list[Tally]) -> Tally:
    return Tally(sum(each.taken for each in tallies), sum(each.corrected for each in tallies))


def by(rules: dict[tuple[str, str], Tally], place: int) -> dict[str, Tally]:
    """The tallies summed over the other half of the key; the most frequent first."""
    counted = Counter({key[place]: 0 for key in rules})
    for key, tally in rules.items():
        counted[key[place]] += tally.taken
    return {name: total([t for key, t in rules.items() if key[place] == name]) for name, _ in counted.most_common()}
