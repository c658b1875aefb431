import pytest
from customer_profile.domain.names import folded
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zoë Müller", "zoe  MULLER"),
        ("Jean-Paul O’Neil", "jean paul o'neil"),
        ("Søren Kjær", "soren kjaer"),
        ("Łukasz Żak", "lukasz zak"),
        ("ﬁona smith", "Fiona Smith"),
        ("Νίκος Παππάς", "νικος παππας"),
    ],
)
def test_the_same_name_in_another_writing_is_the_same(one: str, other: str) -> None:
    assert folded(one) == folded(other) is not None


@pytest.mark.parametrize("name", [None, "", "Claire", "  Claire  ", "🌸", "…"])
def test_less_than_two_words_is_nobodys_name(name: str | None) -> None:
    assert folded(name) is None


@given(st.text(max_size=60))
def test_a_folded_name_stays_as_it_is(name: str) -> None:
    once = folded(name)
    assert once is None or folded(once) in (once, None)
