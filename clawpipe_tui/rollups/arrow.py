"""The rollup schema as Arrow, for writing parts."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from clawpipe_tui.rollups.schema import BINS, LEDGER, TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from clawpipe_tui.rollups.parts import LedgerEntry


def arrow_schema(columns: Mapping[str, str], *, texts: pa.DataType | None = None) -> pa.Schema:
    """DuckDB column types as an Arrow schema; with texts of another type than plain ones, where that is given."""
    import pyarrow as pa

    types = {
        "VARCHAR": texts or pa.string(),
        "BIGINT": pa.int64(),
        "INTEGER": pa.int32(),
        "DOUBLE": pa.float64(),
        "BOOLEAN": pa.bool_(),
        "TIMESTAMPTZ": pa.timestamp("us", "UTC"),
    }
    return pa.schema([(name, types[kind]) for name, kind in columns.items()])


@cache
def table_schema(name: str) -> pa.Schema:
    """The schema of a rollup table, of the ledger or of the bins.

    The texts of a table are few and often repeated: as numbers in a dictionary they are sorted and written in half the
    time. To Parquet they are plain texts.
    """
    import pyarrow as pa

    if name in TABLES:
        return arrow_schema(TABLES[name], texts=pa.dictionary(pa.int32(), pa.string()))
    return arrow_schema({"ledger": LEDGER, "bins": BINS}[name])


def ledger_table(entries: Sequence[LedgerEntry]) -> pa.Table:
    """The ledger as it is stored."""
    import pyarrow as pa

    return pa.table(
        {name: [getattr(entry, name) for entry in entries] for name in LEDGER}, schema=table_schema("ledger")
    )


def table_in(path: Path) -> pa.Table:
    """The rows of one Parquet file. Not by read_table: that imports pyarrow.dataset, half as long as a screen takes."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        return file.read()


def exact(table: pa.Table, name: str) -> pa.Table:
    """The table with the column order and types of the schema."""
    schema = table_schema(name)
    return table.select(schema.names).cast(schema)


def rekeyed(table: pa.Table, keys: Mapping[int, int]) -> pa.Table:
    """The counts of the files that have a new key, under it; the others are left out."""
    import numpy as np
    import pyarrow as pa

    old = table["file"].to_numpy()
    places = np.full(int(old.max(initial=-1)) + 1, -1, dtype=np.int32)
    for key, new in keys.items():
        if key < len(places):
            places[key] = new
    moved = places[old]
    return table.set_column(0, "file", pa.array(moved, pa.int32())).filter(pa.array(moved >= 0))
