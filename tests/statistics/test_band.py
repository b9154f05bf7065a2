"""The anytime-valid band around a distribution: the vectors of S5."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawpipe_tui.statistics.band import band, band_differs, band_p

ROWS = st.integers(1, 10**7)


@pytest.mark.parametrize(
    ("rows", "alpha", "expected"),
    [
        (100, 0.05, 0.269176),
        (1000, 0.05, 0.086569),
        (1000, 0.025, 0.088853),
        (10**4, 0.025, 0.028424),
        (10**5, 0.05, 0.008846),
        (10**6, 0.025, 0.002889),
    ],
)
def test_the_radius_is_the_published_one(rows: int, alpha: float, expected: float) -> None:
    """S5, r(n, α)."""
    assert band(rows, alpha) == pytest.approx(expected, abs=6e-7)


@pytest.mark.parametrize(
    ("d", "rows", "expected"),
    [(0.2, 1000, 0.00130983), (0.06, 10**4, 0.01017008), (0.02, 10**5, 0.00232460), (0.15, 1000, 1.0)],
)
def test_the_p_value_is_the_published_one(d: float, rows: int, expected: float) -> None:
    """S5, p by bisection."""
    assert band_p(d, rows, rows) == pytest.approx(expected, abs=6e-9)


@given(st.floats(0, 1), ROWS, ROWS, st.floats(1e-6, 0.5))
def test_the_p_value_and_the_test_agree(d: float, n_a: int, n_b: int, alpha: float) -> None:
    """Different at α exactly where p ≤ α, apart from the bisection's last digits."""
    p = band_p(d, n_a, n_b)
    assert p is not None
    assert 0 <= p <= 1
    if abs(p - alpha) > 1e-6 * alpha:
        assert band_differs(d, n_a, n_b, alpha) == (p <= alpha)


@given(st.integers(10, 10**8), st.floats(0.001, 0.5))
def test_more_rows_make_the_band_narrower_and_more_certainty_makes_it_wider(rows: int, alpha: float) -> None:
    """The radius falls with n and with α."""
    here, more, surer = band(rows, alpha), band(2 * rows, alpha), band(rows, alpha / 2)
    assert here is not None
    assert more is not None
    assert surer is not None
    assert more < here < surer


def test_alike_versions_are_never_called_different_while_one_keeps_looking() -> None:
    """Two hundred looks at a hundred pairs of uniform samples: at most 5 % ever alarm."""
    random = np.random.default_rng(9)
    looks = np.arange(100, 20_001, 100)
    alarms = 0
    for _ in range(100):
        gaps = np.cumsum(random.multinomial(100, np.full(20, 0.05), size=(2, looks.size)), axis=1)
        f, g = np.cumsum(gaps, axis=2) / looks[:, None]
        largest = np.abs(f - g).max(axis=1)
        alarms += any(band_differs(float(d), int(n), int(n), 0.05) for d, n in zip(largest, looks, strict=True))
    assert alarms <= 5


def test_what_cannot_be_told_is_none() -> None:
    """No rows, an impossible distance, an impossible α."""
    assert band(0, 0.05) is None
    assert band(10, 1.5) is None
    assert band_p(0.5, 0, 10) is None
    assert band_p(1.5, 10, 10) is None
    assert band_differs(0.5, 10, 0, 0.05) is None
