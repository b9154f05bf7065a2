"""Whether this version goes wrong more often, in a window that moves along a stream without an end.

The test of tilted.py holds at every look if it begins once. A window begins anew at each look, so it is given a budget:
a bet that begins at slice j of the stream starts with the stake w_j, and all stakes together are 1; half is on the bet
from the beginning, because a canary that is bad is mostly bad from its first request. Their sum is an e-process over
the whole stream, so what any window sees of it, only the bets that began inside, alarms falsely with probability α at
most, over all looks and all positions of the window (a mixture over the unknown time of change, as in Lai, Sequential
multiple hypothesis testing and efficient fault detection-isolation, IEEE Trans. IT 46(2) 2000).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from clawpipe_tui.statistics.counts import MOST
from clawpipe_tui.statistics.psi import FOUR_IN_FIVE
from clawpipe_tui.statistics.tilted import log_ratios, mixed, sound_windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_CLOSE = 1e-3


def stake(start: float) -> float | None:
    """w_0 = ½, and w_j = (1/ln(e+j−1) − 1/ln(e+j))/2, about 1/(2j·ln²j), after it: they sum to 1 over j = 0, 1, …"""
    return float(stakes_from(start, 1)[0]) if 0 <= start <= MOST else None


def restarted_log_e(
    bad_other: Sequence[float | None], bad: Sequence[float | None], share: Sequence[float | None], first: float
) -> float | None:
    """Natural logarithm of E after the last slice; `first` counts the slices since the stream began.

    The lists are those of tilted.tilted_log_es. One-sided: E grows only where this version is worse.
    """
    rows = sound_windows(bad_other, bad, share)
    if rows is None or not 0 <= first <= MOST:
        return None
    after = np.cumsum(log_ratios(*rows)[:, ::-1], axis=-1)[:, ::-1]
    stakes = np.log(stakes_from(first, after.shape[-1]))
    return float(np.logaddexp.reduce(mixed(after) + stakes))


def restarted_p(
    bad_other: Sequence[float | None], bad: Sequence[float | None], share: Sequence[float | None], first: float
) -> float | None:
    """min(1, 1/E): alarm at ≤ α."""
    log = restarted_log_e(bad_other, bad, share, first)
    return None if log is None else math.exp(-max(0.0, log))


def stakes_from(first: float, slices: int) -> NDArray[np.float64]:
    """The stakes of so many slices in a row."""
    start = first + np.arange(slices + 1)
    left = np.where(start < 1, 1.0, 0.5 / np.log(math.e + np.maximum(start - 1, 0)))
    return left[:-1] - left[1:]


def smallest_ratio(bad_other: float, requests_other: float, requests: float, log_needed: float) -> float | None:
    """How many times more often this version must go wrong to reach ln E ≥ `log_needed` four times in five.

    Given how the other one fared: the rate is (bad+½)/(requests+1), and a bad stretch is a Poisson count. None where
    even a version that always goes wrong would not be seen.
    """
    if not (0 <= bad_other <= requests_other <= MOST and 1 <= requests <= MOST and requests_other >= 1):
        return None
    rate, share = (bad_other + 0.5) / (requests_other + 1), requests / (requests + requests_other)

    def seen(ratio: float) -> bool:
        expected = requests * min(1.0, rate * ratio)
        unlucky = np.array([max(0.0, expected - FOUR_IN_FIVE * math.sqrt(expected))])
        logs = log_ratios(np.array([bad_other]), unlucky, np.array([share]))
        return float(mixed(logs)[0]) >= log_needed

    low, high = 1.0, 1 / rate
    if not (math.isfinite(log_needed) and seen(high)):
        return None
    while high - low > _CLOSE * low:
        middle = (low + high) / 2
        low, high = (low, middle) if seen(middle) else (middle, high)
    return high
