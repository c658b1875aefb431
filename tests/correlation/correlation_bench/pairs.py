"""Pairs of messages: together or not, rightly or not. Counted from group sizes, never one pair at a time."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """A message: the matter that it is about, the dossier that it is in, and what the figures are broken down by."""

    message_id: str
    matter: str
    dossier: str
    person: str
    channel: str
    conversation: str
    rule: str


@dataclass(frozen=True)
class Pairs:
    """`right`: together in truth and in a dossier. `wrong`: in one dossier, not one matter. `lost`: one matter, not one
    dossier."""

    right: float = 0
    wrong: float = 0
    lost: float = 0

    def __add__(self, other: "Pairs") -> "Pairs":
        return Pairs(self.right + other.right, self.wrong + other.wrong, self.lost + other.lost)

    def __sub__(self, other: "Pairs") -> "Pairs":
        return Pairs(self.right - other.right, self.wrong - other.wrong, self.lost - other.lost)

    @property
    def precision(self) -> float:
        """1 where nothing was put together: then nothing was put together wrongly."""
        together = self.right + self.wrong
        return self.right / together if together else 1.0

    @property
    def recall(self) -> float:
        belong = self.right + self.lost
        return self.right / belong if belong else 1.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (2 * self.right + self.wrong + self.lost) if self.right else 0.0


def pairs_of(items: Iterable[Item], part: Callable[[Item], Hashable] = lambda item: None) -> Pairs:
    """All unordered pairs of items of the same `part`."""
    dossiers: Counter[Hashable] = Counter()
    matters: Counter[Hashable] = Counter()
    both: Counter[Hashable] = Counter()
    for item in items:
        key = part(item)
        dossiers[key, item.dossier] += 1
        matters[key, item.matter] += 1
        both[key, item.dossier, item.matter] += 1
    return _counted(_within(dossiers.values()), _within(matters.values()), _within(both.values()))


def by_rule(items: Sequence[Item]) -> dict[str, Pairs]:
    """Each pair counts for the rule that placed the later of the two. `items` in time order."""
    dossiers: Counter[str] = Counter()
    matters: Counter[str] = Counter()
    both: Counter[tuple[str, str]] = Counter()
    found: dict[str, Pairs] = {}
    for item in items:
        right = both[item.dossier, item.matter]
        added = Pairs(right, dossiers[item.dossier] - right, matters[item.matter] - right)
        found[item.rule] = found.get(item.rule, Pairs()) + added
        dossiers[item.dossier] += 1
        matters[item.matter] += 1
        both[item.dossier, item.matter] += 1
    return found


def by_channels(items: Sequence[Item]) -> dict[tuple[str, str], Pairs]:
    """By the two channels of a pair, in alphabetical order."""
    channels = sorted({item.channel for item in items})
    alone = {each: pairs_of([item for item in items if item.channel == each]) for each in channels}
    found = {(each, each): pairs for each, pairs in alone.items()}
    for at, one in enumerate(channels):
        for other in channels[at + 1 :]:
            mixed = pairs_of([item for item in items if item.channel in (one, other)])
            found[one, other] = mixed - alone[one] - alone[other]
    return found


def by_person(items: Sequence[Item]) -> dict[str, Pairs]:
    """Of each person, the pairs that at least one message of theirs is in."""
    dossiers: Counter[str] = Counter(item.dossier for item in items)
    matters: Counter[str] = Counter(item.matter for item in items)
    both: Counter[tuple[str, str]] = Counter((item.dossier, item.matter) for item in items)
    own: dict[str, list[Item]] = {}
    for item in items:
        own.setdefault(item.person, []).append(item)
    found: dict[str, Pairs] = {}
    for person, theirs in own.items():
        in_dossiers = _touched(Counter(item.dossier for item in theirs), dossiers)
        in_matters = _touched(Counter(item.matter for item in theirs), matters)
        in_both = _touched(Counter((item.dossier, item.matter) for item in theirs), both)
        found[person] = _counted(in_dossiers, in_matters, in_both)
    return found


def _touched(own: Counter, whole: Counter) -> int:  # type: ignore[type-arg]
    """Pairs in groups of `whole` that have at least one of `own`."""
    return sum(_two(whole[key]) - _two(whole[key] - count) for key, count in own.items())


def _counted(in_dossiers: int, in_matters: int, in_both: int) -> Pairs:
    return Pairs(in_both, in_dossiers - in_both, in_matters - in_both)


def _within(sizes: Iterable[int]) -> int:
    return sum(_two(size) for size in sizes)


def _two(size: int) -> int:
    return size * (size - 1) // 2
