"""Distances between two histograms over the same categories or bins. Each name says its convention."""

from __future__ import annotations

import math
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from clawpipe_tui.statistics.counts import Counts, comparable, shares

if TYPE_CHECKING:
    from collections.abc import Sequence

NATURAL_FROM_BASE_2 = math.sqrt(math.log(2))
"""JS distance in natural logarithms (Evidently) = this × JS distance in base 2 (NannyML)."""

_LEAST_STD = 1e-3  # a constant baseline would otherwise divide by zero


def js_divergence(baseline: Counts, live: Counts) -> float | None:
    """Jensen-Shannon divergence, base 2, 0 to 1 (Lin 1991; TFDV and Vertex AI threshold this one)."""
    pair = shares(baseline, live)
    if pair is None:
        return None
    return min(1.0, max(0.0, sum(_js_part(p, q) for p, q in zip(*pair, strict=True)) / 2))


def js_distance(baseline: Counts, live: Counts) -> float | None:
    """Jensen-Shannon distance, base 2, 0 to 1: the root of the divergence (Endres & Schindelin 2003)."""
    divergence = js_divergence(baseline, live)
    return None if divergence is None else math.sqrt(divergence)


def linf(baseline: Counts, live: Counts) -> float | None:
    """L∞ distance max|p−q|, 0 to 1: the largest change of one category's share."""
    reached = _largest_change(baseline, live)
    return None if reached is None else reached[0]


def linf_index(baseline: Counts, live: Counts) -> int | None:
    """Which category reaches L∞, counted from 0; the first of equals."""
    reached = _largest_change(baseline, live)
    return None if reached is None else reached[1]


def total_variation(baseline: Counts, live: Counts) -> float | None:
    """Total variation ½Σ|p−q|, 0 to 1: the share of rows that would have to change category."""
    pair = shares(baseline, live)
    return None if pair is None else min(1.0, sum(abs(p - q) for p, q in zip(*pair, strict=True)) / 2)


def hellinger(baseline: Counts, live: Counts) -> float | None:
    """Hellinger distance √(1−Σ√pq), 0 to 1, summed as √(½Σ(√p−√q)²), which is exactly 0 for equals."""
    pair = shares(baseline, live)
    if pair is None:
        return None
    return min(1.0, math.sqrt(sum((math.sqrt(p) - math.sqrt(q)) ** 2 for p, q in zip(*pair, strict=True)) / 2))


def wasserstein(edges: Sequence[float | None], baseline: Counts, live: Counts) -> float | None:
    """Wasserstein-1 (earth mover's) distance Σ|F_k−G_k|·(e_{k+1}−e_k), in the unit of the edges.

    The edges are where each bin begins, ascending and finite; a last one, where the last bin ends, changes nothing.
    Exact for values that lie on the edges; within one bin's width else.
    """
    pair = shares(baseline, live)
    widths = _widths(edges)
    if pair is None or widths is None or not 0 <= len(edges) - len(pair[0]) <= 1:
        return None
    gaps = accumulate(p - q for p, q in zip(*pair, strict=True))
    return sum(abs(gap) * width for gap, width in zip(gaps, widths, strict=False))


def wasserstein_normed(
    edges: Sequence[float | None], baseline: Counts, live: Counts, std_baseline: float
) -> float | None:
    """Wasserstein-1 in standard deviations of the baseline (at least 0.001, so that a constant has one)."""
    distance = wasserstein(edges, baseline, live)
    if distance is None or not 0 <= std_baseline < math.inf:
        return None
    return distance / max(std_baseline, _LEAST_STD)


def _js_part(p: float, q: float) -> float:
    whole = p + q
    return (p * math.log2(2 * p / whole) if p > 0 else 0.0) + (q * math.log2(2 * q / whole) if q > 0 else 0.0)


def _largest_change(baseline: Counts, live: Counts) -> tuple[float, int] | None:
    pair = comparable(baseline, live)
    if pair is None:
        return None
    n, m = sum(pair[0]), sum(pair[1])
    changes = [
        abs(before * m - after * n) for before, after in zip(*pair, strict=True)
    ]  # whole numbers: equals are equal
    largest = max(changes)
    return min(1.0, largest / (n * m)), changes.index(largest)


def _widths(edges: Sequence[float | None]) -> list[float] | None:
    """From each edge to the next; None where one is missing, infinite or not in order."""
    finite = [edge for edge in edges if edge is not None and math.isfinite(edge)]
    widths = [right - left for left, right in pairwise(finite)]
    return widths if len(finite) == len(edges) and all(0 <= width < math.inf for width in widths) else None
