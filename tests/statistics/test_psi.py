"""PSI and what is noise in it: the vectors of S1, its algebra, and its false alarms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawpipe_tui.statistics.psi import (
    psi,
    psi_contributions,
    psi_critical,
    psi_critical_fixed,
    psi_noise,
    psi_p,
    smallest_psi,
)

BINS = 6
COUNTS = st.lists(st.integers(0, 5_000), min_size=BINS, max_size=BINS).filter(any)


@pytest.mark.parametrize(
    ("bins", "n_live", "expected"),
    [(10, 100, 0.16919), (10, 200, 0.08459), (10, 400, 0.04230), (10, 1000, 0.01692), (20, 1000, 0.03014)],
)
def test_the_critical_value_over_a_fixed_baseline_is_the_published_one(bins: int, n_live: int, expected: float) -> None:
    """S1, one-sample vectors, α = 0.05 (Yurdakul 2018)."""
    assert psi_critical_fixed(n_live, bins, 0.05) == pytest.approx(expected, abs=6e-6)


@pytest.mark.parametrize(
    ("bins", "n_baseline", "n_live", "expected"),
    [
        (10, 1000, 1000, 0.03384),
        (10, 10000, 1000, 0.01861),
        (10, 400, 400, 0.08459),
        (20, 5000, 500, 0.06632),
    ],
)
def test_the_critical_value_of_two_samples_is_the_published_one(
    bins: int, n_baseline: int, n_live: int, expected: float
) -> None:
    """S1, two-sample vectors, α = 0.05 (Yurdakul 2018)."""
    assert psi_critical(n_baseline, n_live, bins, 0.05) == pytest.approx(expected, abs=6e-6)


@pytest.mark.parametrize(
    ("baseline", "live", "smoothing", "expected"),
    [
        ((50, 50), (80, 20), 0.0, 0.4158883),
        ((500, 300, 200, 0), (480, 300, 200, 20), 0.5, 0.0749372),
        ((500, 300, 200, 0), (480, 300, 200, 20), 1.0, 0.0614594),
        ((16, 18, 16, 14, 12, 12), (16, 16, 16, 16, 16, 8), 0.0, 0.0372184),
    ],
)
def test_psi_is_the_published_one(
    baseline: tuple[int, ...], live: tuple[int, ...], smoothing: float, expected: float
) -> None:
    """S1, and the PSI of S3's counts; S1 prints 0.0749374 for s = ½, which is 2 off in its last digit."""
    assert psi(baseline, live, smoothing) == pytest.approx(expected, abs=6e-8)


@given(COUNTS, COUNTS)
def test_psi_is_never_negative_and_the_sum_of_its_bins(baseline: list[int], live: list[int]) -> None:
    """Every bin adds something, so the contributions say where the shift is."""
    parts = psi_contributions(baseline, live)
    assert parts is not None
    assert all(part >= 0 for part in parts)
    assert psi(baseline, live) == pytest.approx(sum(parts))


@given(COUNTS, COUNTS)
def test_psi_is_symmetric(baseline: list[int], live: list[int]) -> None:
    """Baseline and live may be exchanged."""
    assert psi(baseline, live) == pytest.approx(psi(live, baseline))


@given(st.permutations(range(BINS)), COUNTS, COUNTS)
def test_the_order_of_the_bins_does_not_matter(order: list[int], baseline: list[int], live: list[int]) -> None:
    """PSI knows no axis."""
    assert psi([baseline[k] for k in order], [live[k] for k in order]) == psi(baseline, live)


@given(COUNTS)
def test_a_histogram_has_no_psi_against_itself(counts: list[int]) -> None:
    """No drift is exactly zero."""
    assert psi(counts, counts) == 0


@given(COUNTS, COUNTS, st.integers(0, 8))
def test_bins_that_nothing_ever_fell_into_change_nothing(baseline: list[int], live: list[int], guards: int) -> None:
    """Empty guard bins are no bins, neither in the index nor in its critical value."""
    with_guards = baseline + [0] * guards, live + [0] * guards
    assert psi(*with_guards) == psi(baseline, live)
    assert psi_noise(*with_guards, 0.05) == psi_noise(baseline, live, 0.05)


def test_windows_without_drift_stay_below_the_critical_value() -> None:
    """About 5 % of windows exceed it, also with small windows, a large baseline and empty guard bins."""
    random = np.random.default_rng(11)
    probabilities = np.append(np.full(12, 1 / 12), np.zeros(8))
    alarms = 0
    for _ in range(500):
        baseline, live = random.multinomial(100_000, probabilities), random.multinomial(200, probabilities)
        alarms += (psi(baseline, live) or 0) > (psi_noise(baseline, live, 0.05) or 0)
    assert 0.02 < alarms / 500 < 0.08


@settings(max_examples=20)
@given(st.sampled_from([(100, 0.81), (200, 0.33), (500, 0.003)]))
def test_a_fixed_threshold_on_small_windows_is_noise(window: tuple[int, float]) -> None:
    """How often PSI > 0.1 over ten bins with no drift at all, as S1's introduction states it."""
    rows, expected = window
    random = np.random.default_rng(rows)
    draws = random.multinomial(rows, np.full(10, 0.1), size=(600, 2))
    above = [(psi(baseline, live) or 0) > 0.1 for baseline, live in draws]
    assert np.mean(above) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(
    ("baseline", "live"),
    [(None, [1]), ([], []), ([0, 0], [1, 1]), ([1, 1], [0, 0]), ([1, None], [1, 1]), ([1, -1], [1, 1]), ([1], [1, 2])],
)
def test_psi_that_cannot_be_told_is_none(baseline: list[int | None] | None, live: list[int]) -> None:
    """Nothing to compare is no number, and above all not zero."""
    assert psi(baseline, live) is None
    assert psi_noise(baseline, live, 0.05) is None


def test_one_bin_has_no_critical_value() -> None:
    """Where everything lies in one bin there is nothing to exceed."""
    assert psi_critical(1000, 1000, 1, 0.05) is None
    assert psi_noise([10, 0], [20, 0], 0.05) is None


@given(COUNTS, COUNTS)
def test_the_p_value_and_the_critical_value_say_the_same(baseline: list[int], live: list[int]) -> None:
    """PSI is above its critical value at the chance that it has, and not above it at a smaller one."""
    found, p = psi(baseline, live), psi_p(baseline, live)
    if found is None or p is None or not 1e-12 < p < 1 - 1e-6:
        return
    assert psi_noise(baseline, live, p) == pytest.approx(found, rel=1e-6)


def test_one_bin_cannot_move() -> None:
    """A constant that stays the same has no p-value, and no shift that could have been seen."""
    assert psi_p([7], [9]) is None
    assert smallest_psi([7], [9], 0.1) is None


def test_a_shift_of_the_smallest_size_is_seen_four_times_in_five() -> None:
    """Ten bins, 2 000 rows each, two of them traded: simulated at the threshold that the window has."""
    rng = np.random.default_rng(3)
    flat = np.full(10, 0.1)
    threshold = psi_critical(2_000, 2_000, 10, 1e-3)
    assert threshold is not None
    wanted = smallest_psi(flat * 2_000, flat * 2_000, threshold)
    assert wanted is not None
    step = np.sqrt(wanted / 2 / 10)  # PSI of (0.1+s, 0.1-s) against 0.1 is about 2 s²/0.1
    moved = flat + np.array([step, -step, *[0.0] * 8])
    seen = [(psi(rng.multinomial(2_000, flat), rng.multinomial(2_000, moved)) or 0) > threshold for _ in range(2_000)]
    assert 0.7 < np.mean(seen) < 0.9
