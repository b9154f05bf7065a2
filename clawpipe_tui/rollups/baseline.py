"""The baseline: the bins of every watched column and how many baseline rows fell into each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from clawpipe_tui.logs.canonical import Kind, Layout, canonical_select
from clawpipe_tui.rollups.arrow import table_schema
from clawpipe_tui.rollups.bins import ColumnBins, fix_bins, kinds_of
from clawpipe_tui.rollups.reduce import values_select
from clawpipe_tui.rollups.schema import MASSES

if TYPE_CHECKING:
    import duckdb

_TIMELESS = {"served_at": "timestamptz '1970-01-01 00:00:00+00'"}
BinRow = dict[str, object]


@dataclass(frozen=True)
class Baseline:
    """Bins in the order of the log's columns f0, f1, …; `rows` are those of the bins table."""

    bins: tuple[ColumnBins, ...]
    rows: tuple[BinRow, ...]


def fix_baseline(
    connection: duckdb.DuckDBPyConnection, source: str, layout: Layout, watched: Mapping[str, Kind], *, given: bool
) -> Baseline:
    """Choose bins from the rows of `source` and count those rows into them.

    A column that a given baseline lacks is not watched: there is nothing to compare it with.
    """
    columns = {row[0]: row[1] for row in connection.execute(f"describe select * from {source}").fetchall()}
    layout = replace(layout, expressions={**layout.expressions, **_TIMELESS})
    comparable: dict[str, Kind] = {
        name: kind for name, kind in watched.items() if not given or name in columns or name in layout.expressions
    }
    bins = fix_bins(connection, canonical_select(source, columns, layout, comparable), comparable)
    canonical = canonical_select(source, columns, layout, kinds_of(bins))
    counts = _counts(connection, f"({canonical})", bins)
    return Baseline(bins, tuple(row for column in bins for row in _bin_rows(column, counts)))


def _counts(
    connection: duckdb.DuckDBPyConnection, rows: str, bins: tuple[ColumnBins, ...]
) -> dict[tuple[str, int], int]:
    sql = f'select "column", bin, sum(n)::bigint from ({values_select(rows, bins)}) group by all'
    return {(column, number): n for column, number, n in connection.execute(sql).fetchall()}


def _bin_rows(column: ColumnBins, counts: Mapping[tuple[str, int], int]) -> list[BinRow]:
    """The bins themselves, then one row for each mass; names of rare categories travel with a count of 0."""
    rows: list[BinRow] = [
        _row(column, number, mass, low, high, category, counts.get((column.column, number), 0))
        for _, _, number, mass, low, high, category in column.rows()
    ]
    rows += [
        _row(column, number, mass, None, None, None, counts.get((column.column, number), 0))
        for number, mass in MASSES.items()
    ]
    rows += [_row(column, -7, "rare", None, None, category, 0) for category in column.rare]
    return rows


def _row(
    column: ColumnBins, number: int, mass: str, low: float | None, high: float | None, category: str | None, n: int
) -> BinRow:
    return {
        "column": column.column, "kind": column.kind, "bin": number, "mass": mass, "bin_low": low, "bin_high": high,
        "category": category, "n": n,
    }  # fmt: skip


def save_baseline(folder: Path, baseline: Baseline) -> None:
    """Keep the bins beside the parts that are made with them; written whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist(list(baseline.rows), schema=table_schema("bins"))
    building = folder / ".bins.parquet"
    pq.write_table(table, building, compression="zstd", write_page_checksum=True)
    building.rename(folder / "bins.parquet")


def load_baseline(folder: Path) -> Baseline | None:
    """The bins that this store's parts were made with; None where none are fixed yet."""
    import pyarrow.parquet as pq

    path = folder / "bins.parquet"
    if not path.exists():
        return None
    rows = cast("list[BinRow]", pq.read_table(path).to_pylist())
    by_column: dict[str, list[BinRow]] = {}
    for row in rows:
        by_column.setdefault(cast("str", row["column"]), []).append(row)
    return Baseline(tuple(_rebuilt(name, own) for name, own in by_column.items()), tuple(rows))


def _rebuilt(name: str, rows: list[BinRow]) -> ColumnBins:
    inner = [row for row in rows if row["mass"] == "bin"]
    if rows[0]["kind"] == "categorical":
        rare = [row for row in rows if row["mass"] == "rare" and row["category"] is not None]
        return ColumnBins(
            name,
            "categorical",
            categories=tuple(cast("str", row["category"]) for row in inner),
            rare=tuple(cast("str", row["category"]) for row in rare),
        )
    if not inner:
        return ColumnBins(name, "numeric")
    lows = tuple(cast("float", row["bin_low"]) for row in inner)
    return ColumnBins(name, "numeric", lows, cast("float", inner[-1]["bin_high"]))
