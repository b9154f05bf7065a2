"""On which version do the bad requests happen? A test that may be looked at after every request (S4 of the method).

Lindon & Malek, Anytime-Valid Inference for Multinomial Count Data, NeurIPS 2022. Valid while the traffic split is
constant, whatever the traffic and its daily rhythm; tilted.py is for a split that moves.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from clawpipe_tui.statistics.counts import MOST, Counts, as_counts
from clawpipe_tui.statistics.tails import log_gamma

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

STRENGTH = 10.0
"""The prior's weight in events. Use 10 000 to test the split itself, on requests instead of bad requests."""

_LEAST_PRIOR = 1e-12  # below it, Γ would overflow; a version with such a share has no requests
_LARGEST_LOG = 700.0  # e^709 is the largest double; an alarm must not overflow into "cannot tell"


def log_e_value(bad: Counts, requests: Counts, strength: float = STRENGTH) -> float | None:
    """Natural logarithm of E for each version's bad requests, against "they fall where the requests fall".

    It is ln Γ(A) − ln Γ(A+ΣS) + Σ[ln Γ(a_i+S_i) − ln Γ(a_i)] − Σ S_i·ln θ_i, with θ the versions' shares of the
    requests (or the configured split), a_i = strength·θ_i and A = strength. No bad request at all is evidence for
    nothing: ln E = 0. None below two versions, or where a version without requests has bad ones. It grows whichever
    version is the worse one: look at the rates to see which.
    """
    events, traffic = as_counts(bad), as_counts(requests)
    if events is None or traffic is None or len(events) != len(traffic) or not any(traffic):
        return None
    total = sum(traffic)
    rows = [(count, strength * share / total, share / total) for count, share in zip(events, traffic, strict=True)]
    rows = [row for row in rows if row[0] or row[2]]
    sound = len(rows) > 1 and 0 < strength <= MOST and all(prior > _LEAST_PRIOR for _, prior, _ in rows)
    return log_e(rows) if sound else None


def log_e(rows: Sequence[tuple[float, float, float]]) -> float:
    """The formula of log_e_value for (count, prior, null share) rows; priors are positive and shares sum to 1."""
    strength, total = sum(prior for _, prior, _ in rows), sum(count for count, _, _ in rows)
    gained = sum(math.lgamma(prior + count) - math.lgamma(prior) for count, prior, _ in rows)
    expected = sum(count * math.log(share) for count, _, share in rows)
    return math.lgamma(strength) - math.lgamma(strength + total) + gained - expected


def log_e_path(
    bad: NDArray[np.float64], shares: NDArray[np.float64], prior: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """The same after each look: `bad` holds the new bad requests per look (axis −2) and version (axis −1)."""
    null = shares / np.sum(shares)
    prior = STRENGTH * null if prior is None else prior
    counts, strength = np.cumsum(bad, axis=-2), float(np.sum(prior))
    gained = np.sum(log_gamma(prior + counts) - log_gamma(prior) - counts * np.log(null), axis=-1)
    return gained + math.lgamma(strength) - log_gamma(strength + np.sum(counts, axis=-1))


def e_value(bad: Counts, requests: Counts, strength: float = STRENGTH) -> float | None:
    """E itself: a bet against "no difference" that was worth 1 is worth this now. Capped at e^700."""
    log = log_e_value(bad, requests, strength)
    return None if log is None else math.exp(min(log, _LARGEST_LOG))


def anytime_p(log_es: Sequence[float | None]) -> float | None:
    """The p-value over all looks so far, min(1, 1/max E): alarm at ≤ α. Looks that could not tell are skipped."""
    known = [log for log in log_es if log is not None and not math.isnan(log)]
    return math.exp(-max(0.0, *known)) if known else None
