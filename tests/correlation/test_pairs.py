"""Pairs counted from group sizes are those that one would count one by one."""

from itertools import combinations

from correlation_bench.pairs import Item, Pairs, by_channels, by_person, by_rule, pairs_of
from hypothesis import given
from hypothesis import strategies as st

few = st.sampled_from("abc")
items_of = st.lists(st.tuples(few, few, few, few, few, few), max_size=14).map(
    lambda drawn: [Item(str(at), *each) for at, each in enumerate(drawn)]
)


def one_by_one(pairs: list[tuple[Item, Item]]) -> Pairs:
    right = sum(one.matter == other.matter and one.dossier == other.dossier for one, other in pairs)
    wrong = sum(one.matter != other.matter and one.dossier == other.dossier for one, other in pairs)
    lost = sum(one.matter == other.matter and one.dossier != other.dossier for one, other in pairs)
    return Pairs(right, wrong, lost)


@given(items_of)
def test_all_pairs(items: list[Item]) -> None:
    assert pairs_of(items) == one_by_one(list(combinations(items, 2)))


@given(items_of)
def test_pairs_of_one_thread(items: list[Item]) -> None:
    same = [(one, other) for one, other in combinations(items, 2) if one.conversation == other.conversation]
    assert pairs_of(items, lambda item: item.conversation) == one_by_one(same)


@given(items_of)
def test_each_pair_is_its_later_messages_rule(items: list[Item]) -> None:
    for rule, pairs in by_rule(items).items():
        assert pairs == one_by_one([each for each in combinations(items, 2) if each[1].rule == rule])


@given(items_of)
def test_each_pair_is_its_two_channels(items: list[Item]) -> None:
    for names, pairs in by_channels(items).items():
        mixed = [each for each in combinations(items, 2) if tuple(sorted(item.channel for item in each)) == names]
        assert pairs == one_by_one(mixed)
    assert sum(by_channels(items).values(), Pairs()) == pairs_of(items)


@given(items_of)
def test_a_persons_pairs_have_a_message_of_theirs(items: list[Item]) -> None:
    for person, pairs in by_person(items).items():
        theirs = [each for each in combinations(items, 2) if person in (each[0].person, each[1].person)]
        assert pairs == one_by_one(theirs)


def test_shares_of_nothing() -> None:
    assert (Pairs().precision, Pairs().recall, Pairs().f1) == (1, 1, 0)
    assert (Pairs(3, 1, 1).precision, Pairs(3, 1, 3).recall, Pairs(1, 1, 1).f1) == (0.75, 0.5, 0.5)
