"""The rules that are compared, over many windows at once. Each answers per day and look whether it calls an alarm."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import kolmogi
from streams import LOOKS, WINDOW, Column, Floats, Pair, Windows

from clawpipe_tui.statistics.band import band
from clawpipe_tui.statistics.chi_squared import chi_squared_critical
from clawpipe_tui.statistics.restarted import stakes_from
from clawpipe_tui.statistics.tilted import RATE_RATIOS, WEIGHTS, log_ratios, mixed

Alarms = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
SLICE = 6
"""Looks in a slice of the one-hour window's time axis (a minute)."""


def psi(baseline: Floats, live: Floats) -> tuple[Floats, Floats, Floats]:
    """PSI with half a row added to every bin, 1/N+1/M, and how many bins are occupied, over the last axis.

    The baseline is one for each day, or one for each look (the window before it).
    """
    base = np.broadcast_to(baseline if baseline.ndim == live.ndim else baseline[:, None, :], live.shape)
    occupied = (base > 0) | (live > 0)
    bins, n, m = (counts.sum(-1) for counts in (occupied.astype(np.float64), base, live))
    p = (base + 0.5) / (n + 0.5 * bins)[..., None]
    q = (live + 0.5) / (m + 0.5 * bins)[..., None]
    with np.errstate(divide="ignore"):
        return (
            np.where(occupied, (q - p) * np.log(q / p), 0.0).sum(-1),
            1 / np.maximum(n, 1) + 1 / np.maximum(m, 1),
            bins,
        )


def one_sided(baseline: Floats, live: Floats, alpha: float) -> tuple[Alarms, Alarms]:
    """Whether a category of at least 1 % is new, or gone, and chance does not explain it."""
    base = np.broadcast_to(baseline if baseline.ndim == live.ndim else baseline[:, None, :], live.shape)
    n, m = (np.maximum(counts.sum(-1, keepdims=True), 1) for counts in (base, live))
    known = np.log(((base > 0) | (live > 0)).sum(-1, keepdims=True))
    new = (base == 0) & (live >= 0.01 * m) & (live * np.log(m / (n + m)) + known <= np.log(alpha))
    gone = (live == 0) & (base >= 0.01 * n) & (base * np.log(n / (n + m)) + known <= np.log(alpha))
    return new.any(-1), gone.any(-1)


def drifted(baseline: Floats, live: Floats, limit: float, alpha: float, least_rows: float = 50) -> Alarms:
    """The first half of the verdict of queries/_macros_drift.sql for one column: an effect, and more than noise."""
    return _above_noise(psi(baseline, live), limit, alpha) & _enough(baseline, live, least_rows)


def _above_noise(measured: tuple[Floats, Floats, Floats], limit: float, alpha: float) -> Alarms:
    index, per_row, bins = measured
    most = int(bins.max(initial=1))
    critical = np.array([0.0, 0.0, *(chi_squared_critical(b - 1, alpha) for b in range(2, most + 1))])
    return (index >= limit) & (index > critical[bins.astype(int)] * per_row)


def _enough(baseline: Floats, live: Floats, least_rows: float) -> Alarms:
    return (live.sum(-1) >= least_rows) & (baseline.sum(-1).reshape(len(baseline), -1) >= least_rows)


def keeps_rhythm(baseline: Floats, windows: Windows, suspects: Alarms, limit: float, alpha: float) -> Alarms:
    """The second half, where the first alarms: no different from yesterday, which was different too; the day is not."""
    kept = np.zeros_like(suspects)
    if windows.yesterday is None or windows.whole_day is None or not suspects.any():
        return kept
    day, look = np.nonzero(suspects)
    live, before, whole = (counts[day, look] for counts in (windows.live, windows.yesterday, windows.whole_day))
    was_like_that = psi(baseline[day], before)[0] >= limit / 4
    as_before = ~drifted(before, live[:, None], limit, alpha, least_rows=0)[:, 0]
    lasts = drifted(baseline[day], whole[:, None], limit, alpha, least_rows=0)[:, 0]
    kept[day, look] = (before.sum(-1) >= 25) & was_like_that & as_before & ~lasts
    return kept


RULES = ("this console", "PSI > 0.1", "PSI > 0.25", "KS p < 0.05", "Evidently's default")


def drift_alarms(
    column: Column, baseline: Floats, windows: Windows, limit: float, alpha: float
) -> Mapping[str, Alarms]:
    """What every rule says that can be asked about this kind of column."""
    live, measured = windows.live, psi(baseline, windows.live)
    moved, new = _above_noise(measured, limit, alpha), np.zeros(live.shape[:-1], np.bool_)
    if column.edges is None:
        new, gone = one_sided(baseline, live, alpha)
        others = [None, js_natural(baseline, live) >= 0.1]
        moved |= new | gone
    else:
        others = [ks_rejects(baseline, live), wasserstein(baseline, live, column.edges) >= 0.1]
    moved &= _enough(baseline, live, 50)
    ours = moved & ~keeps_rhythm(baseline, windows, moved & ~new, limit, alpha)
    said = (ours, measured[0] > 0.1, measured[0] > 0.25, *others)
    return {rule: alarms for rule, alarms in zip(RULES, said, strict=True) if alarms is not None}


def _cumulative(baseline: Floats, live: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    base = baseline if baseline.ndim == live.ndim else baseline[:, None, :]
    n, m = np.maximum(base.sum(-1), 1), np.maximum(live.sum(-1), 1)
    return np.cumsum(base, -1) / n[..., None], np.cumsum(live, -1) / m[..., None], n, m


def ks_rejects(baseline: Floats, live: Floats) -> Alarms:
    """Kolmogorov-Smirnov with fixed n at 5 %, D at the bins' edges: the true D is larger, so it alarms even more."""
    f, g, n, m = _cumulative(baseline, live)
    return np.abs(f - g).max(-1) > float(kolmogi(0.05)) * np.sqrt(1 / n + 1 / m)


def wasserstein(baseline: Floats, live: Floats, edges: Floats) -> Floats:
    """Wasserstein-1 in standard deviations (the column has one), by trapezes between the edges."""
    f, g, _, _ = _cumulative(baseline, live)
    gaps = np.abs(f - g)[..., : len(edges)]
    return ((gaps[..., 1:] + gaps[..., :-1]) / 2 * np.diff(edges)).sum(-1)


def js_natural(baseline: Floats, live: Floats) -> Floats:
    """JS distance in natural logarithms, which is what Evidently thresholds."""
    base = baseline if baseline.ndim == live.ndim else baseline[:, None, :]
    p, q = (counts / np.maximum(counts.sum(-1, keepdims=True), 1) for counts in (base, live))
    whole = p + q
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(p > 0, p * np.log(2 * p / whole), 0) + np.where(q > 0, q * np.log(2 * q / whole), 0)
    return np.sqrt(np.maximum(parts.sum(-1) / 2, 0))


def fails_more(stream: Pair, alpha: float) -> Alarms:
    """The health verdict beside another version, at every look, the last slice being incomplete.

    The window keeps only the bets that began inside it; here all are kept, so that this alarms a little more.
    """
    alarms: list[Alarms] = []
    kept = np.zeros((len(RATE_RATIOS), stream.bad.shape[0]))
    stakes = stakes_from(0, stream.bad.shape[1] // SLICE)
    for number, stake in enumerate(stakes):
        kept = value = kept + stake
        for looks in range(1, SLICE + 1):
            seen = slice(number * SLICE, number * SLICE + looks)
            other, own, bad_other, bad = (
                part[:, seen].sum(1) for part in (stream.requests_other, stream.requests, stream.bad_other, stream.bad)
            )
            gains = log_ratios(bad_other, bad, own / np.maximum(own + other, 1))
            value = kept * np.exp(np.minimum(gains, 600))
            alarms.append(np.average(value, axis=0, weights=WEIGHTS) >= 1 / alpha)
        kept = np.minimum(value, 1e250)
    return np.stack(alarms, axis=1)


def fails_more_naive(stream: Pair) -> Alarms:
    """A z-test of the two rates in the last hour at 5 %, at every look: the usual way."""
    other, own, bad_other, bad = (
        _last_hour(part) for part in (stream.requests_other, stream.requests, stream.bad_other, stream.bad)
    )
    pooled = (bad + bad_other) / np.maximum(own + other, 1)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / np.maximum(own, 1) + 1 / np.maximum(other, 1)))
    return bad / np.maximum(own, 1) - bad_other / np.maximum(other, 1) > 1.645 * np.maximum(spread, 1e-9)


def fails_more_than_before(stream: Pair, alpha: float, least_ratio: float) -> Alarms:
    """The health verdict of a live version: the last hour against the hour before it, each look a test of its own."""
    total, bad = _last_hour(stream.requests), _last_hour(stream.bad)
    now, before, bad_now, bad_before = total[:, WINDOW:], total[:, :-WINDOW], bad[:, WINDOW:], bad[:, :-WINDOW]
    logs = log_ratios(bad_before, bad_now, now / np.maximum(now + before, 1))
    evidence = mixed(logs) >= -np.log(alpha)
    effect = bad_now / np.maximum(now, 1) > least_ratio * bad_before / np.maximum(before, 1)
    return evidence & effect & (now >= 50) & (before >= 50)


def _last_hour(counts: Floats) -> Floats:
    total = np.cumsum(counts, axis=1)
    return total - np.concatenate((np.zeros((len(total), WINDOW)), total[:, :-WINDOW]), axis=1)[:, : total.shape[1]]


def is_slower(other: Floats, own: Floats, alpha: float) -> Alarms:
    """The latency verdict from window counts per bucket (days, looks, buckets); effect left out, so it alarms more."""
    n, m = np.maximum(other.sum(-1), 1), np.maximum(own.sum(-1), 1)
    right = (np.cumsum(other, -1) / n[..., None] - np.cumsum(own, -1) / m[..., None]).max(-1)
    starts = np.maximum(np.arange(LOOKS) // SLICE - WINDOW // SLICE, 0)
    stakes = stakes_from(0, LOOKS // SLICE)[starts]
    return right >= _radius(n, alpha * stakes / 2) + _radius(m, alpha * stakes / 2)


def is_slower_than_before(windows: Windows, bucket_ratio: float, alpha: float, least_ratio: float) -> Alarms:
    """The latency verdict of a live version: the last hour against the hour before it; buckets grow by a ratio."""
    now, before = windows.live[:, WINDOW:], windows.live[:, :-WINDOW]
    n, m = before.sum(-1), now.sum(-1)
    f, g = (np.cumsum(side, -1) / np.maximum(side.sum(-1, keepdims=True), 1) for side in (before, now))
    p95, p95_before = ((side >= 0.95).argmax(-1) for side in (g, f))
    evidence = (f - g).max(-1) >= _radius(np.maximum(n, 1), np.array(alpha / 2)) + _radius(
        np.maximum(m, 1), np.array(alpha / 2)
    )
    return evidence & (p95 - p95_before > np.log(least_ratio) / np.log(bucket_ratio)) & (n >= 50) & (m >= 50)


def _radius(n: Floats, alpha: Floats) -> Floats:
    """statistics.band over arrays."""
    return 0.85 * np.sqrt((np.log(1 + np.log(n)) + 0.8 * np.log(1612 / alpha)) / n)


assert abs(_radius(np.array(1000.0), np.array(0.05)) - (band(1000, 0.05) or 0)) < 1e-12
