"""The rollup schema as Arrow, for writing parts."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from clawpipe_tui.rollups.schema import BINS, LEDGER, TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa


def arrow_schema(columns: Mapping[str, str]) -> pa.Schema:
    """DuckDB column types as an Arrow schema."""
    import pyarrow as pa

    types = {
        "VARCHAR": pa.string(),
        "BIGINT": pa.int64(),
        "INTEGER": pa.int32(),
        "DOUBLE": pa.float64(),
        "BOOLEAN": pa.bool_(),
        "TIMESTAMPTZ": pa.timestamp("us", "UTC"),
    }
    return pa.schema([(name, types[kind]) for name, kind in columns.items()])


@cache
def table_schema(name: str) -> pa.Schema:
    """The schema of a rollup table, of the ledger or of the bins."""
    return arrow_schema({**TABLES, "ledger": LEDGER, "bins": BINS}[name])


def empty_tables() -> dict[str, pa.Table]:
    """Every rollup table without a row: what a part holds whose files could not be read."""
    return {name: table_schema(name).empty_table() for name in TABLES}
