"""Benjamini-Hochberg over many features (S3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from clawpipe_tui.statistics.multiple import false_discovery

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=50)


@given(P_VALUES)
def test_it_is_scipys_false_discovery_control(p_values: list[float]) -> None:
    """Worked out by another hand."""
    assert false_discovery(p_values) == pytest.approx(list(stats.false_discovery_control(p_values, method="bh")))


@given(P_VALUES)
def test_it_never_makes_a_test_more_significant(p_values: list[float]) -> None:
    """The more tests, the less each one says."""
    adjusted = false_discovery(p_values)
    assert adjusted is not None
    assert all(p <= (q or 0) + 1e-12 for p, q in zip(p_values, adjusted, strict=True))


def test_a_feature_that_cannot_be_told_is_no_test() -> None:
    """It keeps its place, and does not weaken the others."""
    assert false_discovery([0.01, None, 0.04]) == [0.02, None, 0.04]


def test_three_of_fifty_features_are_found() -> None:
    """Two that only look significant on their own are not."""
    p_values = [0.0001, 0.0004, 0.002, 0.03, 0.04] + [0.1 + 0.02 * k for k in range(45)]
    adjusted = false_discovery(p_values)
    assert adjusted is not None
    assert sum(1 for q in adjusted if q is not None and q <= 0.05) == 3


@pytest.mark.parametrize("p_values", [[], [None], [0.5, 1.5], [0.5, float("nan")]])
def test_no_probabilities_no_answer(p_values: list[float | None]) -> None:
    """Nothing that was tested, or something that is no probability."""
    assert false_discovery(p_values) is None
