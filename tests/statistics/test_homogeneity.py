"""Pearson's χ² over categories: the vector of S3, its pooling, and scipy's answers."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from clawpipe_tui.statistics.homogeneity import chi2_p

FREQUENT = st.lists(st.integers(40, 400), min_size=4, max_size=4)
COUNTS = st.lists(st.integers(0, 60), min_size=5, max_size=5).filter(any)


def test_the_p_value_of_six_categories_is_the_published_one() -> None:
    """S3: counts (16,18,16,14,12,12) against (16,16,16,16,16,8)."""
    assert chi2_p((16, 18, 16, 14, 12, 12), (16, 16, 16, 16, 16, 8)) == pytest.approx(0.8985263, abs=1e-7)


@given(FREQUENT, FREQUENT)
def test_where_nothing_is_rare_it_is_scipys_contingency_test(baseline: list[int], live: list[int]) -> None:
    """Worked out by another hand."""
    scipys = cast("tuple[float, float, int]", stats.chi2_contingency([baseline, live], correction=False)[:3])
    assert chi2_p(baseline, live) == pytest.approx(scipys[1], rel=1e-6, abs=1e-300)


def test_rare_categories_are_pooled_into_one() -> None:
    """S3: "pool expected < 5"; three of 8, 7 and 9 rows count as one of 24, but one of 18 stands alone."""
    pooled = chi2_p((490, 500, 10), (495, 491, 14))
    assert chi2_p((490, 500, 4, 3, 3), (495, 491, 4, 4, 6)) == pooled
    assert chi2_p((490, 500, 4, 6), (495, 491, 2, 12)) != pooled


def test_a_stray_row_is_judged_by_itself() -> None:
    """χ² knows nothing about a category that expects half a row: it neither alarms nor hides the others."""
    alone = chi2_p((500, 300), (480, 320))
    assert alone is not None
    assert chi2_p((500, 300, 1), (480, 320, 0)) == pytest.approx(2 * alone)
    assert (chi2_p((50_000, 50_000, 0), (100, 100, 1)) or 0) > 0.003


@pytest.mark.parametrize("baseline", [(500, 300, 0), (5_000, 3_000, 0), (500_000, 300_000, 0)])
def test_a_new_category_is_found_however_large_the_baseline(baseline: tuple[int, ...]) -> None:
    """Two percent unseen in a thousand rows is no chance."""
    assert (chi2_p(baseline, (610, 370, 20)) or 1) < 1e-3


def test_one_category_cannot_be_told() -> None:
    """Nothing to be homogeneous about; and two rows are too few for any test."""
    assert chi2_p((100, 0), (50, 0)) is None
    assert chi2_p((1, 0), (0, 1)) is None
    assert chi2_p((), ()) is None


@given(COUNTS, COUNTS)
def test_it_is_a_probability_and_symmetric(baseline: list[int], live: list[int]) -> None:
    """However rare the categories."""
    there, back = chi2_p(baseline, live), chi2_p(live, baseline)
    assert there is None or 0 <= there <= 1
    assert there == pytest.approx(back)


@pytest.mark.parametrize("tail", [0.05, 0.002])
def test_windows_without_drift_raise_no_more_than_five_percent_false_alarms(tail: float) -> None:
    """Also with a long tail of rare categories, pooled or judged alone."""
    random = np.random.default_rng(3)
    probabilities = np.append(np.full(5, (1 - tail) / 5), np.full(50, tail / 50))
    draws = [(random.multinomial(20_000, probabilities), random.multinomial(400, probabilities)) for _ in range(500)]
    alarms = [(chi2_p(baseline, live) or 0) <= 0.05 for baseline, live in draws]
    assert 0.01 < np.mean(alarms) < 0.08
