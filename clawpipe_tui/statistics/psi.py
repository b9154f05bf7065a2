"""Population stability index (PSI, no unit): how far two histograms over the same bins lie apart, and what is noise."""

from __future__ import annotations

import math

from clawpipe_tui.statistics.chi_squared import chi_squared_critical, chi_squared_tail
from clawpipe_tui.statistics.counts import Counts, comparable

HALF = 0.5
"""Added to every bin (Jeffreys), so that one empty bin does not make the index infinite."""

FOUR_IN_FIVE = 0.8416
"""The normal quantile of 80 %: what a window "could have shown" it would have shown four times in five."""


def psi_contributions(baseline: Counts, live: Counts, smoothing: float = HALF) -> list[float] | None:
    """Each bin's own part (q−p)·ln(q/p) of the PSI, never negative: it says where the shift is.

    p_i = (n_i+s)/(N+sB), q_i = (m_i+s)/(M+sB). A bin that is empty on both sides is no bin: it adds 0 and is not
    counted in B, or every guard bin that nothing ever fell into would read as drift wherever N and M differ.
    """
    pair = comparable(baseline, live)
    if pair is None:
        return None
    bins = _occupied(*pair)
    n, m = sum(pair[0]) + smoothing * bins, sum(pair[1]) + smoothing * bins
    if not smoothing:
        return [_unsmoothed(before / n, after / m) for before, after in zip(*pair, strict=True)]
    log = math.log
    return [  # no call for a bin: a screen asks for thousands of them
        ((q := (after + smoothing) / m) - (p := (before + smoothing) / n)) * (log(q) - log(p))
        if before or after
        else 0.0
        for before, after in zip(*pair, strict=True)
    ]


def psi(baseline: Counts, live: Counts, smoothing: float = HALF) -> float | None:
    """PSI = Σ(q−p)·ln(q/p) with natural logarithm (Siddiqi 2006; smoothing as in psi_contributions)."""
    parts = psi_contributions(baseline, live, smoothing)
    return None if parts is None else math.fsum(parts)


def psi_critical(n_baseline: float, n_live: float, bins: float, alpha: float) -> float | None:
    """The PSI that two samples of one distribution exceed with probability alpha: χ²_{1−α,B−1}·(1/N+1/M).

    Yurdakul (2018), Statistical properties of the population stability index. None below two bins.
    """
    if not (n_baseline > 0 and n_live > 0 and bins > 1 and 0 < alpha < 1):
        return None
    return chi_squared_critical(bins - 1, alpha) * (1 / n_baseline + 1 / n_live)


def psi_critical_fixed(n_live: float, bins: float, alpha: float) -> float | None:
    """The same where the baseline is the truth and not a sample of it: χ²_{1−α,B−1}/M (Yurdakul 2018)."""
    return psi_critical(math.inf, n_live, bins, alpha)


def psi_noise(baseline: Counts, live: Counts, alpha: float) -> float | None:
    """The critical value of psi(baseline, live): its N, M and B are those that psi itself used."""
    pair = comparable(baseline, live)
    if pair is None:
        return None
    return psi_critical(sum(pair[0]), sum(pair[1]), _occupied(*pair), alpha)


def psi_p(baseline: Counts, live: Counts) -> float | None:
    """How often two samples of one distribution have a PSI at least this large, in one look (Yurdakul 2018)."""
    found, pair = psi(baseline, live), comparable(baseline, live)
    bins = _occupied(*pair) if pair else 0
    if found is None or pair is None or bins < 2:
        return None
    return chi_squared_tail(found / (1 / sum(pair[0]) + 1 / sum(pair[1])), bins - 1)


def smallest_psi(baseline: Counts, live: Counts, threshold: float) -> float | None:
    """The true PSI that samples of these sizes show above the threshold four times in five.

    PSI/(1/N+1/M) is about noncentral χ² with mean B−1+λ and variance 2(B−1+2λ), where λ·(1/N+1/M) is the true PSI;
    solved for λ with that χ² taken as normal. None where nothing can be compared.
    """
    pair = comparable(baseline, live)
    if pair is None or not 0 <= threshold < math.inf:
        return None
    per_row, freedom = 1 / sum(pair[0]) + 1 / sum(pair[1]), _occupied(*pair) - 1
    spread = FOUR_IN_FIVE + math.sqrt(FOUR_IN_FIVE**2 + max(threshold / per_row - freedom / 2, 0.0))
    return max(threshold, (spread**2 - freedom / 2) * per_row) if freedom else None


def _unsmoothed(p: float, q: float) -> float:
    """Infinite where one side alone is empty."""
    return (q - p) * (math.log(q) - math.log(p)) if p > 0 and q > 0 else math.inf if p or q else 0.0


def _occupied(baseline: list[float], live: list[float]) -> int:
    return sum(1 for before, after in zip(baseline, live, strict=True) if before or after)
