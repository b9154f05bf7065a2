"""Rollups in memory, and the one way to ask them: `ask(query, context) → Result`."""

from __future__ import annotations

import glob
import threading
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from clawpipe_tui.catalog import Catalog, Query, find_query, macro_files
from clawpipe_tui.errors import ConfigError, QueryError, UsageError
from clawpipe_tui.logs.footer import first_line
from clawpipe_tui.result import Result, Value, plain_value
from clawpipe_tui.rollups.labels import LABELLED_BASELINE, LABELS, take_labelled_baseline, take_labels
from clawpipe_tui.rollups.schema import BINS, LEDGER, TABLES, columns_sql

if TYPE_CHECKING:
    import duckdb

    from clawpipe_tui.rollups.parts import LedgerEntry
    from clawpipe_tui.rollups.reader import Change

_CAPABILITIES = {"column": "VARCHAR", "given": "BOOLEAN", "words": "VARCHAR"}
_ROUTES = {
    "model": "VARCHAR",
    "version": "VARCHAR",
    "role": "VARCHAR",
    "weight_pct": "DOUBLE",
    "since_at": "TIMESTAMPTZ",
}
_OBJECTIVES = {
    "model": "VARCHAR", "version": "VARCHAR", "metric": "VARCHAR", "column": "VARCHAR", "minimum": "DOUBLE",
    "maximum": "DOUBLE", "window_s": "DOUBLE", "source": "VARCHAR",
}  # fmt: skip
"""A glob over models; no version: every one of them."""
_LIMITS = {"name": "VARCHAR", "value": "DOUBLE"}
_STOP_S = 0.5
_EXTENT = "select coalesce(sum(n), 0)::bigint, epoch_us(max(last_at)) from requests"


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

    def set_routes(self, rows: Sequence[Mapping[str, object]]) -> None:
        """What the serving API was asked to do with traffic; called from any thread."""
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
    """The rollup tables in an in-memory DuckDB, which refuses a second call while one runs: so threads take turns.

    Questions have a connection of their own: they see the counts of whole parts only, never wait for a part to be
    taken in, and stopping one cannot stop that.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
        from clawpipe_tui.statistics.functions import register

        self.catalog = catalog
        self.revision = 0
        self.rows = 0
        """How many rows of the log are counted."""
        self.last_at: datetime | None = None
        """When the last request in the log was served."""
        self.has_bins = False
        self._filling = connection
        self._asking = connection.cursor()
        self._lock = threading.Lock()
        self._filling_lock = threading.RLock()
        self._shown: dict[str, LedgerEntry] = {}
        self._has_labels = False
        for name, columns in TABLES.items():
            connection.execute(f'create table "{name}" (part varchar, {columns_sql(columns)})')
        connection.execute(f"create table bins ({columns_sql(BINS)})")
        connection.execute(f"create table files ({columns_sql(LEDGER)})")
        connection.execute(f"create table labels ({columns_sql(LABELS)})")
        connection.execute(f"create table labelled_baseline ({columns_sql(LABELLED_BASELINE)})")
        connection.execute(f"create table routes ({columns_sql(_ROUTES)})")
        connection.execute(f"create table capabilities ({columns_sql(_CAPABILITIES)})")
        connection.execute(f"create table objectives ({columns_sql(_OBJECTIVES)})")
        connection.execute(f"create table limits ({columns_sql(_LIMITS)})")
        register(connection)
        try:
            for path in macro_files():
                _define(connection, path)
        except ConfigError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the connections; functions registered on an open one make noise at exit."""
        self.interrupt()
        with self._lock:
            self._asking.close()
        if self._filling_lock.acquire(timeout=_STOP_S):
            self._filling.close()
            self._filling_lock.release()

    def interrupt(self) -> None:
        """Stop the query that is running now; its asker gets a QueryError."""
        import duckdb

        with suppress(duckdb.ConnectionException):  # closed already
            self._asking.interrupt()

    def load(self, change: Change) -> None:
        """Take in a part's counts, and take back what it makes void: all of it or nothing.

        Raises duckdb.Error where the part has been removed under us.
        """
        part = change.part
        own = sorted(key for part_id, key in change.void if part_id == part.id)
        with self._whole():
            self._delete(change)
            for name in TABLES:
                rows = "select $part as part, * from read_parquet($path) where not list_contains($void, file)"
                values = {"part": part.id, "path": glob.escape(str(part.table(name))), "void": own}
                self._filling.execute(f'insert into "{name}" by name {rows}', values)

    def take_back(self, change: Change) -> None:
        """Take back only what a part makes void, where the part itself cannot be had."""
        with self._whole():
            self._delete(change)

    def _delete(self, change: Change) -> None:
        for name in TABLES:
            for part_id in change.part.replaces:
                self._filling.execute(f'delete from "{name}" where part = $part', {"part": part_id})
            for part_id, key in change.void:
                values = {"part": part_id, "file": key}
                self._filling.execute(f'delete from "{name}" where part = $part and file = $file', values)

    @contextmanager
    def _whole(self) -> Generator[None]:
        """All of it or nothing, and nobody else meanwhile."""
        with self._filling_lock:
            self._filling.execute("begin")
            try:
                yield
            except BaseException:
                self._filling.execute("rollback")
                raise
            self._filling.execute("commit")
            ((self.rows, last_us),) = self._filling.execute(_EXTENT).fetchall()
            self.last_at = datetime.fromtimestamp(last_us / 1e6, UTC) if last_us is not None else None
            self.revision += 1

    def set_bins(self, rows: Sequence[Mapping[str, object]]) -> None:
        """The baseline's bins and counts, which drift is measured against."""
        self._fill("bins", BINS, rows, "true")
        self.has_bins = True

    def set_files(self, entries: Iterable[LedgerEntry]) -> None:
        """The state of every file of the log; costs what has changed."""
        shown = {entry.path: entry for entry in entries}
        changed = [entry for path, entry in shown.items() if self._shown.get(path) != entry]
        if changed or len(shown) != len(self._shown):
            rows = [{name: getattr(entry, name) for name in LEDGER} for entry in changed]
            self._fill("files", LEDGER, rows, "path in (select path from given)")
            self._shown = shown

    def set_capabilities(self, rows: Sequence[Mapping[str, object]]) -> None:
        """What the log can tell: column, given, words."""
        self._fill("capabilities", _CAPABILITIES, rows, "true")

    def set_labels(self, gone: Sequence[str], new: Sequence[str], baseline: Sequence[str]) -> None:
        """Take in label files, and take back what no longer holds; the baseline's own labels come with the first."""
        if not gone and not new:
            return
        with self._whole():
            if not self._has_labels:
                take_labelled_baseline(self._filling, baseline)
            self._filling.executemany("delete from labels where path = ?", [[path] for path in (*gone, *new)])
            for path in new:
                take_labels(self._filling, path)
        self._has_labels = True

    def set_routes(self, rows: Sequence[Mapping[str, object]]) -> None:
        """What the serving API says about traffic: model, version, role, weight_pct."""
        self._fill("routes", _ROUTES, rows, "true")

    def set_objectives(self, rows: Sequence[Mapping[str, object]]) -> None:
        """What versions are asked to hold: model, version, metric, column, minimum, maximum, window_s, source."""
        self._fill("objectives", _OBJECTIVES, rows, "true")

    def set_limits(self, limits: Mapping[str, float]) -> None:
        """What the configuration calls bad, by name, where a query has no parameter for it."""
        self._fill("limits", _LIMITS, [{"name": name, "value": value} for name, value in limits.items()], "true")

    def _fill(self, table: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, object]], old: str) -> None:
        """Put these rows in the place of the old ones."""
        import pyarrow as pa

        from clawpipe_tui.rollups.arrow import arrow_schema

        given = pa.Table.from_pylist([dict(row) for row in rows], schema=arrow_schema(columns))
        with self._filling_lock:
            self._filling.register("given", given)
            with self._whole():
                self._filling.execute(f"delete from {table} where {old}")
                self._filling.execute(f"insert into {table} select * from given")
            self._filling.unregister("given")

    def ask(self, name: str, context: Mapping[str, Value]) -> Result:
        """The answer of a named query. Raises UsageError for an unknown name or an unbound parameter, QueryError."""
        import duckdb

        query = find_query(self.catalog, name)
        bound = _bind(query, context)
        started = time.perf_counter()
        try:
            with self._lock:
                table = self._asking.sql(query.sql, params=bound or None).to_arrow_table()
                columns = [[plain_value(value) for value in column.to_pylist()] for column in table.columns]
        except (duckdb.Error, ArithmeticError, ValueError) as error:  # ValueError: a time that no calendar has
            raise QueryError(f"The query {name} failed: {first_line(error)}", f"See {query.path}.") from error
        rows = tuple(zip(*columns, strict=True))
        return Result(name, tuple(table.column_names), rows, query.sql, bound, time.perf_counter() - started)


def _define(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """The macros of one file. Raises ConfigError: every query that uses one would fail without a word about why."""
    import duckdb

    try:
        connection.execute(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, duckdb.Error) as error:
        raise ConfigError(f"{path} cannot be used: {first_line(error)}", "Mend it, or move it away.") from error


def _bind(query: Query, context: Mapping[str, Value]) -> dict[str, Value]:
    missing = sorted(query.parameters - context.keys())
    if missing:
        raise UsageError(
            f"The query {query.name} needs {', '.join(f'${name}' for name in missing)}.",
            f"Give it as {missing[0]}=….",
        )
    return {name: context[name] for name in sorted(query.parameters)}
