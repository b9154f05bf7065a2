"""The anytime-valid test while the traffic split moves (end of S4)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from clawpipe_tui.statistics.sequential import log_e_path
from clawpipe_tui.statistics.tilted import RATE_RATIOS, WEIGHTS, tilted_log_e_path, tilted_log_es

Numbers = NDArray[np.float64]
WINDOWS, RUNS = 300, 400


def ramp(rate_ratio: float, seed: int) -> tuple[Numbers, Numbers, Numbers]:
    """Bad requests (other, this) and this version's share: a ramp from 1 % to 60 % under a daily rhythm."""
    random = np.random.default_rng(seed)
    requests = random.poisson(40 * (1 + 0.8 * np.sin(np.arange(WINDOWS) / 20)), (RUNS, WINDOWS)) + 1
    this = random.binomial(requests, np.linspace(0.01, 0.6, WINDOWS))
    rate = 0.02 * (1 + 0.9 * np.sin(np.arange(WINDOWS) / 35))
    bad_other, bad = random.binomial(requests - this, rate), random.binomial(this, np.minimum(1, rate_ratio * rate))
    return bad_other.astype(float), bad.astype(float), this / requests


def alarms(rate_ratio: float, seed: int) -> float:
    """The share of runs that ever alarm at 5 %."""
    return float(np.mean(tilted_log_e_path(*ramp(rate_ratio, seed)).max(axis=-1) >= math.log(20)))


def test_the_likelihood_ratio_is_the_published_one() -> None:
    """ρe^δ/(ρe^δ+1−ρ) against ρ, worked out event by event, averaged over the rate ratios by what is staked on each."""
    by_hand: list[float] = []
    for ratio in RATE_RATIOS:
        first, second = 0.2 * ratio / (0.2 * ratio + 0.8), 0.5 * ratio / (0.5 * ratio + 0.5)
        by_hand.append((first / 0.2) ** 3 * ((1 - first) / 0.8) * (second / 0.5))
    path = tilted_log_es([1, 0], [3, 1], [0.2, 0.5])
    assert path is not None
    assert path[-1] == pytest.approx(math.log(np.average(by_hand, weights=WEIGHTS)))
    assert sum(WEIGHTS) == pytest.approx(1)


def test_a_ramp_of_alike_versions_raises_few_false_alarms() -> None:
    """At most 5 % over all windows; a test that takes the split for constant alarms nearly always."""
    assert alarms(1, seed=1) <= 0.05
    bad_other, bad, share = ramp(1, seed=1)
    constant = log_e_path(np.stack([bad_other, bad], axis=-1), np.array([1 - share.mean(), share.mean()]))
    assert np.mean(constant.max(axis=-1) >= math.log(20)) > 0.5


def test_a_version_that_fails_twice_as_often_is_found_and_a_better_one_is_not_blamed() -> None:
    """One-sided: an alarm means "worse"."""
    assert alarms(2, seed=2) > 0.95
    assert alarms(0.5, seed=3) <= 0.01


def test_a_window_without_requests_says_nothing() -> None:
    """Its share is NULL, and the path stays where it was."""
    path = tilted_log_es([1, None, 0], [4, None, 0], [0.5, None, 0.5])
    assert path is not None
    assert path[0] == pytest.approx(path[1]) == pytest.approx(path[2])


@pytest.mark.parametrize(
    ("bad_other", "bad", "share"),
    [
        ([], [], []),
        ([1], [1, 2], [0.5]),
        ([1], [1], [None]),
        ([0], [1], [0.0]),
        ([1], [0], [1.0]),
        ([1], [1], [1.5]),
        ([float("nan")], [1], [0.5]),
    ],
)
def test_impossible_windows_have_no_e(
    bad_other: list[float | None], bad: list[float | None], share: list[float | None]
) -> None:
    """Nothing to compare, or a bad request on a version without requests."""
    assert tilted_log_es(bad_other, bad, share) is None
