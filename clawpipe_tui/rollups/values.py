"""The values table: how many values of each watched column fell into each bin, by file, minute and version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from clawpipe_tui.logs.canonical import text_literal
from clawpipe_tui.rollups.arrow import exact, table_schema
from clawpipe_tui.rollups.binning import NULL, CategoryPlaces, NumericPlaces
from clawpipe_tui.rollups.cells import Cells, Who, who_is_in
from clawpipe_tui.rollups.names import MOST_LETTERS, named
from clawpipe_tui.rollups.reduce import Lane, count_rows, keyed, keys
from clawpipe_tui.rollups.schema import VALUE_GRAIN_S
from clawpipe_tui.rollups.spans import Spans
from clawpipe_tui.rollups.tally import Tally

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from clawpipe_tui.rollups.bins import ColumnBins

T = TypeVar("T")
_COLUMNS_AT_ONCE = 32
"""What a scan takes at once: the memory of a batch grows with its columns."""
OF_AN_ANSWER = ("prediction", "score")
"""Columns that a failed request cannot have: what was never answered is counted as failed, not as a missing value."""
_MOST_UNSEEN = 100
_KEYS = "file, bucket_start, model, version, role"


def in_groups(columns: Sequence[T]) -> Iterator[Sequence[T]]:
    """Columns in groups, each to be counted by a scan of its own: a log may have hundreds."""
    return (columns[begin : begin + _COLUMNS_AT_ONCE] for begin in range(0, len(columns), _COLUMNS_AT_ONCE))


def values_table(connection: duckdb.DuckDBPyConnection, canonical: str, bins: Sequence[ColumnBins]) -> pa.Table:
    """Only the watched columns of a canonical select, in a scan of their own."""
    import pyarrow as pa

    who = who_is_in(connection, canonical)
    values = Values(who, bins)
    count_rows([Lane(connection, canonical)], who, (values,), Spans())
    return pa.concat_tables([values.table(), values.unseen(connection, canonical)])


class Values:
    """Counts the watched columns of canonical rows, where they are f0, f1, … in the order of `bins`."""

    def __init__(self, who: Who, bins: Sequence[ColumnBins]) -> None:
        self._who = who
        self._bins = bins
        self._places = [NumericPlaces(one) if one.kind == "numeric" else CategoryPlaces(one) for one in bins]
        self._tally = Tally("slot", "file", "kind", "column", "place")
        self._unseen: set[int] = set()
        """The columns in which a category was met that the baseline never had."""

    def columns(self) -> Mapping[str, str]:
        """The numbers as they are, categories as numbers."""
        return {f"f{number}": places.sql(f"f{number}") for number, places in enumerate(self._places)}

    def count(self, rows: pa.RecordBatch, cells: Cells) -> None:
        """By minute and version."""
        groups = cells.grouped(VALUE_GRAIN_S, self._who.version)
        begins = {width: (groups.of_cell * width)[cells.of_row] for width in {len(one.bins) for one in self._places}}
        answered = self._who.answered[cells.who][cells.of_row]
        for number, (column, places) in enumerate(zip(self._bins, self._places, strict=True)):
            place = places.places(rows[f"f{number}"])
            these, weight = begins[len(places.bins)], cells.weight
            if column.column in OF_AN_ANSWER:
                counted = answered | (place != NULL)
                these, place = these[counted], place[counted]
                weight = weight[counted] if weight is not None else None
            found = groups.count(these, place, len(places.bins), weight)
            self._tally.add(**found, column=np.full(len(found["n"]), number))
            if isinstance(places, CategoryPlaces) and (found["place"] == CategoryPlaces.UNSEEN).any():
                self._unseen.add(number)

    def table(self) -> pa.Table:
        """The table `values`, but for categories that the baseline never had."""
        import pyarrow as pa

        rows = self._tally.rows()
        if rows is None:
            return table_schema("values").empty_table()
        if self._unseen:
            categorical = np.array([one.kind == "categorical" for one in self._bins])
            unseen = categorical[rows["column"].to_numpy()] & (rows["place"].to_numpy() == CategoryPlaces.UNSEEN)
            rows = rows.filter(pa.array(~unseen))
        column, place = rows["column"].to_numpy(), rows["place"].to_numpy()
        begins = np.cumsum([0, *(len(places.bins) for places in self._places)])
        numbers = np.concatenate([places.bins for places in self._places])[begins[column] + place]
        table = keyed(rows, self._who, VALUE_GRAIN_S, rows["kind"].to_numpy())
        table = table.drop_columns("column").append_column("column", named(column, [one.column for one in self._bins]))
        nothing = pa.nulls(len(table), pa.string())
        return exact(table.append_column("bin", pa.array(numbers)).append_column("category", nothing), "values")

    def unseen(self, connection: duckdb.DuckDBPyConnection, canonical: str, *, weighed: bool = False) -> pa.Table:
        """Categories that the baseline never had, looked up by name in these rows, where there are any."""
        if not self._unseen:
            return table_schema("values").empty_table()
        sql = self._by_name(canonical, sorted(self._unseen), weighed=weighed)
        return exact(connection.sql(sql).to_arrow_table(), "values")

    def _by_name(self, canonical: str, columns: Sequence[int], *, weighed: bool) -> str:
        """SQL for the unseen categories of these columns by name, the most frequent of them."""
        n = "round(sum(weight))::bigint" if weighed else "count(*)"
        sets = ", ".join(f"({_KEYS}, f{number})" for number in columns)
        marks = ", ".join(f"grouping(f{number}) as other{number}" for number in columns)
        names = ", ".join(f"f{number}" for number in columns)
        texts = ", ".join(self._cut(number) for number in columns)
        selects = " union all ".join(
            f'select {_KEYS}, {text_literal(self._bins[number].column)} as "column", f{number} as category, n'
            f" from sets where other{number} = 0 and f{number} is not null"
            for number in columns
        )
        return f"""
            with cut as (select {keys(VALUE_GRAIN_S)}, {texts}{", weight" if weighed else ""}
                         from ({canonical}) where served_at is not null
            ), sets as materialized (
                select {_KEYS}, {names}, {marks}, {n} as n from cut group by grouping sets ({sets})
            ), named as ({selects}), kept as (
                select "column", category, true as known
                from   (select "column", category, sum(n) as n from named group by all)
                qualify row_number() over (partition by "column" order by n desc, category) <= {_MOST_UNSEEN}
            )
            select {_KEYS}, "column", -6 as bin, case when known then category else '(more)' end as category,
                   sum(n)::bigint as n
            from   named left join kept using ("column", category)
            group  by all
        """

    def _cut(self, number: int) -> str:
        """The unseen categories of a column; NULL for the others."""
        column, name = self._bins[number], f"left(f{number}, {MOST_LETTERS})"
        known = ", ".join(map(text_literal, (*column.categories, *column.rare, "")))
        return f"case when {name} not in ({known}) then {name} end as f{number}"
