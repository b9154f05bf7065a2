"""Rollups in memory, and the one way to ask them: `ask(query, context) → Result`."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, cast

from clawpipe_tui.catalog import Catalog, Query, find_query, macro_files
from clawpipe_tui.errors import QueryError, UsageError
from clawpipe_tui.result import Result, Value
from clawpipe_tui.rollups.schema import BINS, LEDGER, TABLES, columns_sql

if TYPE_CHECKING:
    import duckdb

    from clawpipe_tui.rollups.parts import LedgerEntry
    from clawpipe_tui.rollups.reader import Change

_ROUTES = {"model": "VARCHAR", "version": "VARCHAR", "role": "VARCHAR", "weight_pct": "DOUBLE"}


@dataclass(frozen=True)
class Progress:
    """How much of the log has been read."""

    files_read: int = 0
    files_known: int = 0
    rows: int = 0
    reading: bool = False
    message: str = ""


class Session(Protocol):
    """A log that is open: what screens, commands and operations are given."""

    def ask(self, query: str, context: Mapping[str, Value]) -> Result:
        """The answer of a named query. Blocks; may be called from any thread."""
        ...

    def question(self, query: str) -> str:
        """What that query answers, in words."""
        ...

    def revision(self) -> int:
        """A number that grows whenever answers may have changed."""
        ...

    def now(self) -> datetime:
        """The console's clock: fixed for a log of the past."""
        ...

    def progress(self) -> Progress:
        """How much of the log has been read."""
        ...

    def close(self) -> None:
        """Stop reading and let go of everything."""
        ...


class Warehouse:
    """The rollup tables in an in-memory DuckDB. A lock lets several threads ask in turn."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
        from clawpipe_tui.statistics.functions import register

        self.catalog = catalog
        self.revision = 0
        self._connection = connection
        self._lock = threading.Lock()
        self.rows = 0
        """How many rows of the log are counted."""
        self.has_bins = False
        self._last_at: datetime | None = None
        for name, columns in TABLES.items():
            connection.execute(f'create table "{name}" (part varchar, {columns_sql(columns)})')
        connection.execute(f"create table bins ({columns_sql(BINS)})")
        connection.execute(f"create table files ({columns_sql(LEDGER)})")
        connection.execute(f"create table routes ({columns_sql(_ROUTES)})")
        register(connection)
        for path in macro_files():
            connection.execute(path.read_text(encoding="utf-8"))

    def close(self) -> None:
        """Let go of the connection; functions registered on an open one make noise at exit."""
        with self._lock:
            self._connection.close()

    def interrupt(self) -> None:
        """Stop the query that is running now; its asker gets a QueryError."""
        self._connection.interrupt()

    @property
    def last_at(self) -> datetime | None:
        """When the last request in the log was served."""
        return self._last_at

    def load(self, change: Change) -> None:
        """Take in a part's counts, and take back what it makes void."""
        part = change.part
        void = {key for part_id, key in change.void if part_id == part.id}
        with self._lock:
            for name in TABLES:
                self._take_back(name, part.replaces, [item for item in change.void if item[0] != part.id])
                rows = "select $part, * from read_parquet($path) where not list_contains($void, file)"
                self._connection.execute(
                    f'insert into "{name}" {rows}',
                    {"part": part.id, "path": str(part.table(name)), "void": sorted(void)},
                )
            seen = [entry.last_at for entry in part.ledger if entry.last_at and entry.file is not None]
            self._last_at = max([*seen, *([self._last_at] if self._last_at else [])], default=None)
            self.rows += sum(entry.rows for entry in part.ledger if entry.file is not None)
            self.revision += 1

    def _take_back(self, table: str, replaced: Iterable[str], void: Sequence[tuple[str, int]]) -> None:
        for part_id in replaced:
            self._connection.execute(f'delete from "{table}" where part = $part', {"part": part_id})
        for part_id, key in void:
            values = {"part": part_id, "file": key}
            self._connection.execute(f'delete from "{table}" where part = $part and file = $file', values)

    def set_bins(self, rows: Sequence[Mapping[str, object]]) -> None:
        """The baseline's bins and counts, which drift is measured against."""
        self._fill("bins", BINS, rows)
        self.has_bins = True

    def set_files(self, entries: Sequence[LedgerEntry]) -> None:
        """The state of every file of the log."""
        self._fill("files", LEDGER, [{name: getattr(entry, name) for name in LEDGER} for entry in entries])

    def set_routes(self, rows: Sequence[Mapping[str, object]]) -> None:
        """What the serving API says about traffic: model, version, role, weight_pct."""
        self._fill("routes", _ROUTES, rows)

    def _fill(self, table: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, object]]) -> None:
        import pyarrow as pa

        from clawpipe_tui.rollups.arrow import arrow_schema

        given = pa.Table.from_pylist([dict(row) for row in rows], schema=arrow_schema(columns))
        with self._lock:
            self._connection.execute(f"delete from {table}")
            self._connection.register("given", given)
            self._connection.execute(f"insert into {table} select * from given")
            self._connection.unregister("given")
            self.revision += 1

    def ask(self, name: str, context: Mapping[str, Value]) -> Result:
        """The answer of a named query. Raises UsageError for an unknown name or an unbound parameter, QueryError."""
        import duckdb

        query = find_query(self.catalog, name)
        bound = _bind(query, context)
        started = time.perf_counter()
        try:
            with self._lock:
                table = self._connection.sql(query.sql, params=bound or None).to_arrow_table()
        except duckdb.Error as error:
            raise QueryError(f"The query {name} failed: {str(error).splitlines()[0]}", f"See {query.path}.") from error
        columns = [[_plain(value) for value in column.to_pylist()] for column in table.columns]
        rows = tuple(zip(*columns, strict=True))
        return Result(name, tuple(table.column_names), rows, query.sql, bound, time.perf_counter() - started)


def _bind(query: Query, context: Mapping[str, Value]) -> dict[str, Value]:
    missing = sorted(query.parameters - context.keys())
    if missing:
        raise UsageError(
            f"The query {query.name} needs {', '.join(f'${name}' for name in missing)}.",
            f"Give it as {missing[0]}=….",
        )
    return {name: context[name] for name in sorted(query.parameters)}


def _plain(value: object) -> Value:
    """A cell as the rest of the house knows it: times in UTC, no NaN (it means nothing can be said)."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, float) and value != value:  # noqa: PLR0124 - the definition of NaN
        return None
    return cast("Value", value)
