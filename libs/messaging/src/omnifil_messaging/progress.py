"""Which offsets may be committed: what is done, as far as nothing before it is still open."""

from collections import deque
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar


class _Partition:
    __slots__ = ("committable", "done", "open", "taken")

    def __init__(self) -> None:
        self.open: deque[int] = deque()  # delivered, in order
        self.done: set[int] = set()  # of those, what is done
        self.committable: int | None = None
        self.taken: int | None = None


K = TypeVar("K", bound=Hashable)


class Progress(Generic[K]):
    """Offsets by partition, in the order in which they were delivered. A partition is any hashable.

    Kafka's offsets have gaps (compaction, transaction markers): contiguous means without an open one between.
    """

    def __init__(self) -> None:
        self._partitions: dict[K, _Partition] = {}

    def delivered(self, partition: K, offsets: Iterable[int]) -> None:
        """These were handed over, ascending; each must be reported done before a later one counts."""
        self._partitions.setdefault(partition, _Partition()).open.extend(offsets)

    def done(self, partition: K, offsets: Iterable[int]) -> None:
        """These are dealt with for good."""
        state = self._partitions[partition]
        state.done.update(offsets)
        while state.open and state.open[0] in state.done:
            offset = state.open.popleft()
            state.done.discard(offset)
            state.committable = offset + 1

    def take(self) -> dict[K, int]:
        """By partition the offset to commit (the one after the last done), where it moved since the last `take`."""
        moved: dict[K, int] = {}
        for partition, state in self._partitions.items():
            if state.committable is not None and state.committable != state.taken:
                moved[partition] = state.taken = state.committable
        return moved

    def put_back(self, partitions: Iterable[K]) -> None:
        """Their commit failed: the next `take` gives them again."""
        for partition in partitions:
            if state := self._partitions.get(partition):
                state.taken = None

    @property
    def open_count(self) -> int:
        """How many records were handed over and are not yet done."""
        return sum(len(state.open) for state in self._partitions.values())
