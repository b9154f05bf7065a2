"""Intervals for a rate and for a quantile that hold at every look at once (S6 of the method).

Howard, Ramdas, McAuliffe & Sekhon, Time-uniform, nonparametric, nonasymptotic confidence sequences, Annals of
Statistics 49(2) 2021: the two-sided beta-binomial mixture. For 0/1 values its boundary is where the test of
sequential.py, with the two outcomes as "versions" and null shares p and 1−p, reaches 1/α; so that is how it is found.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clawpipe_tui.statistics.counts import MOST
from clawpipe_tui.statistics.sequential import log_e

if TYPE_CHECKING:
    from collections.abc import Callable

_LEAST_STRENGTH = 1e-3
_EDGE = 1e-15
_CLOSE = 1e-12
_LEAST_QUANTILE = 1e-9


@dataclass(frozen=True)
class Interval:
    """A rate (0 to 1) lies between these, at every look at once."""

    low: float
    high: float


@dataclass(frozen=True)
class Ranks:
    """A quantile lies between the values of these ranks (1 = smallest of n), as far as it is bounded."""

    low: int
    high: int
    bounded_below: bool
    bounded_above: bool
    """False: n rows are too few to say how large the quantile may be; then `high` is just the largest row."""


def mixture_precision(v_opt: float, alpha: float) -> float:
    """ρ = v/(2·ln(1/α)+ln(1+2·ln(1/α))): the prior's weight that makes the interval tightest at variance v."""
    log = 2 * math.log(1 / alpha)
    return v_opt / (log + math.log(1 + log))


def rate_interval(k: float, n: float, alpha: float, t_opt: float) -> Interval | None:
    """The rates that k of n do not speak against; tightest after t_opt rows, which is chosen before looking."""
    if not (0 <= k <= n and 1 <= n <= MOST and _settings(alpha, t_opt)):
        return None
    strength, rate, limit = _strength(alpha, t_opt), k / n, math.log(1 / alpha)

    def excess(p: float) -> float:
        return log_e(((k, strength * p, p), (n - k, strength * (1 - p), 1 - p))) - limit

    return Interval(
        low=0.0 if k == 0 else _crossing(excess, max(_EDGE, min(rate, 1 - _EDGE)), _EDGE, 0.0),
        high=1.0 if k == n else _crossing(excess, max(_EDGE, min(rate, 1 - _EDGE)), 1 - _EDGE, 1.0),
    )


def quantile_ranks(n: float, quantile: float, alpha: float, t_opt: float) -> Ranks | None:
    """Between which of n ordered values the quantile lies: ranks ⌊np−lo+1⌋ and ⌈np+up⌉, no larger than 1 to n."""
    if not (1 <= n <= MOST and _LEAST_QUANTILE <= quantile <= 1 - _LEAST_QUANTILE and _settings(alpha, t_opt)):
        return None
    strength, limit, centre, above = _strength(alpha, t_opt), math.log(1 / alpha), n * quantile, 1 - quantile

    def excess(below: float) -> float:
        return log_e(((below, strength * quantile, quantile), (n - below, strength * above, above))) - limit

    least, most = _crossing(excess, centre, 0.0, -1.0), _crossing(excess, centre, n, n + 1.0)
    low, high = math.floor(least + 1), math.ceil(most)
    return Ranks(max(low, 1), min(high, int(n)), bounded_below=low >= 1, bounded_above=high <= n)


def mean_radius(spread: float, n: float, alpha: float, t_opt: float) -> float | None:
    """How far the mean of n values with this deviation may lie from the true one, at every look; in their unit.

    Asymptotically: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, Time-uniform central limit theory and asymptotic
    confidence sequences, Annals of Statistics 52(6) 2024, theorem 2.2. Tightest after t_opt values.
    """
    if not (0 <= spread < math.inf and 2 <= n <= MOST and _settings(alpha, t_opt)):
        return None
    log = -2 * math.log(alpha)
    variance = n * (log + math.log(1 + log)) / t_opt
    return spread * math.sqrt(2 * (variance + 1) / (n * variance) * math.log(math.sqrt(variance + 1) / alpha))


def _settings(alpha: float, t_opt: float) -> bool:
    return 0 < alpha < 1 and 0 < t_opt <= MOST


def _strength(alpha: float, t_opt: float) -> float:
    """r/(gh) of the paper, r = max(ρ−gh, 0.001·gh) with ρ at v = gh·t_opt: the factor gh cancels."""
    return max(mixture_precision(t_opt, alpha) - 1, _LEAST_STRENGTH)


def _crossing(excess: Callable[[float], float], inside: float, outside: float, never: float) -> float:
    """Where the excess, negative inside, turns positive on the way outside; `never` where it does not."""
    if excess(outside) < 0:
        return never
    while abs(outside - inside) > _CLOSE * max(inside, outside):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if excess(middle) < 0 else (inside, middle)
    return (inside + outside) / 2
