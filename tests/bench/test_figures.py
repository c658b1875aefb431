"""The statistics: percentiles, spreads and ratios, and what the line of a run says of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omnifil_bench.figures import Spread, latencies, percentile, ratio, tidy

_SERIES = st.lists(st.floats(0, 1e6), min_size=1, max_size=300)
_SHARE = st.floats(0.001, 1)


def test_a_percentile_is_a_value_that_was_measured() -> None:
    thousand = [float(each) for each in range(1, 1001)]

    assert percentile(thousand, 0.5) == 500
    assert percentile(thousand, 0.99) == 990
    assert percentile(thousand, 0.999) == 999
    assert percentile(thousand, 1) == 1000


def test_of_a_short_series_a_high_percentile_is_its_largest_value() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.99) == 3.0


@given(_SERIES, _SHARE)
def test_so_many_are_no_larger_and_no_smaller_value_would_do(values: list[float], share: float) -> None:
    found = percentile(values, share)

    assert found in values
    assert sum(each <= found for each in values) >= share * len(values) - 1e-6
    assert sum(each < found for each in values) < share * len(values)


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 0), ([1.0], 1.01)])
def test_no_percentile_of_nothing_or_beyond_all(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, share)


def test_a_spread_says_median_least_most_and_how_many_rounds() -> None:
    assert Spread.of([2.0, 9.0, 4.0]).figures() == {"median": 4.0, "min": 2.0, "max": 9.0, "rounds": 3}


def test_a_spread_keeps_the_order_of_the_rounds() -> None:
    assert Spread.of([2.0, 9.0, 4.0]).rounds == (2.0, 9.0, 4.0)


def test_nothing_measured_is_no_spread() -> None:
    with pytest.raises(ValueError, match="nothing"):
        Spread.of([])


def test_ratios_are_taken_round_by_round() -> None:
    """In the second round the machine was half as fast: of medians the ratio would be another."""
    assert ratio([80.0, 40.0, 90.0], [100.0, 50.0, 100.0]).rounds == (0.8, 0.8, 0.9)


def test_rounds_that_are_no_pairs_have_no_ratio() -> None:
    with pytest.raises(ValueError, match="zip"):
        ratio([1.0, 2.0], [1.0])


def test_latencies_are_told_in_milliseconds() -> None:
    told = latencies([0.001 * each for each in range(1, 101)])

    assert (told["p50"], told["p99"], told["max"], told["count"]) == (50, 99, 100, 100)


@pytest.mark.parametrize(("value", "told"), [(12_345.6, 12_346), (99.1234, 99.123), (0.00449, 0.004), (-250.4, -250)])
def test_figures_are_rounded_for_a_reader(value: float, told: float) -> None:
    assert tidy(value) == told
