"""Simulated days of prediction counts, looked at every 10 s: no rows are made, only how many fall where.

A day's traffic follows a daily rhythm (from a tenth of its mean at night to almost twice at noon). Counts are Poisson.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]

LOOK_S = 10
LOOKS = 86_400 // LOOK_S
WINDOW = 3_600 // LOOK_S
"""Looks in the one-hour window that moves along the day."""
QUANTILE_BINS = 20


@dataclass(frozen=True)
class Column:
    """A column as the shares of its bins; `edges` in standard deviations where it is numeric, guards included."""

    name: str
    shares: Floats
    edges: Floats | None = None


def rhythm(looks: int = LOOKS, depth: float = 0.9) -> Floats:
    """The traffic at every look of a day, as a factor of its mean."""
    return 1 + depth * np.sin(2 * np.pi * np.arange(looks) / LOOKS)


def normal_column(shift: float = 0.0) -> Column:
    """A normal feature in the baseline's twenty quantile bins, after its mean moved by so many standard deviations."""
    inner = ndtri(np.arange(1, QUANTILE_BINS) / QUANTILE_BINS)
    edges = np.concatenate(([-4.0], inner, [4.0]))
    below = ndtr(np.concatenate((edges, [np.inf])) - shift)
    return Column("numeric, 20 bins", np.diff(np.concatenate(([0.0], below))), edges)


def zipf_column() -> Column:
    """Fifteen categories, the rarest in one row of 500."""
    shares = 1 / np.arange(1, 16) ** 1.8
    return Column("15 categories", shares / shares.sum())


def baselines(rng: np.random.Generator, column: Column, days: int, rows: int) -> Floats:
    """For each day a baseline of its own: a sample, too."""
    return rng.multinomial(rows, column.shares, size=days).astype(np.float64)


def windows(
    rng: np.random.Generator, columns: tuple[Column, Column], per_hour: float, days: int, changes_at: int = LOOKS,
    *, window: int = WINDOW,
) -> Floats:  # fmt: skip
    """What the moving window holds at every look of every day: (days, looks, bins); the column changes at a look.

    The time before the day fills the first window.
    """
    looks = LOOKS + window
    rate = per_hour / WINDOW * rhythm(looks)[:, None]
    changed = (np.arange(looks) >= changes_at + window)[:, None]
    shares = np.where(changed, columns[1].shares, columns[0].shares)
    arrived = rng.poisson(rate * shares, size=(days, looks, shares.shape[-1])).astype(np.float32)
    total = np.cumsum(arrived, axis=1, dtype=np.float32)
    return (total[:, window:] - total[:, :-window]).astype(np.float64)


def batches(days: int, size: int = 10) -> Iterator[int]:
    """The days in parts that fit in memory."""
    for start in range(0, days, size):
        yield min(size, days - start)


@dataclass(frozen=True)
class Pair:
    """Two versions' new requests and bad requests at every look: (days, looks)."""

    requests_other: Floats
    requests: Floats
    bad_other: Floats
    bad: Floats


def pair(
    rng: np.random.Generator, days: int, per_hour: float, share: Floats | float, rate: Floats | float,
    ratio: Floats | float = 1.0, *, looks: int = LOOKS,
) -> Pair:  # fmt: skip
    """A version with this share of the traffic that goes wrong `ratio` times as often as the other, at `rate`."""
    traffic = per_hour / WINDOW * rhythm(looks)
    other, own = (
        rng.poisson(traffic * part, size=(days, looks)) for part in (1 - np.asarray(share), np.asarray(share))
    )
    bad_other, bad = rng.binomial(other, rate), rng.binomial(own, np.minimum(1.0, np.asarray(rate) * ratio))
    return Pair(*(counts.astype(np.float64) for counts in (other, own, bad_other, bad)))
