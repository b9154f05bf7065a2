"""Numeric columns into bins at nearly the speed of the scan: one pass of comparisons per edge over blocks in cache.

DuckDB reads and streams the columns with the number of each row's group; numpy counts. On doubles and twenty edges this
costs about a third of what the same counts cost as SQL aggregates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from numpy.typing import NDArray

    from clawpipe_tui.rollups.bins import ColumnBins

BLOCK = 65_536
"""Values compared at a time: block, comparison and bin numbers stay in a core's cache."""
_BATCH = 262_144
_MASSES = (-1, -2, -3, -4)
"""NULL, NaN, -inf and +inf stand behind the bins of a column, in this order."""


def count_bins(
    connection: duckdb.DuckDBPyConnection,
    numbered: str,
    groups: int,
    columns: Sequence[ColumnBins],
    of_an_answer: Sequence[bool],
) -> list[NDArray[np.int64]]:
    """Counts per column as an array (groups, bins): below, bin 1 … bin k, above, NULL, NaN, -inf, +inf.

    `numbered` is SQL that yields g, the number of a row's group from 0, then whether it was answered, then the columns.
    NULL in a column `of_an_answer` is not counted where there was no answer.
    """
    counts = [np.zeros(groups * _width(column), np.int64) for column in columns]
    for batch in connection.sql(numbered).to_arrow_reader(_BATCH):
        group = batch.column(0).to_numpy()
        unanswered = ~batch.column(1).to_numpy(zero_copy_only=False) if any(of_an_answer) else None
        for place, column in enumerate(columns):
            skipped = unanswered if of_an_answer[place] else None
            _count(batch.column(place + 2), group, column, skipped, counts[place])
    tables = (found.reshape(groups, _width(column)) for found, column in zip(counts, columns, strict=True))
    return [table[:, :-1] for table in tables]


def _width(column: ColumnBins) -> int:
    """How many numbers stand for one column in one group; the last counts what is not counted."""
    return len(column.lows) + 2 + len(_MASSES) + 1


def _count(
    values: pa.Array,
    group: NDArray[np.int32],
    column: ColumnBins,
    skipped: NDArray[np.bool_] | None,
    counts: NDArray[np.int64],
) -> None:
    numbers: NDArray[np.float64] = values.to_numpy(zero_copy_only=False)
    missing = _missing(values)
    edges = (*column.lows, math.nextafter(column.top, math.inf)) if column.lows else ()
    width = _width(column)
    for begin in range(0, len(numbers), BLOCK):
        block = slice(begin, begin + BLOCK)
        places = _places(numbers[block], edges)
        if missing is not None:
            places[missing[block]] = len(column.lows) + 2
            if skipped is not None:
                places[missing[block] & skipped[block]] = width - 1
        counts += np.bincount(group[block] * width + places, minlength=len(counts))


def _missing(values: pa.Array) -> NDArray[np.bool_] | None:
    """Which values are NULL; Arrow turns them into NaN, which is something else."""
    return values.is_null().to_numpy(zero_copy_only=False) if values.null_count else None


def _places(numbers: NDArray[np.float64], edges: Sequence[float]) -> NDArray[np.uint8]:
    """The place of each number in a group's row: how many edges it has reached, or the mass that it is."""
    places = np.zeros(len(numbers), np.uint8)
    reached = np.empty(len(numbers), np.bool_)
    for edge in edges:
        np.greater_equal(numbers, edge, out=reached)
        np.add(places, reached.view(np.uint8), out=places)
    # Only what is below the first or above the last edge can be NaN or infinite; mostly there is nothing to look at.
    outside = np.flatnonzero((places == 0) | (places == len(edges)))
    if len(outside):
        odd, after = numbers[outside], max(len(edges), 1)
        places[outside[np.isnan(odd)]] = after + 2
        places[outside[np.isneginf(odd)]] = after + 3
        places[outside[np.isposinf(odd)]] = after + 4
    return places


def counted_table(counts: Sequence[NDArray[np.int64]], columns: Sequence[ColumnBins], keys: pa.Table) -> pa.Table:
    """The counts that are not 0, times the weight of their group, as rows of the values table with the group's keys."""
    import pyarrow as pa

    parts: list[pa.Table] = []
    for found, column in zip(counts, columns, strict=True):
        group, place = np.nonzero(found)
        rows = keys.drop_columns("weight").take(pa.array(group))
        weights = keys["weight"].to_numpy()[group]
        rows = rows.append_column("column", pa.array([column.column] * len(group), pa.string()))
        rows = rows.append_column("bin", pa.array(_bin_numbers(column)[place]))
        rows = rows.append_column("category", pa.nulls(len(group), pa.string()))
        parts.append(rows.append_column("n", pa.array(np.rint(found[group, place] * weights).astype(np.int64))))
    return pa.concat_tables(parts)


def _bin_numbers(column: ColumnBins) -> NDArray[np.int32]:
    """What each place counts, as the `bin` of the values table; where the baseline had no number, all are unseen."""
    inner = range(len(column.lows) + 2) if column.lows else (-6, -6)
    return np.array([*inner, *_MASSES], np.int32)
