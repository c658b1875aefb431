"""The endless sequence of faults that a seed gives."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import TypeVar

from chaos_field.fault import Fault

_T = TypeVar("_T")
Make = Callable[[Random], Fault]


class Draw:
    """An iterator over faults. Each kind and each of its targets has its turn before any comes again.

    The kinds come as often as their weights say. What is drawn depends on the seed alone; what a fault finds when it
    strikes (who leads, who is primary) does not.
    """

    def __init__(
        self,
        random: Random,
        makers: Mapping[str, Sequence[Make]],
        weights: Mapping[str, int],
        skipped: Mapping[str, str],
    ) -> None:
        self.kinds = tuple(makers)
        """All that this shape on this machine can do."""
        self.skipped = dict(skipped)
        """Kind → why it cannot be done here. To be said aloud."""
        self._random = random
        self._kinds = self._without_end([kind for kind in makers for _ in range(weights.get(kind, 1))])
        self._makers = {kind: self._without_end(list(each)) for kind, each in makers.items()}

    def __iter__(self) -> "Draw":
        return self

    def __next__(self) -> Fault:
        return next(self._makers[next(self._kinds)])(self._random)

    @staticmethod
    def may_overlap(one: Fault, other: Fault) -> bool:
        """Not two of one group: a second broker, or a second member of the replica set, is beyond what is promised."""
        return one.group != other.group

    def _without_end(self, things: Sequence[_T]) -> Iterator[_T]:
        """All of them in an order that is drawn, again and again."""
        while True:
            yield from self._random.sample(things, k=len(things))
