"""The anytime-valid test on counts: the vectors of S4, and what it must do in simulation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawpipe_tui.statistics.sequential import anytime_p, e_value, log_e, log_e_path, log_e_value

if TYPE_CHECKING:
    from numpy.typing import NDArray

PER_LOOK, LOOKS, RUNS = 20, 500, 400
HALVES = np.array([0.5, 0.5])
BAD = st.lists(st.integers(0, 300), min_size=3, max_size=3)


def simulated(bad_rate: float, canary_rate: float, seed: int) -> NDArray[np.float64]:
    """Runs × looks of log E, 20 requests per arm and look."""
    random = np.random.default_rng(seed)
    arms = [random.binomial(PER_LOOK, rate, size=(RUNS, LOOKS)) for rate in (bad_rate, canary_rate)]
    return log_e_path(np.stack(arms, axis=-1).astype(float), HALVES)


def test_the_path_is_the_difference_of_the_published_marginals() -> None:
    """S4, prior (1,1,1), θ0 = (.4,.4,.2): cumulative log M1 and log M0 of five events."""
    m1 = [-1.0986123, -2.4849066, -3.4011974, -4.4998097, -6.4457198]
    m0 = [-0.9162907, -1.8325815, -2.7488722, -3.6651629, -5.2746008]
    events = [[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    path = log_e_path(np.array(events, dtype=float), np.array([0.4, 0.4, 0.2]), prior=np.ones(3))
    assert path == pytest.approx(np.subtract(m1, m0), abs=2e-7)


def test_the_published_marginals_are_those_of_one_path_point() -> None:
    """The same five events at once, by the scalar formula."""
    rows = [(2, 1, 0.4), (2, 1, 0.4), (1, 1, 0.2)]
    assert log_e(rows) == pytest.approx(-6.4457198 + 5.2746008, abs=2e-7)


@pytest.mark.parametrize(
    ("baseline", "canary", "expected"),
    [
        (0, 5, 0.700116),
        (2, 10, 1.153819),
        (5, 20, 2.780129),
        (10, 30, 3.377912),
        (30, 30, -0.994343),
        (50, 80, 1.920264),
        (100, 150, 3.203618),
    ],
)
def test_log_e_of_an_even_split_is_the_published_one(baseline: int, canary: int, expected: float) -> None:
    """S4: 50/50 split, k = 10, errors on baseline and canary."""
    assert log_e_value((baseline, canary), (500, 500)) == pytest.approx(expected, abs=6e-7)


@pytest.mark.parametrize(
    ("baseline", "canary", "expected"),
    [(20, 10, 3.692681), (45, 15, 3.517075), (90, 10, -1.273276), (90, 25, 4.742324)],
)
def test_log_e_of_a_tenth_on_the_canary_is_the_published_one(baseline: int, canary: int, expected: float) -> None:
    """S4: 90/10 split, prior (9, 1)."""
    assert log_e_value((baseline, canary), (0.9, 0.1)) == pytest.approx(expected, abs=6e-7)


@given(st.lists(BAD, min_size=1, max_size=12))
def test_the_path_ends_where_the_totals_lead(looks: list[list[int]]) -> None:
    """Looking often or once gives the same E: counts are merged by adding."""
    path = log_e_path(np.array(looks, dtype=float), np.array([5.0, 3.0, 2.0]))
    totals = np.sum(looks, axis=0).tolist()
    assert path[-1] == pytest.approx(log_e_value(totals, (5, 3, 2)), abs=1e-7)


@given(BAD, st.permutations(range(3)))
def test_the_order_of_the_versions_does_not_matter(bad: list[int], order: list[int]) -> None:
    """Nor how the requests are scaled."""
    requests = [700, 200, 100]
    shuffled = log_e_value([bad[k] for k in order], [requests[k] / 7 for k in order])
    assert shuffled == pytest.approx(log_e_value(bad, requests), abs=1e-9)


def test_two_alike_versions_raise_few_false_alarms_however_often_one_looks() -> None:
    """S4: at most 5 % over 500 looks (2.3 % measured)."""
    alarms = simulated(0.01, 0.01, seed=1).max(axis=-1) >= math.log(20)
    assert np.mean(alarms) <= 0.05


@pytest.mark.parametrize(("rate", "median_requests"), [(0.02, 2300), (0.03, 850), (0.05, 360)])
def test_a_worse_canary_is_found_within_the_promised_requests(rate: float, median_requests: int) -> None:
    """S4: found in ≥ 99 % of runs, median 2 300, 850 and 360 requests per arm."""
    alarms = simulated(0.01, rate, seed=2) >= math.log(20)
    assert np.mean(alarms.any(axis=-1)) >= 0.99
    assert np.median(alarms.argmax(axis=-1) + 1) * PER_LOOK == pytest.approx(median_requests, rel=0.15)


def test_the_same_formula_finds_a_split_that_is_not_the_one_asked_for() -> None:
    """S4: on requests instead of errors, with a prior of 10 000."""
    assert (log_e_value((5_000, 5_000), (1, 1), 10_000) or 0) < 0
    assert (log_e_value((5_500, 4_500), (1, 1), 10_000) or 0) > math.log(20)


def test_the_anytime_p_value_remembers_the_best_look() -> None:
    """It never rises again, is never above 1, and skips looks that could not tell."""
    assert anytime_p([0.0, math.log(50), 1.0]) == pytest.approx(0.02)
    assert anytime_p([-3.0, None]) == 1
    assert anytime_p([None]) is None
    assert anytime_p([]) is None


def test_no_bad_request_is_evidence_for_nothing() -> None:
    """E is 1 then, which is not the same as not knowing."""
    assert log_e_value((0, 0), (500, 500)) == 0
    assert e_value((0, 0), (500, 500)) == 1


def test_overwhelming_evidence_stays_a_number() -> None:
    """An E beyond the largest double must not turn into "cannot tell"."""
    assert (log_e_value((10**6, 0), (1, 1)) or 0) > 1e5
    assert math.isfinite(e_value((10**6, 0), (1, 1)) or math.inf)


@pytest.mark.parametrize(
    ("bad", "requests"),
    [([], []), ([1], [10]), ([1, 2], [10, 0]), ([1, 2], [0, 0]), ([1, None], [5, 5]), ([1, 0], [10, 0]), ([1], [1, 2])],
)
def test_versions_that_cannot_be_compared_have_no_e(bad: list[int | None], requests: list[int]) -> None:
    """Fewer than two versions with requests, or bad requests that nobody made."""
    assert log_e_value(bad, requests) is None
    assert e_value(bad, requests) is None
