"""Rollups in memory, and the one way to ask them: `ask(query, context) → Result`."""

from __future__ import annotations

import time
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from clawpipe_tui.asking import EVERY_DAY, Asking, Known
from clawpipe_tui.catalog import Catalog, Query, find_query, load_catalog, macro_files, query_folders
from clawpipe_tui.errors import ConfigError, GivenUpError, QueryError, UsageError
from clawpipe_tui.logs.footer import first_line
from clawpipe_tui.result import Result, Value, plain_value
from clawpipe_tui.rollups.blocks import Blocks
from clawpipe_tui.rollups.cover import DAYS
from clawpipe_tui.rollups.held import memory
from clawpipe_tui.rollups.labels import LABELLED_BASELINE, LABELS, take_labelled_baseline, take_labels
from clawpipe_tui.rollups.levels import ASKED, stored_columns
from clawpipe_tui.rollups.schema import BINS, LEDGER, columns_sql
from clawpipe_tui.rollups.source import connect, give_back

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from clawpipe_tui.logs.listing import LogFile
    from clawpipe_tui.rollups.index import Index
    from clawpipe_tui.rollups.parts import LedgerEntry
    from clawpipe_tui.rollups.taken import Change

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
_RANGES = {"column": "VARCHAR", "low": "DOUBLE", "high": "DOUBLE", "allowed": "VARCHAR", "null_pct": "DOUBLE"}
_STOP_S = 0.5
_TOTALS = {"counted": "BIGINT", "logged": "BIGINT"}
_EXTENT = f"""select model, sum(n)::bigint as requests, epoch_us(max(last_at)) from {memory("requests", DAYS)}
              group by model order by requests desc, model"""


class Warehouse:
    """The counts that questions need, in an in-memory DuckDB, which refuses a second call while one runs.

    So threads take turns. Questions have connections of their own: they see the counts of whole parts only, and
    stopping one cannot stop a part from being taken in.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
        from clawpipe_tui.statistics.functions import register

        self.catalog = catalog
        self.revision = 0
        self.rows = 0
        """How many requests of the log are counted."""
        self.last_at: datetime | None = None
        """When the last request in the log was served."""
        self.models: tuple[str, ...] = ()
        """Those that the log speaks of, the one with the most requests first."""
        self.has_bins = False
        self._filling = connection
        self._blocks = Blocks(connection)
        self._filling_lock = self._blocks.lock
        self._shown: dict[str, LedgerEntry] = {}
        self._put_last: dict[str, Sequence[Mapping[str, object]]] = {}
        """Table → the rows that it was given last."""
        for name in ASKED:  # the macros bind to these; what is asked for stands in front of them, as a view
            connection.execute(f'create table "{name}" ({columns_sql(stored_columns(name))})')
        connection.execute(f"create table bins ({columns_sql(BINS)})")
        connection.execute(f"create table files ({columns_sql(LEDGER)})")
        connection.execute(f"create table labels ({columns_sql(LABELS)})")
        connection.execute(f"create table labelled_baseline ({columns_sql(LABELLED_BASELINE)})")
        connection.execute(f"create table ranges ({columns_sql(_RANGES)})")
        connection.execute(f"create table routes ({columns_sql(_ROUTES)})")
        connection.execute(f"create table capabilities ({columns_sql(_CAPABILITIES)})")
        connection.execute(f"create table objectives ({columns_sql(_OBJECTIVES)})")
        connection.execute(f"create table limits ({columns_sql(_LIMITS)})")
        connection.execute(f"create table log_totals ({columns_sql(_TOTALS)})")
        register(connection)
        files, has_own = macro_files(), bool(macro_files(query_folders()[1:]))
        texts = [path.read_text(encoding="utf-8") for path in files]
        # Defining all of ours takes a tenth of a second; somebody's own are to be told at once where they are wrong.
        self.asking = Asking(connection, self._blocks, texts, waiting=() if has_own else texts)
        try:
            for path in files if has_own else ():
                _define(connection, path)
        except ConfigError:
            self.close()
            raise

    def prepare(self, queries: Collection[str]) -> None:
        """Define what these queries use in a thread of its own: the first questions would wait for it."""
        found = (self.catalog.get(name) for name in queries)
        self.asking.define_ahead([query.sql for query in found if isinstance(query, Query)])

    def close(self) -> None:
        """Let go of the connections; functions registered on an open one make noise at exit."""
        self.asking.close()
        if self._filling_lock.acquire(timeout=_STOP_S):
            self._blocks.close()
            self._filling.close()
            self._filling_lock.release()

    def give_back(self) -> None:
        """Hand what is not used to the system, unless counts are being taken in right now."""
        import duckdb

        if self._filling_lock.acquire(blocking=False):
            try:
                self._blocks.give_back()
                give_back(self._filling)
            except duckdb.Error:
                pass  # it is closed by now, or short of memory: there is nothing to give
            finally:
                self._filling_lock.release()

    def give_up(self, thread: int) -> None:
        """Stop what that thread asks, and nobody else's; its asker gets a GivenUpError."""
        self.asking.give_up(thread)

    @property
    def part_ids(self) -> set[str]:
        """The parts that are counted."""
        return self._blocks.part_ids

    def open(self, index: Index) -> None:
        """Start from what an index says."""
        with self._filling_lock:
            self._blocks.begin(index.parts, index.void, index.days)
            self._measure()
        self.set_logged(index.logged)

    def load(self, change: Change) -> None:
        """Take in a part's counts, and take back what it makes void: all of it or nothing.

        Raises duckdb.Error where the part has been removed under us.
        """
        void: dict[str, frozenset[int]] = {}
        for part_id, key in change.void:
            void[part_id] = void.get(part_id, frozenset()) | {key}
        with self._filling_lock:
            self._blocks.add(change.part, void, recount=bool(change.part.replaces) and not change.is_own)
            self._measure()

    def lose(self, part_ids: Collection[str]) -> None:
        """What these parts counted is gone."""
        if not part_ids:
            return
        with self._filling_lock:
            self._blocks.lose(part_ids)
            self._measure()

    def days(self) -> pa.Table:
        """The days of `requests`, for an index."""
        with self._filling_lock:
            self._blocks.hold({"requests": EVERY_DAY})
            return self._filling.sql(f"from {memory('requests', DAYS)}").to_arrow_table()

    def missing(self) -> list[str]:
        """Parts that were removed from the disk by somebody."""
        return self._blocks.missing()

    def _measure(self) -> None:
        self._blocks.hold({"requests": EVERY_DAY})
        found = self._filling.execute(_EXTENT).fetchall()
        last_us = max((last_us for _, _, last_us in found if last_us is not None), default=None)
        self.models, self.rows = tuple(str(model) for model, _, _ in found), sum(rows for _, rows, _ in found)
        self.last_at = datetime.fromtimestamp(last_us / 1e6, UTC) if last_us is not None else None
        self.revision += 1

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
            self.revision += 1

    def set_logged(self, rows: int) -> None:
        """How many rows of the log are counted; more requests than rows: they are a sample."""
        self._put("log_totals", _TOTALS, [{"counted": self.rows, "logged": rows}])

    def set_bins(self, rows: Sequence[Mapping[str, object]]) -> None:
        """The baseline's bins and counts, which drift is measured against."""
        self._put("bins", BINS, rows)
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
        self._put("capabilities", _CAPABILITIES, rows, "\"column\" <> 'label'")

    def set_ranges(self, rows: Sequence[Mapping[str, object]]) -> None:
        """What columns may hold, as it is declared: column, low, high, allowed, null_pct."""
        self._put("ranges", _RANGES, rows)

    def set_labelled_baseline(self, files: Iterable[LogFile]) -> None:
        """The baseline's own scores and labels, which estimates are made of before any label is in.

        Raises duckdb.Error and OSError where they cannot be read; nothing is taken in then.
        """
        with self._whole():
            for file in files:
                take_labelled_baseline(self._filling, file)

    def set_labels(self, gone: Sequence[str], new: Sequence[LogFile]) -> None:
        """Take in label files, and take back what no longer holds."""
        with self._whole():
            for path in (*gone, *(file.path for file in new)):
                self._filling.execute("delete from labels where path = ?", [path])
                self._filling.execute("delete from capabilities where starts_with(words, ?)", [f"labels: {path} "])
            for file in new:
                if trouble := take_labels(self._filling, file):
                    words = f"labels: {file.path} {trouble}"
                    self._filling.execute("insert into capabilities values ('label', false, ?)", [words])

    def set_routes(self, rows: Sequence[Mapping[str, object]]) -> None:
        """What the serving API says about traffic: model, version, role, weight_pct."""
        self._put("routes", _ROUTES, rows)

    def set_objectives(self, rows: Sequence[Mapping[str, object]]) -> None:
        """What versions are asked to hold: model, version, metric, column, minimum, maximum, window_s, source."""
        self._put("objectives", _OBJECTIVES, rows)

    def set_limits(self, limits: Mapping[str, float]) -> None:
        """What the configuration calls bad, by name, where a query has no parameter for it."""
        self._put("limits", _LIMITS, [{"name": name, "value": value} for name, value in limits.items()])

    def _put(
        self, table: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, object]], old: str = "true"
    ) -> None:
        """Put these rows in the place of the old ones; the same ones again are no news, and nothing is asked anew."""
        if list(self._put_last.get(table, ())) != list(rows):
            self._fill(table, columns, rows, old)
            self._put_last[table] = rows

    def _fill(self, table: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, object]], old: str) -> None:
        """Put these rows in the place of the old ones."""
        import pyarrow as pa

        from clawpipe_tui.rollups.arrow import arrow_schema

        given = pa.Table.from_pylist([dict(row) for row in rows], schema=arrow_schema(columns))
        with self._whole():  # DuckDB finds it by its name: one that is registered leaves 260 bytes behind each time
            self._filling.execute(f"delete from {table} where {old}")
            self._filling.execute(f"insert into {table} select * from given")
        del given

    def ask(self, name: str, context: Mapping[str, Value]) -> Result:
        """The answer of a named query. Raises UsageError for an unknown name or an unbound parameter, QueryError."""
        return self.answer(find_query(self.catalog, name), context)

    def answer(self, query: Query, context: Mapping[str, Value]) -> Result:
        """The answer of a query. Raises UsageError where a parameter is not bound, QueryError."""
        import duckdb

        bound = _bind(query, context)
        started = time.perf_counter()
        try:
            table = self.asking.answer(query, bound, context, Known(self.revision, self.last_at))
            columns = [[plain_value(value) for value in column.to_pylist()] for column in table.columns]
        except duckdb.InterruptException as error:
            raise GivenUpError(f"The query {query.name} was stopped.") from error
        except (duckdb.Error, ArithmeticError, ValueError) as error:  # ValueError: a time that no calendar has
            why = first_line(error).rstrip(".")
            raise QueryError(f"The query {query.name} failed: {why}.", f"See {query.path}.") from error
        rows = tuple(zip(*columns, strict=True))
        return Result(query.name, tuple(table.column_names), rows, query.sql, bound, time.perf_counter() - started)


def empty_warehouse() -> Warehouse:
    """One without counts, which knows all queries. Raises ConfigError where one of the user's own cannot be used."""
    return Warehouse(connect(threads=1), load_catalog())


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
