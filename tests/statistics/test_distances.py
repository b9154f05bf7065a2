"""Distances between histograms: the vectors of S3, their bounds, and scipy's answers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from clawpipe_tui.statistics.distances import (
    NATURAL_FROM_BASE_2,
    hellinger,
    js_distance,
    js_divergence,
    linf,
    linf_index,
    total_variation,
    wasserstein,
    wasserstein_normed,
)
from clawpipe_tui.statistics.edges import on_common_edges

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Distance = Callable[[Sequence[int], Sequence[int]], float | None]

BINS = 6
COUNTS = st.lists(st.integers(0, 5_000), min_size=BINS, max_size=BINS).filter(any)
BASELINE, LIVE = (16, 18, 16, 14, 12, 12), (16, 16, 16, 16, 16, 8)
BOUNDED = (js_divergence, js_distance, linf, total_variation, hellinger)


@pytest.mark.parametrize(
    ("distance", "expected"),
    [(total_variation, 0.0681818), (linf, 0.0454545), (hellinger, 0.0681277), (js_distance, 0.0817342)],
)
def test_the_distances_of_six_categories_are_the_published_ones(distance: Distance, expected: float) -> None:
    """S3: counts (16,18,16,14,12,12) against (16,16,16,16,16,8)."""
    assert distance(BASELINE, LIVE) == pytest.approx(expected, abs=6e-8)


def test_linf_names_the_category_that_reaches_it() -> None:
    """S3: "L∞ with the category that reaches it"; the fifth and sixth do, and the first of equals is named."""
    assert linf_index(BASELINE, LIVE) == 4
    assert linf_index((10, 0), (8, 2)) == 0


def test_histograms_over_different_edges_are_compared_over_their_union() -> None:
    """S3: bins [1,2):2, [2,3):2 against [2,4):2, [4,6):2."""
    aligned = on_common_edges((1, 2, 3), (2, 2), (2, 4, 6), (2, 2))
    assert aligned.edges == (1, 2, 3, 4, 6)
    assert (aligned.baseline, aligned.live) == ((2, 2, 0, 0), (0, 1, 1, 2))
    assert js_divergence(aligned.baseline, aligned.live) == pytest.approx(0.65563906, abs=6e-9)


def test_unseen_categories_count_in_the_divergence() -> None:
    """S3: a:2, b:2, c:1 against a:2, x, y, z:1 is 0.6."""
    assert js_divergence((2, 2, 1, 0, 0, 0), (2, 0, 0, 1, 1, 1)) == pytest.approx(0.6)


@pytest.mark.parametrize("distance", BOUNDED)
def test_disjoint_histograms_are_at_distance_one(distance: Distance) -> None:
    """S3: disjoint → 1."""
    assert distance((3, 0), (0, 9)) == pytest.approx(1)


def test_natural_and_base_two_distances_convert_by_the_published_factor() -> None:
    """S3: natural-log distance = 0.832555 × base-2 distance."""
    assert pytest.approx(0.832555, abs=6e-7) == NATURAL_FROM_BASE_2
    natural = float(jensenshannon(BASELINE, LIVE, base=math.e))
    assert NATURAL_FROM_BASE_2 * (js_distance(BASELINE, LIVE) or 0) == pytest.approx(natural)


@given(st.sampled_from(BOUNDED), COUNTS, COUNTS)
def test_a_distance_is_symmetric_and_between_zero_and_one(
    distance: Distance, baseline: list[int], live: list[int]
) -> None:
    """Also beside its rounding."""
    there, back = distance(baseline, live), distance(live, baseline)
    assert there is not None
    assert 0 <= there <= 1
    assert there == pytest.approx(back)


@given(st.sampled_from(BOUNDED), COUNTS, st.integers(2, 9))
def test_more_rows_of_the_same_are_no_distance(distance: Distance, counts: list[int], times: int) -> None:
    """A distance compares shares, not numbers of rows; 1e-7 is the root of rounding."""
    assert distance(counts, [times * count for count in counts]) == pytest.approx(0, abs=1e-7)


@given(st.sampled_from(BOUNDED), st.permutations(range(BINS)), COUNTS, COUNTS)
def test_the_order_of_the_categories_does_not_matter(
    distance: Distance, order: list[int], baseline: list[int], live: list[int]
) -> None:
    """Categories have no order."""
    shuffled = distance([baseline[k] for k in order], [live[k] for k in order])
    assert shuffled == pytest.approx(distance(baseline, live), abs=1e-7)


@given(COUNTS, COUNTS)
def test_the_distance_in_base_two_is_that_of_scipy(baseline: list[int], live: list[int]) -> None:
    """Jensen-Shannon, worked out by another hand."""
    expected = float(np.nan_to_num(jensenshannon(baseline, live, base=2)))
    assert js_distance(baseline, live) == pytest.approx(expected, abs=1e-7)


@given(st.lists(st.floats(-1e3, 1e3), min_size=BINS, max_size=BINS, unique=True).map(sorted), COUNTS, COUNTS)
def test_wasserstein_is_that_of_scipy_for_values_on_the_edges(
    edges: list[float], baseline: list[int], live: list[int]
) -> None:
    """Earth mover's distance, worked out by another hand, and the same with the last bin's end given."""
    expected = float(stats.wasserstein_distance(edges, edges, baseline, live))
    assert wasserstein(edges, baseline, live) == pytest.approx(expected, abs=1e-9)
    assert wasserstein([*edges, 2e3], baseline, live) == pytest.approx(expected, abs=1e-9)


def test_wasserstein_is_normed_by_the_baseline_but_never_by_zero() -> None:
    """S3: by max(std_baseline, 1e-3)."""
    assert wasserstein((0, 10, 20), (1, 0, 0), (0, 0, 1)) == 20
    assert wasserstein_normed((0, 10, 20), (1, 0, 0), (0, 0, 1), 5) == 4
    assert wasserstein_normed((0, 10, 20), (1, 0, 0), (0, 0, 1), 0) == 20_000


@pytest.mark.parametrize("distance", [*BOUNDED, linf_index])
def test_a_distance_that_cannot_be_told_is_none(distance: Distance) -> None:
    """One side has no rows, or the bins are not the same."""
    assert distance((), ()) is None
    assert distance((0, 0), (1, 2)) is None
    assert distance((1, 2, 3), (1, 2)) is None


@pytest.mark.parametrize("edges", [(0.0,), (0.0, math.inf, 2.0), (3.0, 2.0, 1.0), (0.0, None, 1.0), (0, 1, 2, 3, 4)])
def test_wasserstein_over_impossible_edges_is_none(edges: tuple[float | None, ...]) -> None:
    """Too few, infinite, descending, missing, too many."""
    assert wasserstein(edges, (1, 2, 3), (3, 2, 1)) is None
