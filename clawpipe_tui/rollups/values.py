"""The values table of a batch: how many values of each watched column fell into each bin, by file, minute and version.

Rows get the number of their group once; numeric columns are then counted by numpy as they stream by (binning.py),
categorical ones by DuckDB in one pass with a grouping set each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from clawpipe_tui.logs.canonical import text_literal
from clawpipe_tui.rollups.arrow import exact, table_schema
from clawpipe_tui.rollups.binning import count_bins, counted_table
from clawpipe_tui.rollups.reduce import ANSWERED
from clawpipe_tui.rollups.schema import VALUE_GRAIN_S

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from clawpipe_tui.rollups.bins import ColumnBins

T = TypeVar("T")
_COLUMNS_AT_ONCE = 32
"""What a statement takes at once: the memory of a batch grows with its columns."""
OF_AN_ANSWER = ("prediction", "score")
"""Columns that a failed request cannot have: what was never answered is counted as failed, not as a missing value."""
_MOST_UNSEEN = 100
_KEYS = "file, bucket_start, model, version, role"
_SLOT = f"epoch_us(served_at) // {VALUE_GRAIN_S * 1_000_000}"
"""The number of a row's time bucket; integer division costs a third of time_bucket()."""

Placed = tuple[int, "ColumnBins"]
"""A column's bins with the number n of its expression fn."""


def in_groups(columns: Sequence[T]) -> Iterator[Sequence[T]]:
    """Columns in groups, each to be counted by a statement of its own: a log may have hundreds."""
    return (columns[begin : begin + _COLUMNS_AT_ONCE] for begin in range(0, len(columns), _COLUMNS_AT_ONCE))


def values_table(
    connection: duckdb.DuckDBPyConnection, canonical: str, bins: Sequence[ColumnBins], *, weighed: bool = False
) -> pa.Table:
    """Count every watched column of the rows of a canonical select, whose columns f0, f1, … are in the order of `bins`.

    Rows whose time cannot be read take no part. `weighed` rows count as often as their weight says: the weight is one
    more key of their group, by which the group's counts are multiplied.
    """
    import pyarrow as pa

    groups = _number_groups(connection, canonical, weighed=weighed)
    numeric = [(place, column) for place, column in enumerate(bins) if column.kind == "numeric"]
    categorical = [(place, column) for place, column in enumerate(bins) if column.kind == "categorical"]
    parts = [table_schema("values").empty_table()]
    if numeric:
        columns = [column for _, column in numeric]
        numbers = _numbered(canonical, numeric, weighed=weighed)
        counts = count_bins(connection, numbers, groups, columns, [_of_an_answer(column) for column in columns])
        keys = connection.sql(f"select {_KEYS}, weight from row_groups order by g").to_arrow_table()
        parts.append(exact(counted_table(counts, columns, keys), "values"))
    if categorical:
        sql = _categories(_numbered(canonical, categorical, weighed=weighed), categorical)
        parts.append(exact(connection.sql(sql).to_arrow_table(), "values"))
    return pa.concat_tables(parts)


def _number_groups(connection: duckdb.DuckDBPyConnection, canonical: str, *, weighed: bool) -> int:
    """Number the groups that these rows fall into, from 0; returns how many there are."""
    weight = "weight" if weighed else "1e0 as weight"
    connection.execute(f"""
        create or replace temp table row_groups as
        select (row_number() over () - 1)::integer as g, file, slot, model, version, role, weight,
               make_timestamptz(slot * {VALUE_GRAIN_S * 1_000_000}) as bucket_start
        from   (select distinct file_index::integer as file, {_SLOT} as slot, model, version, role, {weight}
                from ({canonical}) where served_at is not null)
    """)
    return int(connection.execute("select count(*) from row_groups").fetchall()[0][0])


def _numbered(canonical: str, columns: Sequence[Placed], *, weighed: bool) -> str:
    """SQL for the group of each row, whether it was answered, and these columns."""
    listed = "".join(f", f{place}" for place, _ in columns)
    return f"""
        select g, {ANSWERED} as answered{listed}
        from   (select *, file_index::integer as file, {_SLOT} as slot from ({canonical}) where served_at is not null)
               join row_groups using (file, slot, model, version, role{", weight" if weighed else ""})
    """


def _of_an_answer(column: ColumnBins) -> bool:
    return column.column in OF_AN_ANSWER


def _categories(numbered: str, columns: Sequence[Placed]) -> str:
    """Known categories by bin, unseen ones by name, the most frequent of them."""
    names = ", ".join(f"f{place}" for place, _ in columns)
    names += ", answered" if any(_of_an_answer(column) for _, column in columns) else ", true as answered"
    sets = ", ".join(f"(g, f{place}{', answered' if _of_an_answer(column) else ''})" for place, column in columns)
    marks = ", ".join(f"grouping(f{place}) as other{place}" for place, _ in columns)
    selects = " union all ".join(_binned(place, column) for place, column in columns)
    return f"""
        with sets as materialized (
            select g, {names}, {marks}, count(*) as n from ({numbered}) group by grouping sets ({sets})
        ), binned as ({selects}), kept as (
            select "column", category, true as known
            from   (select "column", category, sum(n) as n from binned where bin = -6 group by all)
            qualify row_number() over (partition by "column" order by n desc, category) <= {_MOST_UNSEEN}
        )
        select {_KEYS}, "column", bin,
               case when bin <> -6 then null when known then category else '(more)' end as category,
               round(sum(n * weight))::bigint as n
        from   binned left join kept using ("column", category) join row_groups using (g)
        group  by all
    """


def _binned(place: int, column: ColumnBins) -> str:
    known = ", ".join(text_literal(category) for category in column.categories)
    rare = ", ".join(text_literal(category) for category in column.rare) or "null"
    expected = f"and (answered or f{place} is not null)" if _of_an_answer(column) else ""
    return f"""
        select g, {text_literal(column.column)} as "column", left(f{place}, 80) as category,
               case when f{place} is null then -1 when f{place} = '' then -5 when left(f{place}, 80) in ({rare}) then -7
                    else coalesce(list_position([{known}]::varchar[], left(f{place}, 80)), -6) end as bin, n
        from   sets where other{place} = 0 {expected}
    """
