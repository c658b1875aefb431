"""What a dossier is about, in so many words, and how like it a message is.

A dossier's profile is folded from its messages and bounded: a timeline of 10,000 entries is compared at the cost of
one of thirty. Whatever the same customer says in several dossiers (a street, a signature) tells less than what stands
in one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from omnifil_contracts.record import Value
from pydantic import Field

from case_service.domain.words import Words, weight_of

_KEPT, _AT_MOST = 48, 64
"""So many words are left when there are more than that."""
_MESSAGES = 30
"""What a matter is about has been said by then."""


class Profile(Value):
    """The telling words of a dossier, by stem: in how many of its first messages, last used last."""

    words: dict[str, int] = Field(default_factory=dict)
    topics: tuple[str, ...] = ()
    messages: int = 0

    @property
    def is_full(self) -> bool:
        """Whether further messages add nothing, so that nobody need look at their words."""
        return self.messages >= _MESSAGES

    def with_message(self, words: Words) -> "Profile":
        """The profile after one more message; the same when it holds enough."""
        if self.is_full or not words.by_stem:
            return self
        counts = dict(self.words)
        for stem in words.by_stem:
            counts[stem] = counts.pop(stem, 0) + 1
        if len(counts) > _AT_MOST:
            counts = _most_telling(counts)
        topics = self.topics if words.topics.issubset(self.topics) else tuple(sorted(words.topics.union(self.topics)))
        return Profile.model_construct(words=counts, topics=topics, messages=self.messages + 1)


def _most_telling(counts: dict[str, int]) -> dict[str, int]:
    place = {stem: number for number, stem in enumerate(counts)}
    kept = sorted(counts, key=lambda stem: (-weight_of(stem) * counts[stem], -place[stem]))[:_KEPT]
    return {stem: counts[stem] for stem in sorted(kept, key=place.__getitem__)}


@dataclass(frozen=True)
class Likeness:
    """How like a message is to a dossier. `weight` is how much the message tells at all, `shared` how much of that the
    dossier has; `words` are the most telling shared ones, as the message writes them."""

    weight: float
    shared: float
    words: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        return self.shared / self.weight if self.weight else 0.0

    @property
    def percent(self) -> int:
        return round(100 * self.share)


def likenesses(words: Words, profiles: Sequence[Profile]) -> list[Likeness]:
    """The message beside each of these, which are all dossiers of one customer."""
    weights = _weights(words, profiles)
    total = sum(weights.values())
    found: list[Likeness] = []
    for profile in profiles:
        shared = sorted((stem for stem in weights if stem in profile.words), key=lambda stem: -weights[stem])
        shown = tuple(words.by_stem[stem] for stem in shared[:3] if weight_of(stem) >= 1)
        found.append(Likeness(total, sum(weights[stem] for stem in shared), shown))
    return found


def _weights(words: Words, profiles: Sequence[Profile]) -> dict[str, float]:
    many = len(profiles)
    weights: dict[str, float] = {}
    for stem in words.by_stem:
        weight = weight_of(stem)
        if many > 1:
            has = sum(stem in profile.words for profile in profiles)
            if has > 1:
                weight *= log(1 + many / has) / log(1 + many)
        weights[stem] = weight
    return weights
