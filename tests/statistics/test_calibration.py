"""Scores as probabilities: what isotonic calibration must keep."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawpipe_tui.statistics.calibration import isotonic

BINS = st.lists(st.integers(0, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=12)


@given(BINS)
def test_it_rises_and_keeps_the_number_of_positives(bins: list[tuple[int, int]]) -> None:
    """The expected positives are the counted ones, however they are pooled."""
    found = isotonic([k for k, _ in bins], [n for _, n in bins])
    if not any(n for _, n in bins):
        assert found is None
        return
    assert found is not None
    assert all(a <= b + 1e-12 for a, b in pairwise(found))
    assert sum(p * n for p, (_, n) in zip(found, bins, strict=True)) == pytest.approx(sum(k for k, _ in bins))


def test_a_score_that_is_calibrated_stays_as_it_is() -> None:
    """Rising shares are left alone; a bin without rows takes its lower neighbour's."""
    assert isotonic([1, 0, 5, 9], [10, 0, 10, 10]) == pytest.approx([0.1, 0.1, 0.5, 0.9])


def test_more_positives_than_rows_cannot_tell() -> None:
    """Impossible counts give no answer."""
    assert isotonic([3], [2]) is None
