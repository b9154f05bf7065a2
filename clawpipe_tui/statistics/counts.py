"""What two lists of counts must be before anything can be said about them. No statistic lives here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Counts = Sequence[float | None] | NDArray[np.float64] | NDArray[np.int64] | None
"""Rows per bin or category (may be weighted, so not always whole numbers)."""

Shares = tuple[list[float], list[float]]

LEAST, MOST = 1e-9, 1e15
"""Weights make counts fractional, but not smaller; beyond the largest, a double no longer counts every row."""


def as_counts(counts: Counts) -> list[float] | None:
    """The counts as floats; None where one is missing, negative or out of range, or there is none."""
    if counts is None:
        return None
    values: list[float] = []
    for count in counts:
        if count is None or not (count == 0 or LEAST <= count <= MOST):  # NaN compares as false
            return None
        values.append(float(count))
    return values or None


def comparable(baseline: Counts, live: Counts) -> Shares | None:
    """Both lists as counts over the same bins; None where they cannot be compared, or one of them holds no row."""
    first, second = as_counts(baseline), as_counts(live)
    if first is None or second is None or len(first) != len(second):
        return None
    return (first, second) if any(first) and any(second) else None


def shares(baseline: Counts, live: Counts) -> Shares | None:
    """Both lists as shares that sum to 1; None where they cannot be compared."""
    pair = comparable(baseline, live)
    if pair is None:
        return None
    n, m = sum(pair[0]), sum(pair[1])
    return [count / n for count in pair[0]], [count / m for count in pair[1]]
