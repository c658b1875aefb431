"""Holds what everybody has in the end against what was said."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from omnifil_contracts.dossier import ConversationUnlinked, MessageLinked, MessageUnlinked, TimelineEntry

from chaos_play.ledger import Ledger, Mark


@dataclass
class Reckoning:
    """One line for a machine; `problems` has a sentence for each thing that is off."""

    sent: int = 0
    acknowledged: int = 0
    lost: int = 0
    duplicated: int = 0
    out_of_order: int = 0
    gaps: int = 0
    replies_twice: int = 0
    faults: list[str] = field(default_factory=list)
    seconds: float = 0
    seed: int = 0
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The one line."""
        return vars(self) | {"seconds": round(self.seconds, 1)}

    def complain(self, count: int, sentence: str) -> int:
        """Note the problem if there is one; the count."""
        if count:
            self.problems.append(sentence)
        return count


class Standing:
    """Where the customers' messages are once every move is followed: by dossier, oldest first."""

    def __init__(self) -> None:
        self._here: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        self.linked_twice = 0

    def add(self, dossier_id: str, entries: Iterable[TimelineEntry]) -> None:
        """The whole timeline of a dossier."""
        here = self._here[dossier_id]
        for entry in entries:
            match entry.event:
                case MessageLinked(message=message, conversation_id=conversation_id):
                    self.linked_twice += message.message_id in here
                    here[message.message_id] = (conversation_id, message.text)
                case MessageUnlinked(message_id=message_id):
                    here.pop(message_id, None)
                case ConversationUnlinked(conversation_id=gone, messages=went) if went:
                    for message_id in [each for each, (of, _) in here.items() if of == gone]:
                        del here[message_id]

    def marks(self, ledger: Ledger) -> dict[str, list[Mark]]:
        """The marks of the messages that stand in each dossier, in its order."""
        return {
            dossier_id: [mark for _, text in here.values() if (mark := ledger.mark_in(text))]
            for dossier_id, here in self._here.items()
        }


def reckon_messages(ledger: Ledger, standing: Standing, replies: str, told: Reckoning) -> None:
    """Every acknowledged message stands once, in one dossier, in its writer's order."""
    by_dossier = standing.marks(ledger)
    places = Counter(mark for marks in by_dossier.values() for mark in marks)
    written = {mark for mark in ledger.acknowledged if mark.thread != replies}
    lost = sorted(written - set(places))
    twice = sorted(mark for mark, count in places.items() if count > 1)
    told.lost += told.complain(len(lost), f"Lost: {lost[:10]}")
    told.duplicated += told.complain(len(twice), f"More than once in the dossiers: {twice[:10]}")
    told.duplicated += told.complain(standing.linked_twice, f"{standing.linked_twice} linked again where they stand.")
    for dossier_id, marks in by_dossier.items():
        for thread in {mark.thread for mark in marks}:
            numbers = [mark.number for mark in marks if mark.thread == thread]
            told.out_of_order += told.complain(
                numbers != sorted(numbers), f"Out of order in {dossier_id}: {thread} {numbers}"
            )


def reckon_timelines(
    dossier_id: str, streamed: Mapping[int, TimelineEntry], asked: Sequence[TimelineEntry], told: Reckoning
) -> None:
    """The stream and the API show the same entries, without a gap."""
    last = max(entry.seq for entry in asked)
    for who, seqs in (("stream", list(streamed)), ("API", [entry.seq for entry in asked])):
        missing = sorted(set(range(1, last + 1)) ^ set(seqs))
        told.gaps += told.complain(len(missing), f"The {who} lacks {missing[:10]} of {dossier_id}.")
        told.duplicated += told.complain(len(seqs) - len(set(seqs)), f"The {who} repeats entries of {dossier_id}.")
    other = [entry.seq for entry in asked if streamed.get(entry.seq) not in (None, entry)]
    told.gaps += told.complain(len(other), f"The stream has other entries {other[:10]} of {dossier_id}.")


def reckon_replies(due: Counter[Mark], arrived: Counter[Mark], where: str, told: Reckoning) -> None:
    """What arrived at a customer's end: each reply as often as it went there, which for two mail threads is twice."""
    missing = sorted((due - arrived).elements())
    strangers = sorted(set(arrived) - set(due))
    twice = sorted(mark for mark in (arrived - due).elements() if mark in due)
    told.lost += told.complain(len(missing), f"Replies missing at {where}: {missing[:10]}")
    told.replies_twice += told.complain(len(twice), f"Replies twice at {where}: {twice[:10]}")
    told.duplicated += told.complain(len(strangers), f"Replies at {where} that did not go there: {strangers[:10]}")
