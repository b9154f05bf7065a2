"""Anytime-valid intervals for a rate and for a quantile: the vectors of S6."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawpipe_tui.statistics.interval import mixture_precision, quantile_ranks, rate_interval


def howards_log_mixture(s: float, v: float, g: float, h: float, r: float) -> float:
    """The left side of S6's equation as printed, to check the form that interval.py uses instead."""

    def ln_beta(a: float, b: float) -> float:
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)

    x = g + h
    return (
        v / (g * h) * math.log(x)
        - (v + h * s) / (h * x) * math.log(g)
        - (v - g * s) / (g * x) * math.log(h)
        + ln_beta((r + v - g * s) / (g * x), (r + v + h * s) / (h * x))
        - ln_beta(r / (g * x), r / (h * x))
    )


def test_the_mixtures_precision_is_the_published_one() -> None:
    """S6: ρ(100, .05)."""
    assert mixture_precision(100, 0.05) == pytest.approx(12.60056, abs=6e-6)


@pytest.mark.parametrize(
    ("k", "n", "t_opt", "low", "high"),
    [
        (700, 1000, 100, 0.651629, 0.745949),
        (15, 50, 50, 0.129556, 0.511896),
        (1, 50, 50, 0, 0.13489),
        (10, 1000, 1000, 0.002917, 0.022371),
        (0, 1000, 1000, 0, 0.004122),
        (100, 10000, 1000, 0.007046, 0.013542),
    ],
)
def test_the_rate_interval_is_the_published_one(k: int, n: int, t_opt: int, low: float, high: float) -> None:
    """S6, α = 0.05; some vectors are cut, not rounded, after the last digit."""
    found = rate_interval(k, n, 0.05, t_opt)
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(low, abs=2e-6), pytest.approx(high, abs=2e-6))


@pytest.mark.parametrize(
    ("quantile", "n", "low", "high"),
    [
        (0.99, 200, 192, 200),
        (0.99, 1000, 979, 998),
        (0.99, 10**4, 9866, 9931),
        (0.95, 1000, 928, 970),
        (0.5, 1000, 453, 548),
    ],
)
def test_the_quantiles_ranks_are_the_published_ones(quantile: float, n: int, low: int, high: int) -> None:
    """S6, α = 0.05, t_opt = 1000."""
    ranks = quantile_ranks(n, quantile, 0.05, 1000)
    assert ranks is not None
    assert (ranks.low, ranks.high) == (low, high)


def test_two_hundred_rows_do_not_bound_the_99th_percentile_above() -> None:
    """The rank would be above n: all 200 rows lie below it with probability 0.99^200 = 13 %."""
    few, more = quantile_ranks(200, 0.99, 0.05, 1000), quantile_ranks(1000, 0.99, 0.05, 1000)
    assert few is not None
    assert more is not None
    assert (few.bounded_below, few.bounded_above) == (True, False)
    assert (more.bounded_below, more.bounded_above) == (True, True)


@pytest.mark.parametrize(("k", "n", "t_opt"), [(700, 1000, 100), (15, 50, 50), (10, 1000, 1000)])
def test_the_ends_solve_the_equation_as_it_was_published(k: int, n: int, t_opt: int) -> None:
    """Howard et al., in their own variables g, h, v, s and r."""
    found = rate_interval(k, n, 0.05, t_opt)
    assert found is not None
    for p in (found.low, found.high):
        g, h = p, 1 - p
        r = max(mixture_precision(g * h * t_opt, 0.05) - g * h, 1e-3 * g * h)
        assert howards_log_mixture(k - n * p, g * h * n, g, h, r) == pytest.approx(math.log(20), abs=1e-6)


@given(st.integers(1, 10**6), st.floats(0, 1), st.sampled_from([50, 1000, 10**5]))
def test_the_interval_holds_the_measured_rate_and_mirrors_for_failures(n: int, rate: float, t_opt: int) -> None:
    """The interval of the successes is that of the failures, turned round."""
    k = round(rate * n)
    good, bad = rate_interval(k, n, 0.05, t_opt), rate_interval(n - k, n, 0.05, t_opt)
    assert good is not None
    assert bad is not None
    assert 0 <= good.low <= k / n <= good.high <= 1
    assert (good.low, good.high) == (pytest.approx(1 - bad.high, abs=1e-8), pytest.approx(1 - bad.low, abs=1e-8))


@given(st.integers(1, 10**6), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_ranks_stay_within_the_rows_and_around_the_quantile(n: int, quantile: float) -> None:
    """Whatever the number of rows, both are rows that exist."""
    ranks = quantile_ranks(n, quantile, 0.05, 1000)
    assert ranks is not None
    assert 1 <= ranks.low <= math.ceil(n * quantile)
    assert math.floor(n * quantile) <= ranks.high <= n


def test_the_rate_is_in_the_interval_at_every_look() -> None:
    """A hundred series of 3 % errors, looked at fifty times each: at most 5 % ever leave it."""
    random = np.random.default_rng(4)
    looks = np.arange(100, 5_001, 100)
    left = 0
    for _ in range(100):
        errors = np.cumsum(random.binomial(100, 0.03, size=looks.size))
        found = [rate_interval(int(k), int(n), 0.05, 1000) for k, n in zip(errors, looks, strict=True)]
        left += any(interval is None or not interval.low <= 0.03 <= interval.high for interval in found)
    assert left <= 5


def test_what_cannot_be_told_is_none() -> None:
    """No rows, more errors than rows, an impossible quantile or α."""
    assert rate_interval(0, 0, 0.05, 100) is None
    assert rate_interval(5, 4, 0.05, 100) is None
    assert rate_interval(1, 4, 0, 100) is None
    assert quantile_ranks(0, 0.5, 0.05, 100) is None
    assert quantile_ranks(10, 1.0, 0.05, 100) is None
