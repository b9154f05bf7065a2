"""Kolmogorov-Smirnov: the vectors of S2, and that the bracket from counts holds the D of the raw rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from clawpipe_tui.statistics.ks import ks_critical, ks_exact, ks_high, ks_low, ks_p, ks_right

if TYPE_CHECKING:
    from numpy.typing import NDArray

FINITE = st.floats(-1e6, 1e6)
HEAVY = st.floats(1e-6, 1 - 1e-6).map(lambda u: math.tan(math.pi * (u - 0.5)))
TIED = st.integers(0, 3).map(float)
SAMPLE = st.one_of(
    st.lists(FINITE, min_size=1, max_size=40),
    st.lists(HEAVY, min_size=2, max_size=60),
    st.lists(TIED, min_size=1, max_size=40),
    st.lists(st.just(7.0), min_size=1, max_size=5),
).map(np.array)
COUNTS = st.lists(st.integers(0, 900), min_size=8, max_size=8).filter(any)


def binned(values: NDArray[np.float64], edges: NDArray[np.float64]) -> list[int]:
    """Counts below the first edge, in each [edge, next), and from the last edge on."""
    places = np.searchsorted(edges, values, side="right")
    return np.bincount(places, minlength=edges.size + 1).tolist()


def raw_d(baseline: NDArray[np.float64], live: NDArray[np.float64]) -> float:
    """D by another hand."""
    return scipys_test(baseline, live)[0]


def scipys_test(baseline: NDArray[np.float64], live: NDArray[np.float64]) -> tuple[float, float]:
    """D and its p-value; for one row against one, its effective n is rounded to 0 and divided by."""
    with np.errstate(divide="ignore"):
        return cast("tuple[float, float]", stats.ks_2samp(baseline, live, method="asymp"))


@pytest.mark.parametrize(
    ("rows", "expected"), [(100, 0.19207), (1000, 0.06074), (10**4, 0.01921), (10**5, 0.00607), (10**6, 0.00192)]
)
def test_the_critical_distance_is_the_published_one(rows: int, expected: float) -> None:
    """S2, n = m, α = 0.05; 1e-5 because the first vector is rounded up (0.192064)."""
    assert ks_critical(rows, rows, 0.05) == pytest.approx(expected, abs=1e-5)


@settings(max_examples=150)
@given(SAMPLE, SAMPLE, st.integers(1, 12))
def test_the_bracket_from_counts_holds_the_distance_of_the_raw_rows(
    baseline: NDArray[np.float64], live: NDArray[np.float64], bins: int
) -> None:
    """Whatever the data: heavy tails, constants, ties, one value, two rows."""
    edges = np.unique(np.quantile(baseline, np.linspace(0, 1, bins + 1)))
    counts = binned(baseline, edges), binned(live, edges)
    low, high, d = ks_low(*counts), ks_high(*counts), raw_d(baseline, live)
    assert low is not None
    assert high is not None
    assert low - 1e-12 <= d <= high + 1e-12


@settings(max_examples=60)
@given(SAMPLE, SAMPLE)
def test_the_exact_distance_is_that_of_scipy(baseline: NDArray[np.float64], live: NDArray[np.float64]) -> None:
    """Ties, heavy tails and constants included."""
    assert ks_exact(baseline, live) == pytest.approx(raw_d(baseline, live), abs=1e-12)


@given(COUNTS, COUNTS)
def test_the_bracket_is_no_wider_than_its_widest_bin(baseline: list[int], live: list[int]) -> None:
    """S2: the upper end is at most the lower plus the largest share that both have in one bin."""
    low, high = ks_low(baseline, live), ks_high(baseline, live)
    p, q = np.array(baseline) / sum(baseline), np.array(live) / sum(live)
    assert low is not None
    assert high is not None
    assert 0 <= low <= high <= min(1.0, low + float(np.max(np.minimum(p, q)))) + 1e-12


@given(COUNTS, COUNTS)
def test_the_distance_is_symmetric_and_the_one_sided_ones_add_up_to_it(baseline: list[int], live: list[int]) -> None:
    """The larger of "further right" and "further left" is the distance."""
    assert ks_low(baseline, live) == ks_low(live, baseline)
    assert ks_high(baseline, live) == ks_high(live, baseline)
    right, left = ks_right(baseline, live), ks_right(live, baseline)
    assert right is not None
    assert left is not None
    assert max(right, left) == ks_low(baseline, live)


@given(COUNTS, COUNTS, COUNTS)
def test_merging_counts_and_then_comparing_is_comparing_all_rows(
    baseline: list[int], one: list[int], other: list[int]
) -> None:
    """A step's counts add up to the window's: the merged F lies between the parts', so D is no larger than theirs."""
    merged = [a + b for a, b in zip(one, other, strict=True)]
    parts = [ks_low(baseline, one) or 0, ks_low(baseline, other) or 0]
    assert (ks_low(baseline, merged) or 0) <= max(parts) + 1e-12


@given(st.floats(0, 1), st.integers(1, 10**7), st.integers(1, 10**7))
def test_the_p_value_is_kolmogorovs_on_the_effective_number_of_rows(d: float, n: int, m: int) -> None:
    """And the distance that is critical at α has the p-value α."""
    assert ks_p(d, n, m) == pytest.approx(float(special.kolmogorov(d * math.sqrt(n * m / (n + m)))))
    critical = ks_critical(n, m, 0.05)
    assert critical is not None
    assert critical > 1 or ks_p(critical, n, m) == pytest.approx(0.05)


def test_the_p_value_is_close_to_scipys_on_a_few_hundred_rows() -> None:
    """scipy.stats answers with the finite-n distribution; ours errs on the side of no alarm."""
    random = np.random.default_rng(5)
    ours: list[float | None] = []
    theirs: list[float] = []
    for shift in (0.0, 0.1, 0.2, 0.3):
        baseline, live = random.normal(size=400), random.normal(shift, size=300)
        ours.append(ks_p(raw_d(baseline, live), 400, 300))
        theirs.append(scipys_test(baseline, live)[1])
    assert ours == pytest.approx(theirs, abs=0.03)


def test_a_shift_to_the_right_is_slower_and_one_to_the_left_is_not() -> None:
    """The one-sided distance tells a regression from an improvement."""
    fast, slow = [80, 15, 5], [50, 25, 25]
    assert ks_right(fast, slow) == pytest.approx(0.3)
    assert ks_right(slow, fast) == 0


def test_what_has_no_place_on_the_axis_is_left_out_of_the_exact_distance() -> None:
    """NaN is counted elsewhere; infinities are the ends of the axis."""
    baseline, live = np.array([1.0, np.nan, 2.0]), np.array([np.inf, 2.0])
    assert ks_exact(baseline, live) == pytest.approx(0.5)
    assert ks_exact(np.array([np.nan]), live) is None


@pytest.mark.parametrize(("baseline", "live"), [(None, [1]), ([], []), ([0], [1]), ([1], [0]), ([1, 2], [1])])
def test_a_distance_that_cannot_be_told_is_none(baseline: list[int] | None, live: list[int]) -> None:
    """No rows on one side: no distance, and no p-value either."""
    assert ks_low(baseline, live) is None
    assert ks_high(baseline, live) is None
    assert ks_p(0.5, 0, 10) is None
    assert ks_critical(10, 10, 1.0) is None
