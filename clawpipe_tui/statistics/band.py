"""A band around a whole distribution (latency, score) that holds at every look at once (S5 of the method).

Howard & Ramdas, Sequential estimation of quantiles, Bernoulli 28(3) 2022; as a test of two versions: Lindon, Sanden &
Shirikian, Rapid Regression Detection in Software Deployments through Sequential Testing, KDD 2022.
"""

from __future__ import annotations

import math

_LEAST_LOG = -745.0  # e^-745 is the smallest double above 0
_CLOSE = 1e-9


def band(n: float, alpha: float) -> float | None:
    """r(n,α) = 0.85·√((ln ln(e·n)+0.8·ln(1612/α))/n), in units of F: with probability 1−α, sup|F_n−F| is never ≥ r."""
    if not (1 <= n < math.inf and 0 < alpha < 1):
        return None
    return _radius(n, math.log(alpha))


def band_differs(d: float, n_a: float, n_b: float, alpha: float) -> bool | None:
    """Whether two versions differ, given d = sup|F_a−F_b|; or whether b is slower, given d = sup(F_a−F_b)."""
    if not (1 <= n_a < math.inf and 1 <= n_b < math.inf and 0 < alpha < 1 and 0 <= d <= 1):
        return None
    return d >= _both(n_a, n_b, math.log(alpha))


def band_p(d: float, n_a: float, n_b: float) -> float | None:
    """The anytime p-value of d, by bisection on ln α: the smallest α at which band_differs says yes, else 1."""
    if not (1 <= n_a < math.inf and 1 <= n_b < math.inf and 0 <= d <= 1):
        return None
    if d < _both(n_a, n_b, 0.0):
        return 1.0
    low, high = _LEAST_LOG, 0.0
    if d >= _both(n_a, n_b, low):
        return 0.0
    while high - low > _CLOSE:
        middle = (low + high) / 2
        low, high = (low, middle) if d >= _both(n_a, n_b, middle) else (middle, high)
    return math.exp(high)


def _both(n_a: float, n_b: float, log_alpha: float) -> float:
    """r(n_a,α/2)+r(n_b,α/2)."""
    return _radius(n_a, log_alpha - math.log(2)) + _radius(n_b, log_alpha - math.log(2))


def _radius(n: float, log_alpha: float) -> float:
    # ln(e·n) = 1 + ln n; in this form α may be smaller than any double
    return 0.85 * math.sqrt((math.log(1 + math.log(n)) + 0.8 * (math.log(1612) - log_alpha)) / n)
