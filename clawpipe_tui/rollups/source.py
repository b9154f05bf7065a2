"""Log files as DuckDB sees them."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clawpipe_tui.logs.canonical import Layout, text_literal
from clawpipe_tui.logs.listing import LogFile
from clawpipe_tui.logs.ranges import Needed
from clawpipe_tui.logs.rows import layout_rows, macros, placed, plain_rows
from clawpipe_tui.logs.staging import staged

if TYPE_CHECKING:
    import duckdb

_OWN_KEY = "clawpipe file name"
_TAKEN_APART = "log_rows"
_PARTITION = re.compile(r"([^/=]+)=[^/]*/")


@dataclass(frozen=True)
class Rows:
    """The rows of some log files as SQL."""

    source: str
    columns: Mapping[str, str]
    """Column → DuckDB type."""
    key: str
    """SQL for the position of a row's file among the files."""
    layout: Layout
    """With the expressions that mean something in these files."""
    unknown: Mapping[str, str]
    """Canonical columns whose expression means nothing here, and why."""
    paths: tuple[str, ...] = ()
    """The Parquet files that these rows are all the rows of, in order, where some of them can be read by themselves."""

    def of_files(self, first: int, last: int) -> Rows:
        """The rows of the files from one position up to another; their positions stay what they are."""
        some = f"(select *, file_index + {first} as file_index from {plain_rows(self.paths[first:last])})"
        return replace(self, source=some, paths=())


@dataclass(frozen=True)
class Share:
    """Rows that one thread reads, on a connection that nobody else uses meanwhile."""

    connection: duckdb.DuckDBPyConnection
    rows: Rows


def connect(threads: int = 0) -> duckdb.DuckDBPyConnection:
    """A DuckDB of one's own: in memory, UTC, silent, no downloads; with a thread for each core, or so many."""
    import duckdb

    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    if threads:
        connection.execute(f"set threads = {threads}")
    connection.execute("set allocator_background_threads = true")  # what is free goes back to the system
    connection.execute("set enable_external_file_cache = false")  # it remembers every file that was ever read
    connection.execute("set temp_directory = ''")  # nothing is spilled into whatever folder the user stands in
    connection.execute("set async_threads = 1")  # eight by default, each with buffers of its own, and no faster
    _settle(connection)
    return connection


def alongside(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Another connection to the same DuckDB, for a thread of its own: 25 ms cheaper than a DuckDB of its own."""
    own = connection.cursor()
    _settle(own)
    return own


def apart(connection: duckdb.DuckDBPyConnection, name: str) -> duckdb.DuckDBPyConnection:
    """One alongside whose tables are nobody else's, though they have the same names: 10 MB less than another DuckDB."""
    own = alongside(connection)
    own.execute(f"create schema if not exists {name}")
    own.execute(f"set schema = '{name}'")
    return own


def _settle(connection: duckdb.DuckDBPyConnection) -> None:
    """What each connection is told for itself."""
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set enable_progress_bar = false")
    connection.execute("set preserve_insertion_order = false")
    connection.execute("set streaming_buffer_size = '16MB'")  # DuckDB reads on while what it read is counted
    connection.execute("set disable_parquet_prefetching = true")  # whole column chunks: 80 MB, and no sooner


def give_back(connection: duckdb.DuckDBPyConnection) -> None:
    """Let DuckDB forget the blocks that are gone, and hand the pages that it does not use to the system.

    It does the one when it is asked to keep a limit that it cannot keep and therefore refuses, the other whenever a
    limit is set. Questions on other connections to the same counts go on meanwhile.
    """
    import duckdb

    with suppress(duckdb.OutOfMemoryException):
        connection.execute("set memory_limit = '1B'")
    connection.execute("reset memory_limit")


@contextmanager
def rows_of(
    connection: duckdb.DuckDBPyConnection, files: Sequence[LogFile], layout: Layout, *, table: str = _TAKEN_APART
) -> Generator[Rows]:
    """The rows of these files, while the context lasts. Raises duckdb.Error, OSError where they cannot be read.

    Text and JSON bodies are taken apart once, into a `table`; Parquet is read where it lies.
    """
    with staged(files, layout.form, Needed(layout)) as paths:
        if layout.select or layout.form != "parquet":
            source, key, columns = _taken_apart(connection, files, paths, layout, table)
        else:
            columns = columns_of(connection, paths)
            source, key = keyed_source(paths, columns)
        bound, unknown, types = _bound(connection, source, files, layout)
        apart = tuple(paths) if source == plain_rows(paths) and _are_alike(files, paths) else ()
        try:
            yield Rows(source, {**columns, **types}, key, bound, unknown, apart)
        finally:
            connection.execute(f"drop table if exists {table}")


def _are_alike(files: Sequence[LogFile], paths: Sequence[str]) -> bool:
    """Whether the path of each file says the same things, so that some of the files have the columns of all."""
    return not any(file.table for file in files) and len({tuple(_PARTITION.findall(path)) for path in paths}) == 1


def _taken_apart(
    connection: duckdb.DuckDBPyConnection, files: Sequence[LogFile], paths: Sequence[str], layout: Layout, table: str
) -> tuple[str, str, dict[str, str]]:
    select = f"select *, file_index from {plain_rows(paths, layout.form)}"
    if layout.select:
        connection.execute(macros())
        select = layout_rows(files, layout, paths)
    connection.execute(f"create or replace temp table {table} as {select}")
    columns = _described(connection, table)
    columns.pop("file_index")
    return table, "file_index", columns


def _bound(
    connection: duckdb.DuckDBPyConnection, source: str, files: Sequence[LogFile], layout: Layout
) -> tuple[Layout, dict[str, str], dict[str, str]]:
    """The layout with the expressions that bind; a column that a file lacks leaves one thing empty, not all.

    Why the others do not bind comes with it, and of which type the prediction is.
    """
    import duckdb

    expressions = {name: placed(sql, files) for name, sql in layout.expressions.items()}
    unknown: dict[str, str] = {}
    types: dict[str, str] = {}
    try:
        if expressions:
            listed = ", ".join(f"({sql})" for sql in expressions.values())
            described = connection.execute(f"describe select {listed} from {source}").fetchall()
            types = {name: row[1] for name, row in zip(expressions, described, strict=True) if name == "prediction"}
    except duckdb.Error:
        reasons = {name: _why_not(connection, sql, source) for name, sql in expressions.items()}
        unknown = {name: reason for name, reason in reasons.items() if reason}
    known = {name: sql for name, sql in expressions.items() if name not in unknown}
    return replace(layout, expressions=known), unknown, types


def _why_not(connection: duckdb.DuckDBPyConnection, sql: str, source: str) -> str:
    import duckdb

    try:
        connection.execute(f"describe select ({sql}) from {source}")
    except duckdb.Error as error:
        return str(error).strip().splitlines()[0]
    return ""


def keyed_source(paths: Sequence[str], columns: Mapping[str, str]) -> tuple[str, str]:
    """Parquet files as a source, with the SQL for the position of a row's file in `paths`.

    DuckDB's own file_index is hidden by a log's column of that name; then the file's name says it, more slowly.
    """
    source = plain_rows(paths)
    if not any(name.lower() == "file_index" for name in columns):
        return source, "file_index"
    named = source.removesuffix(")") + f", filename = '{_OWN_KEY}')"
    literals = ", ".join(text_literal(path) for path in paths)
    return named, f'list_position([{literals}], "{_OWN_KEY}") - 1'


def columns_of(connection: duckdb.DuckDBPyConnection, paths: Sequence[str]) -> dict[str, str]:
    """Column → DuckDB type. Where types clash between files, each file is asked for itself; the first that knows wins.

    Raises duckdb.Error where no file can be described.
    """
    import duckdb

    try:
        return _described(connection, plain_rows(paths))
    except duckdb.Error as error:
        found: dict[str, str] = {}
        for path in paths if len(paths) > 1 else ():
            try:
                found = _described(connection, plain_rows([path])) | found
            except duckdb.Error:
                continue
        if not found:
            raise error from None
        return found


def _described(connection: duckdb.DuckDBPyConnection, source: str) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(f"describe select * from {source}").fetchall()}
