"""Kolmogorov-Smirnov distance D (0 to 1, no unit): from counts as an exact bracket, from raw values exactly."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from clawpipe_tui.statistics.counts import Counts, comparable
from clawpipe_tui.statistics.tails import kolmogorov_critical, kolmogorov_tail

if TYPE_CHECKING:
    from numpy.typing import NDArray

Steps = tuple[list[float], list[float]]


def ks_low(baseline: Counts, live: Counts) -> float | None:
    """The least that D of the raw values can be: max_k |F(e_k)−G(e_k)| over the common edges.

    The counts are ordered along the axis (below, bins…, above), in both lists over the same edges.
    """
    steps = _cumulative(baseline, live)
    return None if steps is None else max(abs(f - g) for f, g in zip(*steps, strict=True))


def ks_high(baseline: Counts, live: Counts, alone: Counts = ()) -> float | None:
    """The most that D of the raw values can be: max_j max(F(e_j)−G(e_{j−1}), G(e_j)−F(e_{j−1})).

    Within a bin both distributions climb from their value at its lower edge to that at its upper edge; the worst case
    is that one has climbed all the way before the other begins. Where `alone` is not 0, the bin holds one value only:
    both climb at once, and nothing more can be said of it than at its edges.
    """
    steps = _cumulative(baseline, live)
    if steps is None:
        return None
    f, g = steps
    alone = alone or [0.0] * (len(f) - 1)
    if len(alone) != len(f) - 1:
        return None
    wide = [j for j in range(1, len(f)) if not alone[j - 1]]
    at_edges = max(abs(a - b) for a, b in zip(f, g, strict=True))
    return max([at_edges, *(max(f[j] - g[j - 1], g[j] - f[j - 1]) for j in wide)])


def ks_right(baseline: Counts, live: Counts) -> float | None:
    """One-sided, max_k (F(e_k)−G(e_k)): how far live lies to the right. Of latencies: how much slower it is."""
    steps = _cumulative(baseline, live)
    return None if steps is None else max(f - g for f, g in zip(*steps, strict=True))


def ks_p(d: float, n: float, m: float) -> float | None:
    """P(D ≥ d) with no drift, n and m rows, for *one* look: Kolmogorov's limit at √(nm/(n+m))·d (Smirnov 1948).

    Conservative for few rows and for ties.
    """
    if not (n >= 1 and m >= 1 and 0 <= d <= 1):
        return None
    return kolmogorov_tail(d * _root_effective(n, m))


def ks_critical(n: float, m: float, alpha: float) -> float | None:
    """The D that one look at n and m rows without drift exceeds with probability alpha; may be above 1 for few rows."""
    if not (n >= 1 and m >= 1 and 0 < alpha < 1):
        return None
    return kolmogorov_critical(alpha) / _root_effective(n, m)


def ks_exact(baseline: NDArray[np.float64], live: NDArray[np.float64]) -> float | None:
    """D of raw values, for the drill-down. NaN has no place on the axis and is left out; ±inf has."""
    f = np.sort(baseline[~np.isnan(baseline)])
    g = np.sort(live[~np.isnan(live)])
    if not (f.size and g.size):
        return None
    points = np.concatenate((f, g))
    gaps = np.searchsorted(f, points, side="right") / f.size - np.searchsorted(g, points, side="right") / g.size
    return float(np.max(np.abs(gaps)))


def _root_effective(n: float, m: float) -> float:
    """√(nm/(n+m)), written so that n = ∞ (a baseline that is the truth) works."""
    return math.sqrt(1 / (1 / n + 1 / m))


def _cumulative(baseline: Counts, live: Counts) -> Steps | None:
    """Both distribution functions at every edge, 0 at the first; summed as counts, since sums of shares would drift."""
    pair = comparable(baseline, live)
    if pair is None:
        return None
    f, g = (list(accumulate(counts, initial=0.0)) for counts in pair)
    return [count / f[-1] for count in f], [count / g[-1] for count in g]
