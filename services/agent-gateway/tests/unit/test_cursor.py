"""A cursor comes back as it went, and nothing else is taken for one."""

import pytest
from agent_gateway.domain.cursor import Cursor, CursorInvalid
from hypothesis import given
from hypothesis import strategies as st

offsets = st.dictionaries(st.integers(0, 50), st.integers(0, 2**60), max_size=12)


@given(offsets, offsets)
def test_a_cursor_comes_back_as_it_went(dossiers: dict[int, int], customers: dict[int, int]) -> None:
    cursor = Cursor(dossiers, customers)
    assert Cursor.decode(cursor.encode()) == cursor


@given(st.text(max_size=200))
def test_what_is_no_cursor_is_refused_in_one_way(text: str) -> None:
    try:
        Cursor.decode(text)
    except CursorInvalid:
        return


@pytest.mark.parametrize("value", ["", "e30", "W10", "eyJkIjp7IjAiOi0xfSwiYyI6e319", "x" * 5000, "é"])
def test_wrong_cursors_are_refused(value: str) -> None:
    with pytest.raises(CursorInvalid):
        Cursor.decode(value)
