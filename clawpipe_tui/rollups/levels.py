"""The levels of a rollup table: the same counts by coarser buckets, without the key of the file."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from clawpipe_tui.logs.canonical import text_literal
from clawpipe_tui.rollups.arrow import arrow_schema
from clawpipe_tui.rollups.cover import FINE, LEVELS_S, Range
from clawpipe_tui.rollups.schema import TABLES

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_COUNTS = ("n", "agree", "unanswered", "unpaired", "scored")
_MEASURES = {
    **{name: f"sum({name})::bigint as {name}" for name in _COUNTS},
    "gap": "sum(gap) as gap",
    "first_at": "min(first_at) as first_at",
    "last_at": "max(last_at) as last_at",
}
ASKED = tuple(name for name, columns in TABLES.items() if "bucket_start" in columns)
"""The tables that questions are asked of; the others are of use to reading alone."""
LEVELLED = tuple(name for name, columns in TABLES.items() if "n" in columns)
"""The tables that are counts; the others are rows, and have the fine level alone."""


def stored_columns(table: str) -> Mapping[str, str]:
    """The columns of a table without the key of the file, as they are in the levels and in memory."""
    return {name: kind for name, kind in TABLES[table].items() if name != "file"}


def level_select(table: str, level: int, sources: Iterable[str]) -> str:
    """The rows of some selects, added up by the buckets of a level."""
    together = " union all ".join(sources)
    if table not in LEVELLED:
        return together
    columns = [_MEASURES.get(name, f'"{name}"') for name in stored_columns(table) if name != "bucket_start"]
    return f"select {_bucket(level)}, {', '.join(columns)} from ({together}) group by all"


def within(spans: Iterable[Range]) -> str:
    """A condition on bucket_start; its first and last moment stand for themselves, so that row groups are skipped."""
    spans = list(spans)
    each = " or ".join(_between(span) for span in spans)
    return f"{_between((spans[0][0], spans[-1][1]))} and ({each})" if len(spans) > 1 else each or "false"


def _between(span: Range) -> str:
    start, end = (f"make_timestamptz({second * 1_000_000}::bigint)" for second in span)
    return f"(bucket_start >= {start} and bucket_start < {end})"


def _bucket(level: int) -> str:
    if level == FINE:
        return "bucket_start"
    unit = level * 1_000_000
    return f"make_timestamptz((epoch_us(bucket_start) // {unit} * {unit})::bigint) as bucket_start"


def levels_of(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> pa.Table:
    """All coarse levels of a part's table, by level and time; each is added up from the one before it."""
    sources = [f"from read_parquet({text_literal(glob.escape(str(path)))})", *(f'from "{level}"' for level in LEVELS_S)]
    each = ", ".join(
        f'"{level}" as materialized ({level_select(name, level, [source])})'
        for level, source in zip(LEVELS_S, sources, strict=False)
    )
    together = " union all ".join(f'select {level} as level, * from "{level}"' for level in LEVELS_S)
    return connection.sql(f"with {each} {together} order by level, bucket_start").to_arrow_table()


def no_levels(name: str) -> pa.Table:
    """The same of a table without a row."""
    columns = stored_columns(name)
    others = {column: kind for column, kind in columns.items() if column != "bucket_start"}
    return arrow_schema({"level": "INTEGER", "bucket_start": columns["bucket_start"], **others}).empty_table()
