"""The χ² distribution, from `math` alone: the first answer about drift would wait a tenth of a second for scipy's.

Q is the regularised upper incomplete gamma function: a series where it is near 1, a continued fraction where it is
small (Abramowitz and Stegun 1964, 6.5.29 and 6.5.31). The tests hold both beside scipy.special, to 11 digits.
"""

from __future__ import annotations

import math
from functools import lru_cache

_PRECISION = 1e-15
_MOST_DEGREES = 100_000
"""With more, both sums become long, and scipy has an expansion for them."""
_TINY = 1e-300
"""In the place of a denominator that happens to be 0 (Lentz)."""
_MOST_TURNS = 200
"""Halving an interval of doubles takes less than that."""


def chi_squared_tail(value: float, degrees: float) -> float:
    """The probability that a χ² variable with these degrees of freedom (more than 0) exceeds the value."""
    if value <= 0:
        return 1.0
    if value == math.inf:
        return 0.0
    if degrees > _MOST_DEGREES:
        from scipy.special import chdtrc

        return float(chdtrc(degrees, value))
    half, shape = value / 2, degrees / 2
    if half < shape + 1:
        return 1.0 - math.exp(_log_front(half, shape)) * _series(half, shape)
    return math.exp(_log_front(half, shape)) * _fraction(half, shape)


@lru_cache(maxsize=1024)
def chi_squared_critical(degrees: float, alpha: float) -> float:
    """The value that a χ² variable with these degrees of freedom exceeds with probability alpha, between 0 and 1.

    Newton's steps on the logarithm of the tail; where one leaves the interval that holds the value, half of it.
    """
    low, high = 0.0, degrees + 1.0
    while chi_squared_tail(high, degrees) > alpha:
        low, high = high, 2 * high
    value = (low + high) / 2
    for _ in range(_MOST_TURNS):
        tail = chi_squared_tail(value, degrees)
        low, high = (value, high) if tail > alpha else (low, value)
        step = math.log(tail / alpha) * tail / _density(value, degrees) if tail > 0 else math.inf
        following = value + step if low < value + step < high else (low + high) / 2
        if abs(following - value) <= _PRECISION * value or following in (low, high):
            return following
        value = following
    return value


def _density(value: float, degrees: float) -> float:
    return math.exp(_log_front(value / 2, degrees / 2)) / value or _TINY


def _log_front(half: float, shape: float) -> float:
    """The logarithm of hᵃe⁻ʰ/Γ(a)."""
    return shape * math.log(half) - half - math.lgamma(shape)


def _series(half: float, shape: float) -> float:
    """Σ hⁿ/(a(a+1)…(a+n)): the lower function without what stands in front of it."""
    term = total = 1 / shape
    while term > total * _PRECISION:
        shape += 1
        term *= half / shape
        total += term
    return total


def _fraction(half: float, shape: float) -> float:
    """1/(h+1−a− 1(1−a)/(h+3−a− 2(2−a)/(h+5−a− …))): the upper function without what stands in front of it (Lentz)."""
    below = half + 1 - shape
    above, inverse = 1 / _TINY, 1 / below
    total, place, factor = inverse, 0, 0.0
    while abs(factor - 1) > _PRECISION:
        place += 1
        numerator = place * (shape - place)
        below += 2
        inverse = 1 / (numerator * inverse + below or _TINY)
        above = below + numerator / above or _TINY
        factor = inverse * above
        total *= factor
    return total
