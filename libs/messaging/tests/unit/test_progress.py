import random

from hypothesis import given
from hypothesis import strategies as st
from omnifil_messaging.progress import Progress


def test_only_what_has_nothing_open_before_it_may_be_committed() -> None:
    progress: Progress[str] = Progress()
    progress.delivered("p", range(10, 15))
    progress.done("p", [12, 13])
    assert progress.take() == {}
    progress.done("p", [10])
    assert progress.take() == {"p": 11}
    progress.done("p", [11])
    assert progress.take() == {"p": 14}
    assert progress.open_count == 1


def test_gaps_of_a_compacted_topic_do_not_hold_it_up() -> None:
    progress: Progress[str] = Progress()
    progress.delivered("p", [3, 7, 20])
    progress.done("p", [3, 7, 20])
    assert progress.take() == {"p": 21}


def test_what_was_taken_is_not_given_twice_unless_it_is_put_back() -> None:
    progress: Progress[str] = Progress()
    progress.delivered("p", [0])
    progress.done("p", [0])
    assert progress.take() == {"p": 1}
    assert progress.take() == {}
    progress.put_back(["p"])
    assert progress.take() == {"p": 1}


def test_partitions_are_independent() -> None:
    progress: Progress[str] = Progress()
    progress.delivered("a", [0, 1])
    progress.delivered("b", [0, 1])
    progress.done("a", [1])
    progress.done("b", [0])
    assert progress.take() == {"b": 1}


@given(st.lists(st.integers(1, 5), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_in_whatever_order_things_get_done_nothing_open_is_ever_committed(
    gaps: list[int], chance: random.Random
) -> None:
    offsets = [sum(gaps[: n + 1]) for n in range(len(gaps))]
    progress: Progress[str] = Progress()
    progress.delivered("p", offsets)
    open_, order = set(offsets), offsets[:]
    chance.shuffle(order)
    for offset in order:
        progress.done("p", [offset])
        open_.discard(offset)
        committed = progress.take().get("p")
        if committed is not None:
            assert all(each >= committed for each in open_)
    assert not progress.open_count
    progress.put_back(["p"])
    assert progress.take() == {"p": offsets[-1] + 1}
