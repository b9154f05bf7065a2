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
    """A column as the shares of its bins, the same all day or one row for each look of it."""

    name: str
    shares: Floats
    edges: Floats | None = None
    """In standard deviations where it is numeric, guards included."""

    @property
    def whole_day(self) -> Floats:
        """Its shares over a day: what the training data holds."""
        return np.average(self.shares, axis=0, weights=rhythm()) if self.shares.ndim > 1 else self.shares


def rhythm(looks: int = LOOKS, depth: float = 0.9) -> Floats:
    """The traffic at every look of a day, as a factor of its mean."""
    return 1 + depth * np.sin(2 * np.pi * np.arange(looks) / LOOKS)


def normal_column(shift: float = 0.0) -> Column:
    """A normal feature in the baseline's twenty quantile bins, after its mean moved by so many standard deviations."""
    inner = ndtri(np.arange(1, QUANTILE_BINS) / QUANTILE_BINS)
    edges = np.concatenate(([-4.0], inner, [4.0]))
    below = ndtr(np.concatenate((edges, [np.inf])) - shift)
    return Column("numeric, 20 bins", np.diff(np.concatenate(([0.0], below))), edges)


def swinging_column(swing: float, shift: float = 0.0) -> Column:
    """A normal feature whose mean goes so many standard deviations up and down in a day; bins of its whole day.

    After a shift it has the bins of before.
    """
    mean = swing * np.sin(2 * np.pi * np.arange(LOOKS) / LOOKS + 1)
    grid = np.linspace(-4 - swing, 4 + swing, 2_001)
    whole = np.average(ndtr(grid[:, None] - mean[None, ::24]), axis=1, weights=rhythm()[::24])
    inner = np.interp(np.arange(1, QUANTILE_BINS) / QUANTILE_BINS, whole, grid)
    edges = np.concatenate(([grid[0]], inner, [grid[-1]]))
    below = ndtr(np.concatenate(([-np.inf], edges, [np.inf])) - mean[:, None] - shift)
    return Column(f"numeric, mean swings by {swing:g} std a day", np.diff(below, axis=1), edges)


LATENCY_RATIO = 1.05


def latency_column(swing: float) -> Column:
    """Lognormal latencies whose median goes up and down by this share in a day, in buckets that grow by 5 %."""
    median = np.log(rhythm(depth=swing))[:, None]
    edges = np.concatenate(([-np.inf], np.arange(-50, 51) * np.log(LATENCY_RATIO), [np.inf]))
    return Column("latency", np.diff(ndtr((edges - median) / 0.5), axis=1))


def zipf_column(swing: float = 0.0) -> Column:
    """Fifteen categories, the rarest in one row of 500; each more and less frequent by e^swing in a day."""
    shares = 1 / np.arange(1, 16) ** 1.8
    if not swing:
        return Column("15 categories", shares / shares.sum())
    phases = 2 * np.pi * np.arange(LOOKS)[:, None] / LOOKS + np.arange(15) * 2.4
    moving = shares * np.exp(swing * np.sin(phases))
    return Column(f"15 categories, swing by {swing:g} a day", moving / moving.sum(1, keepdims=True))


def baselines(rng: np.random.Generator, column: Column, days: int, rows: int) -> Floats:
    """For each day a baseline of its own: a sample, too."""
    return rng.multinomial(rows, column.whole_day, size=days).astype(np.float64)


@dataclass(frozen=True)
class Windows:
    """Counts at every look of every day: (days, looks, bins)."""

    live: Floats
    yesterday: Floats | None = None
    """A day earlier, where the rule may know it."""
    whole_day: Floats | None = None
    """The last 24 hours."""


def windows(
    rng: np.random.Generator, columns: tuple[Column, Column], per_hour: float, days: int, changes_at: int = LOOKS,
    *, window: int = WINDOW,
) -> Windows:  # fmt: skip
    """Each day after a day that was alike; the column changes at a look."""
    looks = np.arange(-LOOKS - window, LOOKS)
    before, after = (np.broadcast_to(column.shares, (LOOKS, column.shares.shape[-1])) for column in columns)
    shares = np.where((looks >= changes_at)[:, None], after[looks % LOOKS], before[looks % LOOKS])
    rate = per_hour / WINDOW * rhythm()[looks % LOOKS][:, None] * shares
    total = np.zeros((days, len(looks) + 1, shares.shape[-1]), np.float32)
    np.cumsum(rng.poisson(rate, size=(days, *rate.shape)), axis=1, dtype=np.float32, out=total[:, 1:])
    until = np.arange(LOOKS + window + 1, len(looks) + 1)

    def counted(back: int, width: int) -> Floats:
        return (total[:, until - back] - total[:, until - back - width]).astype(np.float64)

    return Windows(counted(0, window), counted(LOOKS, window), counted(0, LOOKS))


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
