"""The test that may be looked at through a window that moves, and what it could have seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawpipe_tui.statistics.restarted import restarted_log_e, restarted_p, smallest_ratio, stake, stakes_from
from clawpipe_tui.statistics.tilted import tilted_log_es

COUNTS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.floats(0.05, 0.95)), min_size=1, max_size=8)


def test_the_stakes_of_a_stream_never_exceed_one() -> None:
    """They telescope: half is staked at once, and after n slices 1/(2·ln(e+n−1)) is left."""
    assert stakes_from(0, 10_000).sum() == pytest.approx(1 - 0.5 / math.log(math.e + 9_999))
    assert [stake(0), stake(-1), stake(math.nan)] == [0.5, None, None]
    assert [stake(first) for first in range(9)] == pytest.approx([*stakes_from(0, 9)])
    assert [stake(3 + later) for later in range(6)] == pytest.approx([*stakes_from(3, 6)])


@given(COUNTS, st.integers(0, 500))
def test_it_is_the_mean_of_the_bets_that_begin_in_the_window(rows: list[tuple[int, int, float]], first: int) -> None:
    """Worked out the slow way: each bet is the tilted test of the slices from its beginning."""
    other, own, share = ([float(row[place]) for row in rows] for place in range(3))
    bets = [(tilted_log_es(other[j:], own[j:], share[j:]) or [0.0])[-1] for j in range(len(rows))]
    expected = sum((stake(first + j) or 0) * math.exp(bet) for j, bet in enumerate(bets))
    assert restarted_log_e(other, own, share, first) == pytest.approx(math.log(expected), abs=1e-9)


def test_a_change_late_in_a_long_quiet_stream_is_still_seen() -> None:
    """The test that began with the stream has lost its stake by then."""
    quiet, bad = [2.0] * 200, [0.0] * 190 + [4.0] * 10
    assert (restarted_p(quiet, bad, [0.2] * 200, 0) or 1) < 1e-6
    assert (tilted_log_es(quiet, bad, [0.2] * 200) or [99])[-1] < 3


def test_false_alarms_stay_below_alpha_when_the_window_moves() -> None:
    """300 streams without a difference, 120 slices, a window of 30 slices at each look; α 5 %."""
    rng = np.random.default_rng(8)
    alarms = 0
    for _ in range(300):
        other, own = rng.poisson(4, 120).astype(float), rng.poisson(1, 120).astype(float)
        looks = range(10, 121, 10)
        ps = [restarted_p([*other[max(0, t - 30) : t]], [*own[max(0, t - 30) : t]], [0.2] * min(t, 30), max(0, t - 30))
              for t in looks]  # fmt: skip
        alarms += min(p for p in ps if p is not None) <= 0.05
    assert alarms <= 0.05 * 300


def test_what_could_have_been_seen_shrinks_with_the_evidence() -> None:
    """More requests show smaller changes; where nothing could be seen, nothing is claimed."""
    ratios = [smallest_ratio(k, n, n, math.log(100)) for k, n in ((1, 100), (10, 1_000), (100, 10_000))]
    assert all(ratio is not None for ratio in ratios)
    assert sorted(ratios, key=lambda ratio: -(ratio or 0)) == ratios
    assert smallest_ratio(0, 20, 1, math.log(1e6)) is None
    assert smallest_ratio(5, 3, 10, 1.0) is None


def test_a_change_of_that_size_is_seen_four_times_in_five() -> None:
    """Simulated where the sentence is said: 1 % fail, the same traffic on both."""
    rng = np.random.default_rng(9)
    needed = math.log(100)
    ratio = smallest_ratio(50, 5_000, 5_000, needed)
    assert ratio is not None
    bad = rng.binomial(5_000, 0.0101 * ratio, size=2_000)
    seen = [(tilted_log_es([50.0], [float(k)], [0.5]) or [0.0])[0] >= needed for k in bad]
    assert 0.75 < np.mean(seen) < 0.9
