"""The bins of every watched column, fixed once by the baseline: edges that move with the window compare nothing.

Numeric columns get twenty equal-frequency bins [low, next low), the last one closed, with a guard below and above. A
value that holds a whole quantile step by itself, and every value of a column with few of them, is a bin of its own
[v, v]: so ties do not widen what can be said about them. Categories get a bin each, the most frequent first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from clawpipe_tui.logs.canonical import Kind

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

QUANTILE_BINS = 20
MOST_CATEGORIES = 50
MOST_RARE = 2_000
_SAMPLE_ROWS = 200_000
"""Enough for edges within a quarter of a percent; all rows are then counted into them."""


@dataclass(frozen=True)
class ColumnBins:
    """One column's bins: numeric bin i (1-based) begins at lows[i-1]; the last ends at `top`, included.

    A bin of one value v is followed by one that begins at the next number after v.
    """

    column: str
    kind: Kind
    lows: tuple[float, ...] = ()
    top: float = 0.0
    categories: tuple[str, ...] = ()
    rare: tuple[str, ...] = ()
    """Categories that the baseline had, but too seldom for a bin of their own."""

    def rows(self) -> list[tuple[str, str, int, str, float | None, float | None, str | None]]:
        """Each bin as (column, kind, bin, mass, bin_low, bin_high, category), guards included."""
        if self.kind == "categorical":
            return [
                (self.column, self.kind, index, "bin", None, None, category)
                for index, category in enumerate(self.categories, 1)
            ]
        if not self.lows:
            return []
        inner = [
            (self.column, str(self.kind), index, "bin", low, high, None)
            for index, (low, high) in enumerate(zip(self.lows, self.highs(), strict=True), 1)
        ]
        below = (self.column, str(self.kind), 0, "below", None, self.lows[0], None)
        above = (self.column, str(self.kind), len(self.lows) + 1, "above", self.top, None, None)
        return [below, *inner, above]

    def highs(self) -> list[float]:
        """Where each numeric bin ends; a bin of one value ends where it begins."""
        ends = [*self.lows[1:], self.top]
        return [low if end == _next(low) else end for low, end in zip(self.lows, ends, strict=True)]


def kinds_of(bins: tuple[ColumnBins, ...]) -> dict[str, Kind]:
    """Column → kind, in the order of f0, f1, …"""
    return {column.column: column.kind for column in bins}


def fix_bins(
    connection: duckdb.DuckDBPyConnection, canonical: str, watched: Mapping[str, Kind]
) -> tuple[ColumnBins, ...]:
    """Choose the bins from baseline rows: `canonical` is a select with the watched columns as f0, f1, …

    A text column with more than two thousand different values is an id, not a category, and is left out.
    """
    sample = (
        f"create or replace temp table bin_sample as from ({canonical}) using sample reservoir({_SAMPLE_ROWS} rows)"
    )
    connection.execute(f"{sample} repeatable (1)")
    names = [f"f{index}" for index, kind in enumerate(watched.values()) if kind == "numeric"]
    numbers = connection.sql(f"select {', '.join(names)} from bin_sample").to_arrow_table() if names else None
    chosen: list[ColumnBins | None] = []
    for index, (column, kind) in enumerate(watched.items()):
        if kind == "numeric" and numbers is not None:
            chosen.append(_numeric_bins(numbers[f"f{index}"].to_numpy(), column))
        else:
            chosen.append(_category_bins(connection, f"select f{index} as x from bin_sample", column))
    connection.execute("drop table bin_sample")
    return tuple(bins for bins in chosen if bins)


def _numeric_bins(numbers: NDArray[np.float64], column: str) -> ColumnBins:
    """Edges are values that the sample has, as SQL's quantile_disc chooses them; NULL comes as NaN."""
    values = np.sort(numbers[np.isfinite(numbers)]) + 0.0  # -0.0 is 0.0
    if not len(values):
        return ColumnBins(column, "numeric")
    steps = np.arange(QUANTILE_BINS + 1) / QUANTILE_BINS
    edges: list[float] = values[np.maximum(np.ceil(steps * len(values)).astype(int) - 1, 0)].tolist()
    few: list[float] = np.unique(values)[: QUANTILE_BINS + 1].tolist()
    top = edges[-1]
    few_values = len(few) <= QUANTILE_BINS
    alone: set[float] = set(few) if few_values else {low for low, high in pairwise(edges) if low == high}
    begins: set[float] = set(few if few_values else edges[:-1]) | {_next(value) for value in alone - {top}}
    if top in alone:
        begins.add(top)
    return ColumnBins(column, "numeric", tuple(sorted(begins)), top)


def _next(value: float) -> float:
    return math.nextafter(value, math.inf)


def _category_bins(connection: duckdb.DuckDBPyConnection, values: str, column: str) -> ColumnBins | None:
    sql = f"""
        select left(x, 80) as category from ({values}) where x is not null and x <> ''
        group by all order by count(*) desc, category limit {MOST_CATEGORIES + MOST_RARE + 1}
    """
    names = tuple(str(row[0]) for row in connection.execute(sql).fetchall())
    if len(names) > MOST_CATEGORIES + MOST_RARE:
        return None
    return ColumnBins(column, "categorical", categories=names[:MOST_CATEGORIES], rare=names[MOST_CATEGORIES:])
