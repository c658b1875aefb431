"""Holds what everybody has in the end against what was said, entry by entry."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from chaos_play.evidence import Entry, Evidence
from chaos_play.ledger import NOTE, POISON, REPLY, Ledger, Mark, body_digest
from chaos_play.screen import Screen, text_of
from chaos_play.topic_door import NEWCOMER


@dataclass
class Reckoning:
    """One line for a machine; `problems` has a sentence for each thing that is off."""

    seed: int
    shape: str
    sent: int = 0
    acknowledged: int = 0
    stored: int = 0
    published: int = 0
    shown: dict[str, int] = field(default_factory=dict)
    answered: int = 0
    lost: int = 0
    duplicated: int = 0
    out_of_order: int = 0
    gaps: int = 0
    replies_twice: int = 0
    replies_given_up: int = 0
    """Said to have failed with a sentence for the agent: a connection broke and it may have arrived."""
    dead_lettered: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    sent_again: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    longest_stall_s: float = 0.0
    """After the end of a barrage of faults, while nothing else is done to the suite."""
    longest_stall_under_fire_s: float = 0.0
    """After the end of one fault, while others follow."""
    rebuilt: dict[str, Any] = field(default_factory=dict)
    """What `case-service rebuild` said in the end: every document is what its timeline folds into."""
    seconds: float = 0.0
    broken: str | None = None
    folder: str | None = None
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The one line."""
        return vars(self) | {
            "seconds": round(self.seconds, 1),
            "longest_stall_s": round(self.longest_stall_s, 1),
            "longest_stall_under_fire_s": round(self.longest_stall_under_fire_s, 1),
        }

    def complain(self, found: Collection[object], sentence: str) -> int:
        """Note a problem if something was found; how many."""
        if found:
            self.problems.append(f"{sentence}: {len(found)}, such as {list(map(str, found))[:8]}")
        return len(found)


class Standing:
    """Where the customers' messages are once every move is followed: by dossier, oldest first."""

    def __init__(self) -> None:
        self._here: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        self.linked_twice: list[str] = []

    def add(self, dossier_id: str, entries: Iterable[Entry]) -> None:
        """The whole timeline of a dossier."""
        here = self._here[dossier_id]
        for event in (entry["event"] for entry in entries):
            match event["type"]:
                case "message_linked":
                    message = event["message"]
                    if message["message_id"] in here:
                        self.linked_twice.append(message["message_id"])
                    here[message["message_id"]] = (event["conversation_id"], message["text"])
                case "message_unlinked":
                    here.pop(event["message_id"], None)
                case "conversation_unlinked" if event["messages"]:
                    for message_id in [each for each, (of, _) in here.items() if of == event["conversation_id"]]:
                        del here[message_id]

    def marks(self, ledger: Ledger) -> dict[str, list[Mark]]:
        """The marks of the messages that stand in each dossier, in its order."""
        return {
            dossier_id: [mark for _, text in here.values() if (mark := ledger.mark_in(text))]
            for dossier_id, here in self._here.items()
        }


def in_order(timeline: Mapping[int, Entry]) -> list[Entry]:
    """By `seq`."""
    return [timeline[seq] for seq in sorted(timeline)]


def reckon_messages(ledger: Ledger, evidence: Evidence, told: Reckoning) -> None:
    """Every acknowledged message stands once, in one dossier, in its writer's order; every command took effect once."""
    standing, agents = Standing(), Counter[Mark]()
    for dossier_id, timeline in evidence.stored.items():
        standing.add(dossier_id, in_order(timeline))
        for entry in timeline.values():
            if entry["event"]["type"] != "message_linked" and (text := text_of(entry["event"])):
                agents.update(mark for mark in [ledger.mark_in(text)] if mark)
    by_dossier = standing.marks(ledger)
    places = Counter(mark for marks in by_dossier.values() for mark in marks) + agents
    told.stored = len(places)
    told.lost += told.complain(sorted(ledger.acknowledged.keys() - places.keys()), "Acknowledged but not stored")
    told.duplicated += told.complain(
        sorted(mark for mark, count in places.items() if count > 1), "More than once in the dossiers"
    )
    told.duplicated += told.complain(standing.linked_twice, "Linked again where they stand")
    told.duplicated += told.complain(
        sorted(mark for mark in places if mark.channel == POISON), "Poison that got into a dossier"
    )
    homes: dict[str, set[str]] = defaultdict(set)
    for dossier_id, marks in by_dossier.items():
        for mark in marks:
            if mark.channel == NEWCOMER:
                homes[mark.thread.rpartition("-")[0]].add(dossier_id)
    told.duplicated += told.complain(
        sorted(newcomer for newcomer, dossiers in homes.items() if len(dossiers) > 1), "Two dossiers for one newcomer"
    )
    told.complain(sorted(places.keys() - ledger.sent.keys() - ledger.poison.keys()), "Never sent, but stored")
    for dossier_id, marks in by_dossier.items():
        by_thread: dict[str, list[int]] = defaultdict(list)
        for mark in marks:
            by_thread[mark.thread].append(mark.number)
        for thread, numbers in by_thread.items():
            wrong = [f"{a} before {b}" for a, b in pairwise(numbers) if a > b]
            told.out_of_order += told.complain(wrong, f"Out of order in {dossier_id}, {thread}")


def reckon_published(evidence: Evidence, told: Reckoning) -> None:
    """The timeline in the database and the one on the topic are the same, gapless, in order."""
    told.published = sum(map(len, evidence.published.values()))
    told.gaps += told.complain(evidence.published_holes, "Published before what precedes it")
    told.gaps += told.complain(evidence.published_other, "Published twice with other content")
    told.duplicated += told.complain(evidence.stored_twice, "One seq stored twice")
    told.duplicated += told.complain(evidence.effects_twice, "One effect stored twice")
    told.duplicated += told.complain(evidence.claims_twice, "Claimed by two")
    for dossier_id, stored in evidence.stored.items():
        whole = set(range(1, max(stored) + 1))
        told.gaps += told.complain(sorted(whole - stored.keys()), f"The timeline of {dossier_id} lacks")
    _compare(evidence.stored, evidence.published, "dossier.events.v1", told)


def reckon_screen(evidence: Evidence, screen: Screen, told: Reckoning) -> None:
    """What one client was shown is the timeline, in order, with nothing missing at any moment."""
    told.shown[screen.name] = sum(map(len, screen.timelines.values()))
    told.gaps += told.complain(screen.holes, f"Screen {screen.name}")
    told.gaps += told.complain(screen.contradictions, f"Screen {screen.name}")
    told.gaps += told.complain(screen.resets, f"Screen {screen.name} had to begin anew")
    _compare(evidence.stored, screen.timelines, f"screen {screen.name}", told)


def _compare(
    stored: Mapping[str, Mapping[int, Entry]], other: Mapping[str, Mapping[int, Entry]], where: str, told: Reckoning
) -> None:
    missing, strange, different = [], [], []
    for dossier_id in stored.keys() | other.keys():
        mine, theirs = stored.get(dossier_id, {}), other.get(dossier_id, {})
        missing += [f"{dossier_id} {seq}" for seq in mine.keys() - theirs.keys()]
        strange += [f"{dossier_id} {seq}" for seq in theirs.keys() - mine.keys()]
        different += [f"{dossier_id} {seq}" for seq in mine.keys() & theirs.keys() if mine[seq] != theirs[seq]]
    told.gaps += told.complain(missing, f"Stored, but not on {where}")
    told.duplicated += told.complain(strange, f"On {where}, but not stored")
    told.gaps += told.complain(different, f"On {where} other than stored")


def reckon_replies(
    due: Sequence[Mark], given_up: Collection[Mark], arrived: Sequence[Mark], where: str, told: Reckoning
) -> None:
    """What arrived at a customer's end: each reply as often as it went there, which for two mail threads is twice.

    One that was `given_up` may have arrived or not: the agent was told so.
    """
    wanted, got = Counter(due), Counter(arrived)
    told.answered += sum((wanted & got).values())
    missing = sorted(mark for mark in (wanted - got).elements() if mark not in given_up)
    told.lost += told.complain(missing, f"Replies missing at {where}")
    told.replies_twice += told.complain(
        sorted(mark for mark in (got - wanted).elements() if mark in wanted), f"Replies twice at {where}"
    )
    told.duplicated += told.complain(sorted(got.keys() - wanted.keys()), f"Replies at {where} that did not go there")


def reckon_reply_order(
    conversations: Iterable[Sequence[Mark]],
    given_up: Collection[Mark],
    arrived: Sequence[Mark],
    where: str,
    told: Reckoning,
) -> None:
    """The replies of a conversation (as its dossier has them) reached the customer in that order.

    What came more than once, as on two mail threads, has no one place and is left out, and so is what was `given_up`.
    """
    count = Counter(arrived)
    place = {mark: at for at, mark in enumerate(arrived) if count[mark] == 1 and mark not in given_up}
    for replies in conversations:
        came = [mark for mark in replies if mark in place]
        wrong = [f"{a} after {b}" for a, b in pairwise(came) if place[a] > place[b]]
        told.out_of_order += told.complain(wrong, f"Replies out of order at {where}")


def reckon_letters(ledger: Ledger, evidence: Evidence, told: Reckoning) -> None:
    """All poison, each record once, and nothing else."""
    found = Counter[Mark]()
    strange, cut = [], list[Mark]()
    for (topic, _), letters in evidence.letters_by_place().items():
        letter = letters[0]
        mark = ledger.mark_in(letter.text)
        told.dead_lettered[letter.cause] = told.dead_lettered.get(letter.cause, 0) + 1
        if mark is None or ledger.poison.get(mark) != topic:
            strange.append(f"{letter.cause} on {topic} {letter.place} ({mark})")
        else:
            found[mark] += 1
            if mark in ledger.giants and body_digest(letter.value) != ledger.giants[mark]:
                cut.append(mark)
    taken = ledger.poison_taken
    told.refused = len(ledger.poison) - len(taken)
    told.lost += told.complain(strange, "Dead letters of what is no poison")
    told.lost += told.complain(sorted(taken - found.keys()), "Poison that was taken and is nowhere")
    told.lost += told.complain(cut, "Mails beyond the limit that were set aside otherwise than they came")
    twice = [mark for mark, count in found.items() if count > max(1, ledger.poison_handed_in[mark])]
    told.duplicated += told.complain(sorted(twice), "Dead letters for one poison in two places")


def is_from_agent(mark: Mark) -> bool:
    """A reply or a note."""
    return mark.channel in (REPLY, NOTE)
