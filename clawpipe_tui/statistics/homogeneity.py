"""Pearson's χ² test that baseline and live draw their categories from one distribution."""

from __future__ import annotations

from clawpipe_tui.statistics.chi_squared import chi_squared_tail
from clawpipe_tui.statistics.counts import Counts, comparable
from clawpipe_tui.statistics.tails import binomial_tail

Column = tuple[float, float]

# Cochran, Some methods for strengthening the common χ² tests, Biometrics 10(4) 1954
_ENOUGH_EXPECTED = 5.0
_LEAST_EXPECTED = 1.0


def chi2_p(baseline: Counts, live: Counts) -> float | None:
    """The p-value of the 2×K table, unseen categories included, for *one* look; None where only one category is left.

    Categories with an expected count below 5 on either side are pooled into one. Where even that one expects less than
    1 row on the shorter side (a large baseline and a new category), χ² does not hold for it: it gets an exact test of
    its own, and p is twice the smaller of both (Bonferroni).
    """
    pair = comparable(baseline, live)
    if pair is None:
        return None
    n, m = sum(pair[0]), sum(pair[1])
    shorter = min(n, m) / (n + m)
    columns = [column for column in zip(*pair, strict=True) if any(column)]
    frequent = [column for column in columns if sum(column) * shorter >= _ENOUGH_EXPECTED]
    rare = _sum_of([column for column in columns if sum(column) * shorter < _ENOUGH_EXPECTED])
    if not any(rare) or sum(rare) * shorter >= _LEAST_EXPECTED:
        return _pearson_p([*frequent, rare] if any(rare) else frequent)
    stray = binomial_tail(rare[0] if n < m else rare[1], sum(rare), shorter)
    rest = _pearson_p(frequent)
    return min(1.0, 2 * min(stray, rest)) if rest is not None else stray if frequent else None


def _sum_of(columns: list[Column]) -> Column:
    return sum(before for before, _ in columns), sum(after for _, after in columns)


def _pearson_p(columns: list[Column]) -> float | None:
    """Σ(observed−expected)²/expected over both rows, as Σ over columns of (a/n−b/m)²·n·m/(a+b), against χ²_{K−1}."""
    n, m = _sum_of(columns)
    if len(columns) <= 1 or not (n and m):
        return None
    statistic = sum((a * m - b * n) * (a / n - b / m) / (a + b) for a, b in columns)
    return chi_squared_tail(statistic, len(columns) - 1)
